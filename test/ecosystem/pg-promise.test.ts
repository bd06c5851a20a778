import pgPromise from 'pg-promise'
import { failSql, insertSql, nameSql, valuesOf, whereSql } from './by-hand.ts'
import { testLibrary } from './test-library.ts'

const nameOfItem = new pgPromise.PreparedStatement({ name: 'name_of_item', text: nameSql })

testLibrary({
  name: 'pg-promise',
  packages: ['pg-promise'],
  connect: 'pgp({ connectionString: url, Client: SafeClient })',
  needs: 'No schema option (it sets search_path once per client connection): qualify names.',
  open(driver, { url }) {
    const pgp = pgPromise({ noWarnings: true })
    const db = pgp<object>({ connectionString: url, max: 12, Client: driver.Client } as never)
    return Promise.resolve({
      insert: (item) => db.none(insertSql, valuesOf(item)),
      nameOf: async (id) => (await db.oneOrNone<{ name: string }>(nameSql, [id]))?.name,
      prepared: async (id) => (await db.oneOrNone<{ name: string }>(nameOfItem, [id]))?.name,
      transaction: (work) =>
        db.tx((tx) =>
          work({
            insert: (item) => tx.none(insertSql, valuesOf(item)),
            whereAmI: async () => JSON.stringify(await tx.one(whereSql)),
            fail: () => tx.any(failSql).catch(() => undefined),
          }),
        ),
      close: () => db.$pool.end(),
    })
  },
})
