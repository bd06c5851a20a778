import { DataSource, EntitySchema, EntitySchemaOptions } from 'typeorm'
import { failSql, whereSql } from './by-hand.ts'
import type { Item } from './contract.ts'
import { testLibrary } from './test-library.ts'

const items = new EntitySchema<Item>(
  Object.assign(new EntitySchemaOptions<Item>(), {
    name: 'item',
    columns: { id: { type: 'int', primary: true }, name: { type: 'text' }, position: { type: 'int' } },
  }),
)

testLibrary({
  name: 'TypeORM',
  packages: ['typeorm'],
  connect: `import pg from 'pooler-safe/pg'

new DataSource({ type: 'postgres', url, driver: pg, entities })`,
  needs: 'No synchronize, migrations on the direct URL.',
  without: { prepared: 'TypeORM names no statements.' },
  async open(driver, { url }) {
    const source = new DataSource({ type: 'postgres', url, driver: driver.pg, poolSize: 12, entities: [items] })
    await source.initialize()
    return {
      insert: (item) => source.manager.insert(items, item),
      nameOf: async (id) => (await source.manager.findOneBy(items, { id }))?.name,
      transaction: (work) =>
        source.transaction((tx) =>
          work({
            insert: (item) => tx.insert(items, item),
            whereAmI: async () => JSON.stringify(await tx.query(whereSql)),
            fail: () => tx.query(failSql).catch(() => undefined),
          }),
        ),
      close: () => source.destroy(),
    }
  },
})
