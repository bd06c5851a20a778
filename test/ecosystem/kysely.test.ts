import { Kysely, PostgresDialect, sql } from 'kysely'
import Cursor from 'pg-cursor'
import type { Item, LibraryUnderTest } from './contract.ts'
import { same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface Tables {
  readonly item: Item
}

interface KyselyUnderTest extends LibraryUnderTest {
  readonly db: Kysely<Tables>
}

testLibrary<KyselyUnderTest>({
  name: 'Kysely',
  packages: ['kysely'],
  connect: 'new Kysely({ dialect: new PostgresDialect({ pool: new SafePool({ connectionString: url }) }) })',
  without: { prepared: 'Kysely names no statements.' },
  own: {
    'streams rows through pg-cursor': async ({ db, insert }, numbers) => {
      const items = numbers.items(20)
      for (const item of items) await insert(item)
      const names: string[] = []
      const query = db.selectFrom('item').select('name').where('id', 'in', items.map(({ id }) => id)).orderBy('id') // prettier-ignore
      for await (const { name } of query.stream(3)) names.push(name)
      same(names, items.map(({ name }) => name), 'streamed names') // prettier-ignore
    },
  },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool, cursor: Cursor }) })
    return Promise.resolve({
      db,
      insert: (item) => db.insertInto('item').values(item).execute(),
      nameOf: async (id) => (await db.selectFrom('item').select('name').where('id', '=', id).executeTakeFirst())?.name,
      transaction: (work) =>
        db.transaction().execute((tx) =>
          work({
            insert: (item) => tx.insertInto('item').values(item).execute(),
            whereAmI: async () => JSON.stringify((await sql`select pg_backend_pid(), txid_current()`.execute(tx)).rows),
            fail: () => sql`select 1 / 0`.execute(tx).catch(() => undefined),
          }),
        ),
      close: () => db.destroy(),
    })
  },
})
