import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({ prepare: prepared('create table url (id int primary key, path text)') })
const text = 'insert into url values ($1, $2) returning id'
const numbered = (from: number, to: number): [number, string | null][] =>
  Array.from({ length: to - from }, (_, n) => [from + n, n % 3 === 0 ? null : `/${from + n}`])
const count = async (): Promise<number> =>
  (await database.query<{ n: number }>('select count(*)::int as n from url')).rows[0]!.n

function executeMany(url: () => string): void {
  let proxy: TcpProxy
  let db: Database
  beforeAll(async () => {
    proxy = await startTcpProxy(url())
    db = createDatabase({ url: proxy.url, max: 1, wireGuard: true })
  })
  beforeEach(async () => {
    await database.query('truncate url')
    proxy.forget()
  })
  afterAll(async () => {
    await db.close()
    await proxy[Symbol.asyncDispose]()
  })

  test('I10: a chunk of rows is one write: one Parse, one Describe, one Sync', async () => {
    const result = await db.executeMany<{ id: number }>(text, numbered(0, 5))
    expect(proxy.writes()).toEqual(['PBDEBEBEBEBES'])
    expect(result).toMatchObject({ command: 'INSERT', rowCount: 5, rows: [0, 1, 2, 3, 4].map((id) => ({ id })) })
    expect((await database.query('select id from url where path is null order by id')).rows).toEqual([
      { id: 0 },
      { id: 3 },
    ])
  })

  test('rows go in chunks by number and by bytes, and the results are one', async () => {
    const result = await db.executeMany<{ id: number }>(text, numbered(0, 25), { chunkRows: 10 })
    expect(proxy.writes().map((write) => write.split('B').length - 1)).toEqual([10, 10, 5])
    expect(result.rowCount).toBe(25)
    expect(result.rows.map(({ id }) => id)).toEqual(Array.from({ length: 25 }, (_, id) => id))
    proxy.forget()
    const large: [number, string][] = Array.from({ length: 6 }, (_, n) => [100 + n, 'x'.repeat(1_000)])
    await db.executeMany('insert into url values ($1, $2)', large, { chunkBytes: 2_000 })
    expect(proxy.writes()).toHaveLength(3)
    expect(await count()).toBe(31)
  })

  test('no rows cost nothing', async () => {
    expect(await db.executeMany(text, [])).toEqual({ rows: [], rowCount: 0, command: '', fields: [] })
    expect(proxy.writes()).toEqual([])
  })

  test('rows may come from a generator and from an async iterable, which is read as it is used', async () => {
    let read = 0
    async function* slowly(): AsyncGenerator<readonly unknown[]> {
      for (const row of numbered(0, 30)) {
        await Promise.resolve()
        read += 1
        if (read === 11) expect(await count()).toBe(10)
        yield row
      }
    }
    await db.executeMany(text, slowly(), { chunkRows: 10 })
    await db.executeMany(
      text,
      (function* () {
        yield* numbered(30, 40)
      })(),
    )
    expect(await count()).toBe(40)
  })

  test('I8: a row that fails undoes its chunk; the error says which row, and how many rows stay', async () => {
    const rows = numbered(0, 25)
    rows[17] = [3, 'twice']
    const error = await caught(db.executeMany(text, rows, { chunkRows: 10 }))
    expect(error).toMatchObject({
      name: 'BatchError',
      index: 17,
      committed: 10,
      phase: 'statement',
      outcome: 'not-executed',
      cause: { code: '23505' },
      message: expect.stringMatching(/^Row 17 /),
    })
    expect(await count()).toBe(10)
  })

  test('atomic: all chunks or none; BEGIN rides with the first', async () => {
    const rows = numbered(0, 25)
    await db.executeMany(text, rows, { chunkRows: 10, atomic: true })
    expect(proxy.writes().map((write) => write.slice(0, 5))).toEqual(['PBEPB', 'PBDEB', 'PBDEB', 'Q'])
    expect(await count()).toBe(25)
    await database.query('truncate url')
    rows[17] = [3, 'twice']
    expect(await caught(db.executeMany(text, rows, { chunkRows: 10, atomic: true }))).toMatchObject({
      index: 17,
      committed: 0,
      outcome: 'not-executed',
    })
    expect(await count()).toBe(0)
  })

  test('inside a transaction the chunks are part of it', async () => {
    await caught(
      db.transaction(async (tx) => {
        expect((await tx.executeMany(text, numbered(0, 25), { chunkRows: 10 })).rowCount).toBe(25)
        throw new Error('changed my mind')
      }),
    )
    expect(await count()).toBe(0)
    const rows = numbered(0, 25)
    rows[20] = [3, 'twice']
    expect(await caught(db.transaction((tx) => tx.executeMany(text, rows, { chunkRows: 10 })))).toMatchObject({
      index: 20,
      committed: 0,
    })
    expect(await count()).toBe(0)
  })

  test('I11: every kind of value arrives as with query: long, empty, binary, null, not ASCII, and objects of pg', async () => {
    const kinds: unknown[] = [
      'x'.repeat(100_000),
      '',
      'short é',
      `${'long '.repeat(20)}€ 😀`,
      null,
      undefined,
      0,
      -0,
      1.5e300,
      12_345_678_901_234n,
      true,
      new Date(86_400_000),
      { a: [1, 'é'] },
      [1, null, 'b"c'],
      { toPostgres: () => 'own' },
    ]
    const rows = kinds.flatMap((value, n) => [
      [n, value, Buffer.from([0, 255, n])],
      [n, value, null],
      [n, value, new Uint8Array([n])],
    ])
    const echo = 'select $1::int as n, $2::text as value, $3::bytea as bytes'
    const expected = []
    for (const values of rows) expected.push((await db.query(echo, values)).rows[0])
    for (const limits of [{}, { chunkRows: 7 }, { isolation: 'serializable' }] as const) {
      expect((await db.executeMany(echo, rows, limits)).rows).toEqual(expected)
    }
    const cautious = createDatabase({ url: proxy.url, max: 1, batchMode: 'sequential' })
    expect((await cautious.executeMany(echo, rows)).rows).toEqual(expected)
    expect(await cautious.executeMany('select 1 where $1', [[true], [false], [true]])).toMatchObject({ rowCount: 2 })
    await cautious.close()
    expect(
      (await db.withSettings({ 'app.tenant': 'acme' }).executeMany(echo, rows.slice(0, 5), { chunkRows: 2 })).rows,
    ).toEqual(expected.slice(0, 5))
  })

  test('a row that cannot be serialised is found before its chunk is sent', async () => {
    const bad = { toPostgres: () => { throw new Error('no such money') } } // prettier-ignore
    const rows: unknown[][] = [...numbered(0, 12), [12, bad]]
    expect(await caught(db.executeMany(text, rows, { chunkRows: 10 }))).toMatchObject({
      code: 'POOLER_SAFE_BAD_VALUE',
      index: 12,
      committed: 10,
      phase: 'client',
      outcome: 'not-executed',
    })
    expect(await count()).toBe(10)
    expect(await caught(db.executeMany(text, [[1], 'x'] as never))).toMatchObject({
      code: 'POOLER_SAFE_INVALID_QUERY',
      index: 1,
    })
    expect(await caught(db.executeMany('select 1', [[], new Array<number>(65_536).fill(1)]))).toMatchObject({
      code: 'POOLER_SAFE_TOO_MANY_PARAMETERS',
      index: 1,
      outcome: 'not-executed',
    })
    expect(await caught(db.executeMany(text, 'rows' as never))).toMatchObject({ code: 'POOLER_SAFE_INVALID_QUERY' })
    expect(await caught(db.executeMany('commit', [[]]))).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_CONTROL' })
    expect(await caught(db.executeMany(text, new Set([[1]]), { atomic: true, retries: 1 }))).toMatchObject({
      code: 'POOLER_SAFE_BAD_OPTION',
      message: expect.stringContaining('retries'),
    })
  })

  test('100,000 rows under one Sync: the one at fault is found, and nothing is kept', { timeout: 60_000 }, async () => {
    const rows = numbered(0, 100_000)
    rows[50_000] = [49_999, 'twice']
    const limits = { chunkRows: 100_000, chunkBytes: 64 * 2 ** 20 }
    expect(await caught(db.executeMany(text, rows, limits))).toMatchObject({
      index: 50_000,
      committed: 0,
      cause: { code: '23505' },
    })
    expect(await count()).toBe(0)
  })

  test('a chunk of many megabytes leaves in pieces while its answer is read', async () => {
    const lengths = Array.from({ length: 20 }, (_, n) => 300_000 + n)
    const rows = lengths.map((length) => ['é'.repeat(length)])
    const limits = { chunkBytes: 64 * 2 ** 20 }
    const result = await db.executeMany<{ value: string }>('select $1::text as value', rows, limits)
    expect(result.rows.map(({ value }) => value.length)).toEqual(lengths)
  })

  test('I8: the answer to a chunk is lost: outcome unknown, and what was committed before is told', async () => {
    await db.query('select 1')
    let answers = 0
    proxy.onAnswer = (chunk, { client }) => {
      answers += chunk.includes('Z\0\0\0\x05') ? 1 : 0
      if (answers < 2) return true
      client.destroy()
      return false
    }
    const error = await caught(db.executeMany(text, numbered(0, 25), { chunkRows: 10 }))
    proxy.onAnswer = undefined
    expect(error).toMatchObject({ outcome: 'unknown', committed: 10, index: undefined, phase: 'commit' })
  })
}

describe('directly', () => executeMany(() => database.directUrl))
forEachPooler(database, (pooler) => executeMany(() => pooler.url))
