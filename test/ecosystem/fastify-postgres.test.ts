import fastifyPostgres from '@fastify/postgres'
import fastify from 'fastify'
import { insertSql, nameSql, onClient, valuesOf } from './by-hand.ts'
import type { QueryConfig } from 'pg'
import { testLibrary } from './test-library.ts'

testLibrary({
  name: '@fastify/postgres',
  packages: ['@fastify/postgres', 'fastify'],
  connect: `import pg from 'pooler-safe/pg'

await app.register(fastifyPostgres, { connectionString: url, pg })`,
  async open(driver, { url }) {
    const app = fastify()
    await app.register(fastifyPostgres, { connectionString: url, max: 12, pg: driver.pg })
    await app.ready()
    const read = async (query: QueryConfig): Promise<string | undefined> =>
      (await app.pg.query<{ name: string }>(query)).rows[0]?.name
    return {
      insert: (item) => app.pg.query(insertSql, valuesOf(item)),
      nameOf: (id) => read({ text: nameSql, values: [id] }),
      prepared: (id) => read({ name: 'name_of_item', text: nameSql, values: [id] }),
      transaction: (work) => app.pg.transact((client) => work(onClient(client))),
      close: () => app.close(),
    }
  },
})
