import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler } from '../src/index.ts'
import { Recording } from '../src/recording/recording.ts'
import { isSettingName, mayBindSettingName, settingNamesIn } from '../src/recording/setting-names.ts'

const database = useTestDatabase()

const start = (client: number) => ({
  client,
  number: 1,
  applicationName: `app ${client}`,
  user: 'u',
  database: 'd',
  backendPid: 100 + client,
})
const statement = (sql: string) => ({ at: 0, kind: 'query' as const, sql, statementName: undefined })

describe('the recording of a pooler', () => {
  test('says which client’s SQL ran on which backend, in which transaction', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = new pg.Client({ connectionString: pooler.url, application_name: 'writer' })
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid, $1::int', [7])
    await client.query('begin')
    await client.query({ name: 'named', text: 'select 2' })
    await client.query('commit')
    await client.end()
    const [first, second] = pooler.recording.transactions({ applicationName: 'writer' })
    expect(first).toMatchObject({
      number: 1,
      client: 1,
      user: 'postgres',
      database: database.name,
      backendPid: rows[0]?.pid,
      end: 'released',
    })
    expect(first?.endedAt).toBeGreaterThanOrEqual(first?.startedAt ?? Infinity)
    expect(first?.statements).toMatchObject([
      { kind: 'parse', sql: 'select pg_backend_pid() as pid, $1::int', statementName: undefined },
    ])
    expect(second?.statements).toMatchObject([
      { kind: 'query', sql: 'begin' },
      { kind: 'parse', sql: 'select 2', statementName: 'named' },
      { kind: 'bind', statementName: 'named' },
      { kind: 'query', sql: 'commit' },
    ])
    expect(second?.backendPid).not.toBe(first?.backendPid)
    expect(pooler.recording.statements({ sql: /^select 2$/ })).toHaveLength(1)
    expect(pooler.recording.transactions({ sql: 'no such text' })).toEqual([])
  })

  test('can be switched off', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, record: false })
    const client = new pg.Client(pooler.url)
    await client.connect()
    await client.query('select 1')
    await client.end()
    expect(pooler.recording.count).toBe(0)
  })
})

describe('a recording', () => {
  test('forgets the oldest transactions and keeps the counts', () => {
    const recording = new Recording({ maxTransactions: 3 })
    for (let client = 1; client <= 5_000; client += 1) recording.begin(start(client)).statement(statement('select 1'))
    expect(recording.transactions().map(({ client }) => client)).toEqual([4_998, 4_999, 5_000])
    expect(recording.count).toBe(5_000)
  })

  test('is bounded in characters and in statements of one transaction', () => {
    const recording = new Recording({ maxTotalCharacters: 1_000, maxStatements: 3 })
    for (let client = 1; client <= 50; client += 1) {
      const open = recording.begin(start(client))
      for (let index = 0; index < 5; index += 1) open.statement(statement('x'.repeat(100)))
      open.end('released')
    }
    const kept = recording.transactions()
    expect(kept.length).toBeLessThanOrEqual(4)
    expect(kept.at(-1)).toMatchObject({ client: 50, statementsDropped: 2 })
    expect(
      kept.flatMap(({ statements }) => statements).reduce((sum, { sql }) => sum + (sql?.length ?? 0), 0),
    ).toBeLessThanOrEqual(1_000)
  })

  test('can be asked by client, backend and SQL', () => {
    const recording = new Recording()
    for (const client of [1, 2, 1]) recording.begin(start(client)).statement(statement(`select ${client}`))
    expect(recording.backendsOf(1)).toEqual([101, 101])
    expect(recording.transactions({ backendPid: 102 })).toHaveLength(1)
    expect(recording.statements({ sql: /SELECT 1/gi })).toHaveLength(2)
    recording.clear()
    expect(recording.transactions()).toEqual([])
    expect(recording.count).toBe(3)
  })
})

describe('names of custom settings', () => {
  test.for([
    [`set app.tenant = 'x'`, ['app.tenant']],
    [`SET SESSION "App"."Tenant" TO 'x'`, ['app.tenant']],
    [`select set_config('request.jwt.claims', $1, false)`, ['request.jwt.claims']],
    [`set work_mem = '1MB'`, []],
    [`select public.item.id from public.item`, []],
    [`do $$ begin perform set_config('a.b', 'c', false); end $$`, ['a.b']],
  ] as const)('%s', ([sql, names]) => {
    expect(settingNamesIn(sql)).toEqual(names)
  })

  test('may be bound values', () => {
    expect(mayBindSettingName('select set_config($1, $2, false)')).toBe(true)
    expect(mayBindSettingName('select $1')).toBe(false)
    expect(['app.tenant', 'request.jwt.claims'].every(isSettingName)).toBe(true)
    expect(['plain', '1.5', 'a b.c', 'someone@example.org', ''].some(isSettingName)).toBe(false)
  })
})
