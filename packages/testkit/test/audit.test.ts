import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  auditBackend,
  auditThroughPooler,
  findPgBouncer,
  formatAudits,
  startPgBouncer,
  startPooler,
  type Pooler,
} from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`create function remember_tenant() returns void language plpgsql as
      $$ begin perform set_config('hidden.tenant', 'acme', false); end $$`)
    await client.query(`create table item (id int)`)
    await client.end()
  },
})

/** Every kind of residue, and the SQL that leaves it. */
const dirt = [
  { kind: 'setting', sql: `set work_mem = '7MB'`, name: 'work_mem', hazard: 'session-set' },
  { kind: 'setting', sql: `set statement_timeout = '1min'`, name: 'statement_timeout', hazard: 'session-set' },
  {
    kind: 'setting',
    sql: `select set_config('search_path', 'evil', false)`,
    name: 'search_path',
    hazard: 'session-set',
  },
  { kind: 'setting', sql: `begin; set lock_timeout = '5s'; commit`, name: 'lock_timeout', hazard: 'session-set' },
  { kind: 'custom-setting', sql: `set app.tenant = 'acme'`, name: 'app.tenant', hazard: 'session-set' },
  { kind: 'custom-setting', sql: `select remember_tenant()`, name: 'hidden.tenant', hazard: 'session-set' },
  { kind: 'role', sql: `set role pg_monitor`, name: 'pg_monitor', hazard: 'set-role' },
  { kind: 'session-user', sql: `set session authorization pg_monitor`, name: 'pg_monitor', hazard: 'set-role' },
  { kind: 'prepared-statement', sql: `prepare mine as select 1`, name: 'mine', hazard: 'sql-prepare' },
  { kind: 'advisory-lock', sql: `select pg_advisory_lock(4242)`, name: '4242', hazard: 'advisory-session-lock' },
  { kind: 'advisory-lock', sql: `select pg_advisory_lock(-1)`, name: '-1', hazard: 'advisory-session-lock' },
  { kind: 'advisory-lock', sql: `select pg_advisory_lock_shared(7, 8)`, name: '7, 8', hazard: 'advisory-session-lock' },
  { kind: 'channel', sql: `listen news`, name: 'news', hazard: 'listen' },
  { kind: 'temporary-object', sql: `create temp table scratch (id int)`, name: 'scratch', hazard: 'temp-table' },
  { kind: 'temporary-object', sql: `create temp view glance as select 1 as one`, name: 'glance', hazard: 'temp-table' },
  { kind: 'temporary-object', sql: `create temp sequence counter`, name: 'counter', hazard: 'temp-table' },
  {
    kind: 'temporary-object',
    sql: `create function pg_temp.twice(int) returns int language sql as 'select $1 * 2'`,
    name: 'twice',
    hazard: 'temp-table',
  },
  { kind: 'held-cursor', sql: `declare kept cursor with hold for select 1`, name: 'kept', hazard: 'with-hold-cursor' },
] as const

/** What every program may do: none of it outlives its transaction. */
const harmless = [
  'select 1',
  `begin; set local work_mem = '7MB'; select set_config('app.tenant', 'acme', true); commit`,
  `begin; select pg_advisory_xact_lock(1); create temp table t (id int) on commit drop; commit`,
  `begin; declare c cursor for select 1; fetch c; commit`,
  `begin isolation level serializable; insert into item values (1); rollback`,
  `set application_name = 'somebody'`,
  `set time zone 'Europe/Berlin'; set datestyle = 'German'`,
  `notify news, 'hello'`,
]

describe('audit of the rotating pooler', () => {
  let pooler: Pooler
  beforeAll(async () => {
    pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
  })
  afterAll(() => pooler.stop())

  test.for(dirt)('finds $kind left by: $sql', async ({ kind, sql, name, hazard }) => {
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2, seed: 1 })
    const client = await RawClient.connect(own.url, { application_name: 'culprit' })
    const { errors } = await client.ask(send.query(sql))
    expect(errors).toEqual([])
    await client.end()
    const audits = await own.audit()
    const residue = audits.flatMap((audit) => audit.residue)
    expect(residue).toMatchObject([{ kind, name, hazard }])
    expect(audits.filter(({ clean }) => !clean)).toHaveLength(1)
    expect(formatAudits(audits)).toContain(`${kind} ${name}`)
    const isHidden = sql.includes('remember_tenant')
    if (!isHidden) expect(residue[0]?.leftBy).toMatchObject({ applicationName: 'culprit', sql })
  })

  test('finds a statement that was named in the protocol', async () => {
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = new pg.Client(own.url)
    await client.connect()
    await client.query({ name: 'by_driver', text: 'select $1::int', values: [1] })
    await client.end()
    const [residue] = (await own.audit()).flatMap((audit) => audit.residue)
    expect(residue).toMatchObject({
      kind: 'prepared-statement',
      name: 'by_driver',
      hazard: 'named-parse',
      value: 'parsed: select $1::int',
    })
  })

  test('finds a custom setting whose name was only a bound value', async () => {
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = new pg.Client(own.url)
    await client.connect()
    await client.query('select set_config($1, $2, false)', ['request.jwt.claims', '{"sub":"1"}'])
    await client.end()
    const residue = (await own.audit()).flatMap((audit) => audit.residue)
    expect(residue).toMatchObject([{ kind: 'custom-setting', name: 'request.jwt.claims', value: '{"sub":"1"}' }])
  })

  test('reports a transaction that stays open, and does not wait for ever', async () => {
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query('begin'))
    const residue = (await pooler.audit({ timeoutMs: 50 })).flatMap((audit) => audit.residue)
    expect(residue).toMatchObject([{ kind: 'open-transaction', name: 'open', hazard: 'leaked-open-tx' }])
    await client.ask(send.query('rollback'))
    await client.end()
    expect((await pooler.audit()).every(({ clean }) => clean)).toBe(true)
  })

  test('sees through a leaked statement_timeout that is too short for the audit itself', async () => {
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = await RawClient.connect(own.url)
    await client.ask(send.query(`listen news; set statement_timeout = '1ms'`))
    await client.end()
    const kinds = (await own.audit()).flatMap((audit) => audit.residue).map(({ kind, name }) => `${kind} ${name}`)
    // Whether one millisecond was enough for the audit depends on the machine: both ways end with the same findings.
    expect(kinds.sort()).toEqual(['channel news', 'setting statement_timeout'])
  })

  test('is clean after everything that is safe', async () => {
    const client = await RawClient.connect(pooler.url)
    for (const sql of harmless) expect((await client.ask(send.query(sql))).errors).toEqual([])
    await client.end()
    const audits = await pooler.audit()
    expect(formatAudits(audits)).toBe(`${audits.length} backends audited, all clean`)
    expect(audits.length).toBeGreaterThanOrEqual(2)
  })

  test('leaves out what the role or the database brings to every backend', async () => {
    await database.query(`create role configured login password 'pw' in role pg_monitor`)
    await database.query(`alter role configured set app.tenant = 'by role'`)
    await database.query(`alter role configured set role = 'pg_monitor'`)
    await using own = await startPooler({ upstream: database.directUrl, poolSize: 2, users: { configured: 'pw' } })
    const url = own.url.replace(/\/\/[^@]+@/, '//configured:pw@')
    const client = await RawClient.connect(url)
    expect(await client.value(`select current_setting('app.tenant')`)).toBe('by role')
    expect((await own.audit()).flatMap((audit) => audit.residue)).toEqual([])
    await client.value(`select set_config('app.tenant', 'changed', false)`)
    await client.end()
    expect((await own.audit()).flatMap((audit) => audit.residue)).toMatchObject([
      { name: 'app.tenant', value: 'changed' },
    ])
    await database.query('drop role configured')
  })
})

describe('auditBackend on any driver', () => {
  test('finds what is left on a session, and an open or failed transaction', async () => {
    const client = new pg.Client(database.directUrl)
    await client.connect()
    const audit = () => auditBackend((text) => client.query(text), { settingNames: ['app.tenant'] })
    expect(await audit()).toMatchObject({ clean: true, residue: [], database: database.name })
    await client.query(`set app.tenant = 'x'`)
    await client.query('begin')
    expect((await audit()).residue.map(({ kind }) => kind)).toEqual(['open-transaction', 'custom-setting'])
    await client.query('select 1/0').catch(() => undefined)
    expect((await audit()).residue).toMatchObject([{ kind: 'open-transaction', name: 'failed' }])
    await client.end()
  })
})

describe.skipIf(findPgBouncer() === undefined)('auditThroughPooler on PgBouncer (needs pgbouncer)', () => {
  test.for(dirt.filter(({ sql }) => !sql.includes('remember_tenant')))(
    'finds $kind left by: $sql',
    async ({ kind, name, sql }) => {
      await using bouncer = await startPgBouncer({ upstream: database.directUrl, poolSize: 3 })
      const client = await RawClient.connect(bouncer.url)
      expect((await client.ask(send.query(sql))).errors).toEqual([])
      await client.end()
      const audits = await auditThroughPooler(bouncer.url, 3, { settingNames: ['app.tenant'] })
      expect(audits).toHaveLength(3)
      expect(audits.flatMap(({ residue }) => residue)).toMatchObject([{ kind, name }])
    },
  )

  test('is clean after everything that is safe', async () => {
    await using bouncer = await startPgBouncer({ upstream: database.directUrl, poolSize: 3 })
    const client = await RawClient.connect(bouncer.url)
    for (const sql of harmless) expect((await client.ask(send.query(sql))).errors).toEqual([])
    await client.end()
    expect(formatAudits(await auditThroughPooler(bouncer.url, 3, { settingNames: ['app.tenant'] }))).toBe(
      '3 backends audited, all clean',
    )
  })

  test('fails when it cannot have every backend', async () => {
    await using bouncer = await startPgBouncer({ upstream: database.directUrl, poolSize: 2 })
    await expect(auditThroughPooler(bouncer.url, 3, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'audit-failed' })
  })
})
