import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, type Database } from 'pooler-safe'
import { expect, test } from 'vitest'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({ prepare: prepared('create table item (id int primary key, name text)') })

const insert = 'insert into item values ($1, $2)'
const select = 'select name from item where id = $1'
const items = (count: number): [number, string][] => Array.from({ length: count }, (_, id) => [id, `item ${id}`])
const inserts = (count: number) => items(count).map((values) => ({ text: insert, values }))

interface Case {
  readonly name: string
  readonly safe: (db: Database) => Promise<unknown>
  /** What does the same with `pg` alone. */
  readonly plain: (client: pg.Client) => Promise<unknown>
}

async function inTransaction(client: pg.Client, work: () => Promise<unknown>): Promise<void> {
  await client.query('begin')
  await work()
  await client.query('commit')
}

async function one(client: pg.Client, count: number): Promise<void> {
  for (const query of inserts(count)) await client.query(query)
}

const cases: readonly Case[] = [
  {
    name: 'query',
    safe: (db) => db.query(select, [1]),
    plain: (client) => client.query(select, [1]),
  },
  {
    name: 'batch of 10 different statements',
    safe: (db) => db.batch(items(10).map(([id]) => ({ text: `${select} limit ${id + 1}`, values: [id] }))),
    plain: (client) =>
      inTransaction(client, async () => {
        for (const [id] of items(10)) await client.query(`${select} limit ${id + 1}`, [id])
      }),
  },
  {
    name: 'batch of 10 times one statement',
    safe: (db) => db.batch(inserts(10)),
    plain: (client) => inTransaction(client, () => one(client, 10)),
  },
  {
    name: 'executeMany of 100 rows',
    safe: (db) => db.executeMany(insert, items(100)),
    plain: (client) => inTransaction(client, () => one(client, 100)),
  },
  {
    name: 'settings and a query',
    safe: (db) => db.withSettings({ 'app.tenant': 'acme' }).query(select, [1]),
    plain: (client) =>
      inTransaction(client, async () => {
        await client.query(`select set_config('app.tenant', $1, true)`, ['acme'])
        await client.query(select, [1])
      }),
  },
  {
    name: 'transaction of 5 awaited statements',
    safe: (db) =>
      db.transaction(async (tx) => {
        for (const query of inserts(5)) await tx.query(query)
      }),
    plain: (client) => inTransaction(client, () => one(client, 5)),
  },
  {
    name: 'transaction of 5 statements issued together',
    safe: (db) => db.transaction((tx) => Promise.all(inserts(5).map((query) => tx.query(query)))),
    plain: (client) => inTransaction(client, () => one(client, 5)),
  },
  {
    name: 'transaction of 5, the last with COMMIT',
    safe: (db) =>
      db.transaction(async (tx) => {
        for (const query of inserts(4)) await tx.query(query)
        await tx.commitWith([{ text: insert, values: [4, 'item 4'] }])
      }),
    plain: (client) => inTransaction(client, () => one(client, 5)),
  },
]

/** `PBDEBEBE…` of a hundred rows is shown by its pattern. */
function pattern(write: string): string {
  return write.replace(/((?:P?BD?E)+?)\1{2,}/g, (run: string, unit: string) => `(${unit})×${run.length / unit.length}`)
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}

test('I10: docs/wire.md says what each call sends, in how many writes, beside what pg sends', async () => {
  await using safeProxy = await startTcpProxy(database.directUrl)
  await using plainProxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: safeProxy.url, max: 1, wireGuard: true })
  const client = new pg.Client(plainProxy.url)
  await client.connect()
  const rows: string[][] = []
  for (const { name, safe, plain } of cases) {
    await database.query('truncate item')
    safeProxy.forget()
    await safe(db)
    const writes = safeProxy.writes()
    await database.query('truncate item')
    plainProxy.forget()
    await plain(client)
    const others = plainProxy.writes()
    const count = (list: readonly string[]): string => String(list.join('').length)
    rows.push([
      name,
      String(writes.length),
      String(others.length),
      count(writes),
      count(others),
      `\`${writes.map(pattern).join(' ')}\``,
    ])
  }
  await client.end()
  const header = ['call', 'writes', 'with `pg`', 'messages', 'with `pg`', 'what is written']
  const widths = header.map((cell, at) => Math.max(cell.length, ...rows.map((cells) => cells[at]?.length ?? 0)))
  const padded = (cells: readonly string[]): string => row(cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)))
  const page = [
    '# What goes over the wire',
    '',
    'Counted between the client and the server, one client connection, after log-in. Each write waits for its answer before the next',
    'one leaves, so the number of writes is the number of round trips. P is Parse, B Bind, D Describe, E Execute, S Sync, Q Query. The',
    'columns of `pg` are for `BEGIN`, the statements and `COMMIT`, each awaited; of the query, for that alone.',
    '',
    padded(header),
    row(widths.map((width) => '-'.repeat(width))),
    ...rows.map(padded),
    '',
    '`packages/pooler-safe/test/wire/wire-page.test.ts` counts this again with every run, and `vitest run wire-page --update` writes the page.',
    '',
  ]
  await expect(page.join('\n')).toMatchFileSnapshot('../../../../docs/wire.md')
})
