import type { SafePool } from 'pooler-safe'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { transactionByHand } from './by-hand.ts'
import type { Item, LibraryUnderTest } from './contract.ts'
import { rejects, same } from './probes.ts'
import { testLibrary } from './test-library.ts'

interface CopyUnderTest extends LibraryUnderTest {
  readonly pool: SafePool
}

async function copyIn(client: pg.ClientBase, lines: readonly string[]): Promise<void> {
  await pipeline(Readable.from(lines), client.query(copyFrom('copy item (id, name, position) from stdin')))
}

async function copyOut(client: pg.ClientBase, query: string): Promise<string[]> {
  const parts: Buffer[] = []
  for await (const part of client.query(copyTo(`copy (${query}) to stdout`))) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8').split('\n').slice(0, -1)
}

const lineOf = ({ id, name, position }: Item): string => `${id}\t${name}\t${position}\n`

async function onClient<T>(pool: SafePool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

testLibrary<CopyUnderTest>({
  name: 'pg-copy-streams',
  packages: ['pg-copy-streams'],
  connect: `const client = await safePool.connect()
await pipeline(source, client.query(from('copy item from stdin')))`,
  without: { prepared: 'COPY has no parameters.' },
  own: {
    'copies many rows in and out': async ({ pool }, numbers) => {
      const items = numbers.items(200)
      await onClient(pool, (client) => copyIn(client, items.map(lineOf)))
      const range = `id between ${items[0]?.id ?? 0} and ${items.at(-1)?.id ?? 0}`
      const names = await onClient(pool, (client) =>
        copyOut(client, `select name from item where ${range} order by id`),
      )
      same(names, items.map(({ name }) => name), 'copied names') // prettier-ignore
    },
    'reports a bad row, keeps none of the copy, and the client goes on': ({ pool, nameOf }, numbers) =>
      onClient(pool, async (client) => {
        const item = numbers.item()
        await rejects(copyIn(client, [lineOf(item), 'not a row\n']), 'a COPY with a bad row')
        same((await client.query('select 1 as one')).rows, [{ one: 1 }], 'the next query')
        same(await nameOf(item.id), undefined, 'a row of the failed COPY')
      }),
  },
  open(driver, { url }) {
    const pool = new driver.Pool({ connectionString: url, max: 12 })
    return Promise.resolve({
      pool,
      insert: (item) => onClient(pool, (client) => copyIn(client, [lineOf(item)])),
      nameOf: (id) =>
        onClient(pool, async (client) => (await copyOut(client, `select name from item where id = ${id}`))[0]),
      transaction: (work) =>
        transactionByHand(pool, (transaction, client) =>
          work({
            ...transaction,
            insert: (item) => copyIn(client, [lineOf(item)]),
            fail: () => copyIn(client, ['not a row\n']).catch(() => undefined),
          }),
        ),
      close: () => pool.end(),
    })
  },
})
