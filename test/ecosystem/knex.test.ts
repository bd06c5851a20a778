import knex from 'knex'
import { failSql, whereSql } from './by-hand.ts'
import type { Item } from './contract.ts'
import { testLibrary } from './test-library.ts'

testLibrary({
  name: 'Knex',
  packages: ['knex'],
  connect: `knex({ client: 'pg', connectionPool: new SafePool({ connectionString: url }) })`,
  needs:
    'No searchPath (it is set once per client connection): qualify names, or use knex.withSchema. Instead of .timeout(ms, { cancel: true }), which cancels by a process id that poolers make up, give the pool query_timeout.',
  without: { prepared: 'Knex names no statements.' },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    const db = knex({ client: 'pg', connectionPool: pool })
    return Promise.resolve({
      insert: (item) => db<Item>('item').insert(item),
      nameOf: async (id) => (await db<Item>('item').where({ id }).first('name'))?.name,
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            insert: (item) => tx<Item>('item').insert(item),
            whereAmI: async () => JSON.stringify((await tx.raw<{ rows: unknown }>(whereSql)).rows),
            fail: () => tx.raw(failSql).catch(() => undefined),
          }),
        ),
      async close() {
        await db.destroy()
        await pool.end()
      },
    })
  },
})
