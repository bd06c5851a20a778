import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, SafeClient, type TransactionOptions } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

test('I2: query is one write: Parse, Bind, Describe, Execute, Sync', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select $1::int as n', [1])
  await db.query({ text: 'select 2 as n' })
  expect(proxy.writes()).toEqual(['PBDES', 'PBDES'])
})

test('I2: query under a default timeout is still one write and one Sync', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1, statementTimeoutMs: 4_321 })
  expect((await db.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '4321ms' }])
  expect(proxy.writes()).toEqual(['PBEPBDES'])
})

test('I2: a transaction is one write per statement and one for COMMIT: what opens it rides with the first', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1, lockTimeoutMs: 1_000 })
  await db.transaction(
    async (tx) => {
      await tx.query('select $1::int as n', [1])
      await tx.transaction((inner) => inner.query('select 2'))
    },
    { isolation: 'repeatable read', readOnly: true, statementTimeoutMs: 500 },
  )
  expect(proxy.writes()).toEqual(['PBEPBEPBDES', 'PBEPBDES', 'Q'])
  const texts = proxy
    .only()
    .messages.filter(({ type }) => type === 'Q' || type === 'P')
    .map(({ body }) => body.toString('utf8').replaceAll('\0', '').trim())
  expect(texts).toEqual([
    'begin isolation level repeatable read, read only',
    "select set_config('statement_timeout', $1, true), set_config('lock_timeout', $2, true)",
    'select $1::int as n',
    'savepoint pooler_safe_1',
    'select 2',
    'commit',
  ])
})

test('the deadline of a transaction is the server’s too, a second later, and never more than it accepts', async () => {
  await using db = createDatabase({ url: database.pooledUrl })
  const limit = async (options: TransactionOptions): Promise<unknown> =>
    (await db.transaction((tx) => tx.query('show statement_timeout'), options)).rows[0]
  expect(await limit({ timeoutMs: 30_500 })).toEqual({ statement_timeout: '31500ms' })
  expect(await limit({ timeoutMs: 30_500, statementTimeoutMs: 7_500 })).toEqual({ statement_timeout: '7500ms' })
  expect(await limit({ timeoutMs: 2_147_483_647 })).toEqual({ statement_timeout: '2147483647ms' })
})

test('I2: parallel queries on one client are sent one after the other, each answered first', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  let unanswered = 0
  let most = 0
  proxy.onRequest = (chunk) => {
    if (chunk[0] !== 0x70 && (chunk.includes('S\0\0\0\x04') || chunk[0] === 0x51)) unanswered += 1
    most = Math.max(most, unanswered)
    return true
  }
  proxy.onAnswer = (chunk) => {
    if (chunk.includes('Z\0\0\0\x05')) unanswered -= 1
    return true
  }
  const client = new SafeClient(proxy.url)
  await client.connect()
  unanswered = 0
  most = 0
  try {
    const ns = [1, 2, 3, 4, 5]
    const results = await Promise.all(
      ns.map((n) => (n % 2 ? client.query(`select ${n} as n`) : client.query('select $1::int as n', [n]))),
    )
    expect(results.map(({ rows }) => (rows[0] as { n: number }).n)).toEqual(ns)
    expect(most).toBe(1)
    expect(proxy.writes()).toEqual(['Q', 'PBDES', 'Q', 'PBDES', 'Q'])
  } finally {
    await client.end()
  }
})

test('I2: a request above the size of one write is still contiguous and whole', async () => {
  await using db = createDatabase({ url: database.pooledUrl, max: 1, wireGuard: true })
  const large = 'x'.repeat(3_000_000)
  const { rows } = await db.query<{ length: number }>('select length($1) as length, $2::int as n', [large, 1])
  expect(rows).toEqual([{ length: 3_000_000, n: 1 }])
})

test('I2: rows fetched in portions work, also when one of them fails', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient({ connectionString: proxy.url, wireGuard: true })
  await client.connect()
  try {
    const { rows } = await client.query({ text: 'select n from generate_series(1, 5) n', rows: 2 } as pg.QueryConfig)
    expect(rows).toHaveLength(5)
    expect(proxy.writes()).toEqual(['PBDEH', 'EH', 'EH', 'S'])
    const failing = { text: 'select 1 / (3 - n) from generate_series(1, 5) n', rows: 2 }
    expect(await caught(client.query(failing as pg.QueryConfig))).toMatchObject({ code: '22012' })
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test.each([
  {
    what: 'Bind without the Parse of its own request',
    refusal: { code: 'POOLER_SAFE_SPLIT_STATEMENT', hazard: 'unnamed-split' },
    parsed: false,
    values: [],
  },
  {
    what: 'Bind of more parameters than its count can hold',
    refusal: { code: 'POOLER_SAFE_TOO_MANY_PARAMETERS' },
    parsed: true,
    values: new Array<string>(65_536).fill('1'),
  },
])('I2: $what is refused by the connection too, and the next query is right', async ({ refusal, parsed, values }) => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient(proxy.url)
  await client.connect()
  try {
    await client.query('select $1::int as n', [1])
    proxy.forget()
    const failure = new Promise<Error>((resolve) => {
      client.query({
        submit: (connection: pg.Connection) => {
          if (parsed) connection.parse({ name: '', text: 'select 1', types: [] }, true)
          connection.bind({ values }, true)
          connection.execute({}, true)
          connection.sync()
        },
        handleError: resolve,
        handleReadyForQuery: () => undefined,
      } as never)
    })
    expect(await failure).toMatchObject({ ...refusal, outcome: 'not-executed' })
    expect(proxy.writes()).toEqual([])
    expect((await client.query('select 2 as n')).rows).toEqual([{ n: 2 }])
  } finally {
    await client.end()
  }
})

test('I2: a second request behind an unanswered one is refused by the connection', async () => {
  const client = new SafeClient(database.directUrl)
  await client.connect()
  try {
    const slow = client.query('select pg_sleep(0.2), 7 as n')
    await new Promise((resolve) => setImmediate(resolve))
    expect(() => client.connection.query('select 2')).toThrow(
      expect.objectContaining({ code: 'POOLER_SAFE_PIPELINING', hazard: 'sync-pipelining' }),
    )
    expect(() => client.connection.parse({ name: '', text: 'select 2', types: [] }, true)).toThrow(
      expect.objectContaining({ code: 'POOLER_SAFE_PIPELINING' }),
    )
    client.connection.sync()
    expect((await slow).rows[0]).toMatchObject({ n: 7 })
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test('I9: binary results are refused for one query too, in every form, because pg reads 200 as 239', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient(proxy.url)
  await client.connect()
  const query = { text: 'select $1::int as n', values: [200], binary: true }
  const refused = { code: 'POOLER_SAFE_INVALID_QUERY', outcome: 'not-executed' }
  expect(await caught(client.query(query))).toMatchObject(refused)
  const submitted = client.query(new pg.Query(query))
  expect(await new Promise((resolve) => submitted.on('error', resolve))).toMatchObject(refused)
  expect(proxy.writes()).toEqual([])
  expect((await client.query({ ...query, binary: false } as pg.QueryConfig)).rows).toEqual([{ n: 200 }])
  await client.end()
})
