import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, SafePool, SqlRefusedError, type Database } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table item (id int primary key)')
    await client.end()
  },
})

/** One statement per kind of session state, the words at fault, and the hazard. */
const sessionState: readonly [text: string, subject: RegExp, hazard: string][] = [
  [`set search_path to shop`, /search_path/, 'session-set'],
  [`set session statement_timeout = 5`, /statement_timeout/, 'session-set'],
  [`set time zone 'UTC'`, /time/i, 'session-set'],
  [`reset all`, /all/, 'session-set'],
  [`set role admin`, /role/, 'set-role'],
  [`set session authorization admin`, /authorization/, 'set-role'],
  [`set session characteristics as transaction read only`, /characteristics/, 'session-characteristics'],
  [`select set_config('app.tenant', $1, false)`, /set_config/, 'set-config-session'],
  [`listen job_done`, /listen/, 'listen'],
  [`select pg_advisory_lock(1)`, /pg_advisory_lock/, 'advisory-session-lock'],
  [`create temp table scratch (id int)`, /temp/, 'temp-table'],
  [`prepare p as select 1`, /prepare/, 'sql-prepare'],
  [`discard all`, /discard/, 'deallocate-all'],
  [`load 'auto_explain'`, /load/, 'load-and-libs'],
]

describe('I3: SQL that touches session state is refused before a byte is sent', () => {
  test.each(sessionState)('I3: %s', async (text, subject, hazard) => {
    await using proxy = await startTcpProxy(database.directUrl)
    await using db = createDatabase({ url: proxy.url, max: 1 })
    const values = text.includes('$1') ? ['x'] : []
    const client = await db.pool.connect()
    try {
      await check(() => client.query(text, values))
    } finally {
      client.release()
    }
    await check(() => db.pool.query(text, values))
    await check(() => db.query(text, values))
    expect(proxy.writes()).toEqual([])
    await check(() => db.transaction((tx) => tx.query(text, values)))
    expect(proxy.writes()).toEqual([])
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])

    async function check(attempt: () => Promise<unknown>): Promise<void> {
      const error = await caught(attempt())
      expect(error).toBeInstanceOf(SqlRefusedError)
      expect(error).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE', outcome: 'not-executed', statement: 0 })
      expect([hazard, 'set-in-committed-tx']).toContain(error.hazard)
      const { start, end } = (error as unknown as SqlRefusedError).position
      expect(text.slice(start, end)).toMatch(subject)
      expect((error as unknown as SqlRefusedError).hint?.length).toBeGreaterThan(15)
      expect(error.message.length).toBeGreaterThan(20)
    }
  })

  test('I3: the offending statement of several is named, with its place in the text', async () => {
    const pool = new SafePool({ connectionString: database.directUrl, max: 1 })
    const text = `select 1; /* set x */ select 'set'; set role admin`
    const error = (await caught(pool.query(text))) as unknown as SqlRefusedError
    expect(error).toMatchObject({ statement: 2, hazard: 'set-role' })
    expect(text.slice(error.position.start)).toMatch(/^(set )?role admin/)
    await pool.end()
  })

  test('I3: words that only look like session state are sent', async () => {
    await using db = createDatabase({ url: database.directUrl })
    for (const text of [
      `select 'set role admin'`,
      `select 1 -- listen x`,
      `select $tag$discard all; listen x$tag$`,
      `select 1 as "set search_path to x"`,
      `select set_masklen('10.0.0.0/8'::inet, 16)`,
    ]) {
      await db.query(text)
    }
  })
})

const needsTransaction = [
  `set local statement_timeout = 5`,
  `select set_config('app.tenant', 'a', true)`,
  `select pg_advisory_xact_lock(1)`,
  `declare c cursor for select 1`,
  `lock table item`,
  `set constraints all deferred`,
]

function needs(url: () => string): void {
  let db: Database
  beforeAll(() => {
    db = createDatabase({ url: url(), max: 2, wireGuard: true })
  })
  afterAll(() => db.close())

  test.each(needsTransaction)('B4: outside a transaction it is refused, inside one it works: %s', async (text) => {
    const refused = {
      code: 'POOLER_SAFE_NEEDS_TRANSACTION',
      outcome: 'not-executed',
      hazard: expect.any(String) as string,
    }
    expect(await caught(db.query(text))).toMatchObject(refused)
    expect(await caught(db.pool.query(text))).toMatchObject(refused)
    const client = await db.pool.connect()
    try {
      expect(await caught(client.query(text))).toMatchObject(refused)
      await client.query('begin')
      await client.query(text)
      await client.query('commit')
      expect(await caught(client.query(text))).toMatchObject(refused)
    } finally {
      client.release()
    }
    await db.transaction((tx) => tx.query(text))
    await db.pool.query(`begin; ${text}; commit`)
  })

  test('D1: pool.query refuses to control a transaction, and nothing stays open', async () => {
    for (const text of [
      'begin',
      'start transaction',
      'commit',
      'rollback',
      'savepoint a',
      'begin; select 1',
      'begin; commit; begin',
      'commit and chain',
    ]) {
      expect(await caught(db.pool.query(text)), text).toMatchObject({
        code: 'POOLER_SAFE_TRANSACTION_CONTROL',
        outcome: 'not-executed',
        hazard: 'begin-on-pool-query',
      })
      expect(await caught(db.query(text)), text).toMatchObject({
        code: expect.stringMatching(/TRANSACTION_CONTROL|MULTIPLE_STATEMENTS/) as string,
      })
    }
    expect((await db.pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('D1: one text that opens and closes its own transaction is one unit', async () => {
    await database.query('truncate item')
    await db.pool.query('begin; insert into item values (1); insert into item values (2); commit')
    await db.pool.query('begin isolation level serializable; insert into item values (3); rollback')
    expect((await database.query('select count(*)::int as n from item')).rows).toEqual([{ n: 2 }])
    expect(await caught(db.pool.query('begin; insert into item values (1); commit'))).toMatchObject({ code: '23505' })
    expect((await db.pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })
}

describe('directly', () => needs(() => database.directUrl))
forEachPooler(database, (pooler) => needs(() => pooler.url))

test('several statements with parameters are refused before they are sent', async () => {
  await using db = createDatabase({ url: database.directUrl, max: 1 })
  const several = { code: 'POOLER_SAFE_MULTIPLE_STATEMENTS', hazard: 'simple-multi-parse', outcome: 'not-executed' }
  expect(await caught(db.pool.query('select $1::int; select 2', [1]))).toMatchObject(several)
  expect(await caught(db.query('select 1; select 2'))).toMatchObject(several)
  await db.transaction(async (tx) => {
    expect(await caught(tx.query('select 1; select 2'))).toMatchObject(several)
    expect((await tx.query('select 3 as n;')).rows).toEqual([{ n: 3 }])
  })
})

test('SQL that cannot be read is refused, SQL that is wrong is PostgreSQL’s to refuse; both leave the client usable', async () => {
  await using db = createDatabase({ url: database.directUrl, max: 1 })
  for (const text of [`select 'open`, `select "open`, `select /* open`, `select $$open`, `select 'nul\0'`]) {
    expect(await caught(db.query(text)), text).toMatchObject({
      code: 'POOLER_SAFE_UNREADABLE_SQL',
      outcome: 'not-executed',
      hint: expect.stringContaining('parameters') as string,
    })
  }
  expect(await caught(db.query('selec 1'))).toMatchObject({ code: '42601' })
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  expect((await db.query('')).rows).toEqual([])
  expect(db.pool.totalCount).toBe(1)
})

test('H2: COPY FROM STDIN without a stream is refused where it would swallow the Sync, and works nowhere by accident', async () => {
  await using db = createDatabase({ url: database.directUrl, max: 1 })
  const refused = { code: 'POOLER_SAFE_COPY', hazard: 'copy', outcome: 'not-executed' }
  expect(await caught(db.query('copy item from stdin'))).toMatchObject(refused)
  expect(await caught(db.pool.query({ text: 'copy item from stdin', queryMode: 'extended' } as never))).toMatchObject(
    refused,
  )
  expect(await caught(db.transaction((tx) => tx.query('copy item from stdin')))).toMatchObject(refused)
  expect(await caught(db.pool.query('copy item from stdin'))).toMatchObject({ code: '57014' })
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})
