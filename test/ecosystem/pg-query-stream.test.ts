import type { SafePool } from 'pooler-safe'
import QueryStream from 'pg-query-stream'
import { insertSql, nameSql, transactionByHand, valuesOf } from './by-hand.ts'
import type { LibraryUnderTest } from './contract.ts'
import { same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface StreamUnderTest extends LibraryUnderTest {
  readonly pool: SafePool
}

async function namesOf(pool: SafePool, text: string, values: unknown[], limit = Infinity): Promise<string[]> {
  const client = await pool.connect()
  const names: string[] = []
  try {
    const stream: AsyncIterable<{ name: string }> = client.query(new QueryStream(text, values, { batchSize: 5 }))
    for await (const { name } of stream) {
      names.push(name)
      if (names.length === limit) break
    }
  } finally {
    client.release()
  }
  return names
}

testLibrary<StreamUnderTest>({
  name: 'pg-query-stream',
  packages: ['pg-query-stream'],
  connect: 'const client = await safePool.connect()\nconst stream = client.query(new QueryStream(text, values))',
  without: { prepared: 'pg-query-stream names a portal, which lives in one transaction, and no statement.' },
  own: {
    'streams many rows, many streams at once, and may stop early': async ({ pool, insert }, numbers) => {
      const items = numbers.items(30)
      await Promise.all(items.map((item) => insert(item)))
      const ids = items.map(({ id }) => id)
      const text = 'select name from item where id = any($1) order by id'
      const expected = items.map(({ name }) => name)
      await Promise.all(
        items.map(async (_item, index) => {
          const limit = index % 2 === 0 ? 7 : Infinity
          same(await namesOf(pool, text, [ids], limit), expected.slice(0, limit), 'streamed names')
        }),
      )
    },
  },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    return Promise.resolve({
      pool,
      insert: (item) => pool.query(insertSql, valuesOf(item)),
      nameOf: async (id) => (await namesOf(pool, nameSql, [id]))[0],
      transaction: (work) =>
        transactionByHand(pool, (transaction, client) =>
          work({
            ...transaction,
            async fail() {
              await client
                .query(new QueryStream('select 1 / 0'))
                .toArray()
                .catch(() => undefined)
            },
          }),
        ),
      close: () => pool.end(),
    })
  },
})
