import knex from 'knex'
import { Model, type ModelClass } from 'objection'
import { failSql, whereSql } from './by-hand.ts'
import { testLibrary } from './test-library.ts'

class ItemModel extends Model {
  static override readonly tableName = 'item'
  declare id: number
  declare name: string
  declare position: number
}

testLibrary({
  name: 'Objection',
  packages: ['objection', 'knex'],
  connect: `Model.knex(knex({ client: 'pg', connectionPool: new SafePool({ connectionString: url }) }))`,
  needs: 'What Knex needs.',
  without: { prepared: 'Objection names no statements.' },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    const db = knex({ client: 'pg', connectionPool: pool })
    const items: ModelClass<ItemModel> = ItemModel.bindKnex(db)
    return Promise.resolve({
      insert: async (item) => {
        await items.query().insert({ ...item })
      },
      nameOf: async (id) => (await items.query().findById(id))?.name,
      transaction: (work) =>
        items.transaction((tx) =>
          work({
            insert: async (item) => {
              await items.query(tx).insert({ ...item })
            },
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
