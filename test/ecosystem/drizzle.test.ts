import { eq, sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { testLibrary } from './test-library.ts'

const items = pgTable('item', {
  id: integer().primaryKey(),
  name: text().notNull(),
  position: integer().notNull(),
})

testLibrary({
  name: 'Drizzle',
  packages: ['drizzle-orm'],
  connect: 'drizzle({ client: new SafePool({ connectionString: url }) })',
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    const db = drizzle({ client: pool })
    const prepared = db
      .select({ name: items.name })
      .from(items)
      .where(eq(items.id, sql.placeholder('id')))
      .prepare('name_of_item')
    return Promise.resolve({
      insert: (item) => db.insert(items).values(item),
      nameOf: async (id) => (await db.select().from(items).where(eq(items.id, id)))[0]?.name,
      transaction: (work) =>
        db.transaction((tx) =>
          work({
            insert: (item) => tx.insert(items).values(item),
            whereAmI: async () => JSON.stringify((await tx.execute(sql`select pg_backend_pid(), txid_current()`)).rows),
            fail: () => tx.execute(sql`select 1 / 0`).catch(() => undefined),
          }),
        ),
      prepared: async (id) => (await prepared.execute({ id }))[0]?.name,
      close: () => pool.end(),
    })
  },
})
