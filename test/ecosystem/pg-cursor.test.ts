import type { SafePool } from 'pooler-safe'
import Cursor from 'pg-cursor'
import { insertSql, nameSql, transactionByHand, valuesOf } from './by-hand.ts'
import type { LibraryUnderTest } from './contract.ts'
import { rejects, same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface CursorUnderTest extends LibraryUnderTest {
  readonly pool: SafePool
}

interface Named {
  readonly name: string
}

const manyNamesSql = 'select name from item where id = any($1) order by id'

testLibrary<CursorUnderTest>({
  name: 'pg-cursor',
  packages: ['pg-cursor'],
  connect: 'const client = await safePool.connect()\nconst cursor = client.query(new Cursor(text, values))',
  without: { prepared: 'pg-cursor names a portal, which lives in one transaction, and no statement.' },
  own: {
    'reads in portions, many cursors at once, and may stop early': async ({ pool, insert }, numbers) => {
      const items = numbers.items(30)
      await Promise.all(items.map((item) => insert(item)))
      const ids = items.map(({ id }) => id)
      await Promise.all(
        items.map(async (_item, index) => {
          const client = await pool.connect()
          const cursor = client.query(new Cursor<Named>(manyNamesSql, [ids]))
          const portions = [await cursor.read(7), await cursor.read(7)].flat()
          same(portions.map(({ name }) => name), items.slice(0, 14).map(({ name }) => name), 'names') // prettier-ignore
          if (index % 2 === 0) await cursor.read(100)
          await cursor.close()
          client.release()
        }),
      )
    },
    'reports an error, and the client goes on': async ({ pool }) => {
      const client = await pool.connect()
      await rejects(client.query(new Cursor('select 1 / 0')).read(1), 'a cursor that failed')
      same((await client.query('select 1 as one')).rows, [{ one: 1 }], 'the next query')
      client.release()
    },
  },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    return Promise.resolve({
      pool,
      insert: (item) => pool.query(insertSql, valuesOf(item)),
      async nameOf(id) {
        const client = await pool.connect()
        const cursor = client.query(new Cursor<Named>(nameSql, [id]))
        const [row] = await cursor.read(1)
        await cursor.close()
        client.release()
        return row?.name
      },
      transaction: (work) =>
        transactionByHand(pool, (transaction, client) =>
          work({
            ...transaction,
            async fail() {
              const cursor = client.query(new Cursor('select 1 / 0'))
              await cursor.read(1).catch(() => undefined)
            },
          }),
        ),
      close: () => pool.end(),
    })
  },
})
