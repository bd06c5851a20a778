import { useTestDatabase } from '@pooler-safe/tests/support'
import { hazard } from '@pooler-safe/hazards'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler, type Pooler, type StartPoolerOptions, type Violation } from '../../src/index.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`create function remember_tenant() returns void language plpgsql as
      $$ begin perform set_config('hidden.tenant', 'acme', false); end $$`)
    await client.query(`create function take_lock() returns void language sql as 'select pg_advisory_lock(77)'`)
    await client.query(`create table item (id int)`)
    await client.end()
  },
})

const start = (options: Partial<StartPoolerOptions> = {}): Promise<Pooler> =>
  startPooler({ upstream: database.directUrl, poolSize: 2, seed: 1, audit: 'every', ...options })

/** Runs statements as one client and answers what it is charged with. */
async function run(pooler: Pooler, ...texts: readonly string[]): Promise<Violation[]> {
  const client = await RawClient.connect(pooler.url, { application_name: 'culprit' })
  for (const sql of texts) expect((await client.ask(send.query(sql))).errors).toEqual([])
  await client.end()
  await pooler.settle()
  return pooler.violations()
}

/** What one transaction leaves, and what the audit makes of it. */
const dirt = [
  {
    sql: `set work_mem = '7MB'`,
    hazard: 'session-set',
    kind: 'setting',
    name: 'work_mem',
    before: '4096',
    after: '7168',
  },
  {
    sql: `begin; set lock_timeout = '5s'; commit`,
    hazard: 'set-in-committed-tx',
    kind: 'setting',
    name: 'lock_timeout',
    before: '0',
    after: '5000',
  },
  {
    sql: `set session_replication_role = replica`,
    hazard: 'dangerous-guc',
    kind: 'setting',
    name: 'session_replication_role',
    before: 'origin',
    after: 'replica',
  },
  {
    sql: `set session characteristics as transaction read only`,
    hazard: 'session-characteristics',
    kind: 'setting',
    name: 'default_transaction_read_only',
    before: 'off',
    after: 'on',
  },
  {
    sql: `select set_config('app.tenant', 'acme', false)`,
    hazard: 'set-config-session',
    kind: 'custom-setting',
    name: 'app.tenant',
    before: undefined,
    after: 'acme',
  },
  {
    sql: `select remember_tenant()`,
    hazard: 'hidden-in-routine',
    kind: 'custom-setting',
    name: 'hidden.tenant',
    before: undefined,
    after: 'acme',
  },
  {
    sql: `select take_lock()`,
    hazard: 'hidden-in-routine',
    kind: 'advisory-lock',
    name: '77',
    before: undefined,
    after: 'ExclusiveLock',
  },
  {
    sql: `do $$ begin set work_mem = '9MB'; end $$`,
    hazard: 'hidden-in-routine',
    kind: 'setting',
    name: 'work_mem',
    before: '4096',
    after: '9216',
  },
  { sql: `set role pg_monitor`, hazard: 'set-role', kind: 'role', name: 'pg_monitor', before: undefined, after: '' },
  {
    sql: `set session authorization pg_monitor`,
    hazard: 'set-role',
    kind: 'session-user',
    name: 'pg_monitor',
    before: undefined,
    after: '',
  },
  {
    sql: `prepare mine as select 1`,
    hazard: 'sql-prepare',
    kind: 'prepared-statement',
    name: 'mine',
    before: undefined,
    after: 'prepare mine as select 1',
  },
  {
    sql: `select pg_advisory_lock(4242)`,
    hazard: 'advisory-session-lock',
    kind: 'advisory-lock',
    name: '4242',
    before: undefined,
    after: 'ExclusiveLock',
  },
  { sql: `listen news`, hazard: 'listen', kind: 'channel', name: 'news', before: undefined, after: '' },
  {
    sql: `create temp table scratch (id int)`,
    hazard: 'temp-table',
    kind: 'temporary-object',
    name: 'scratch',
    before: undefined,
    after: 'table',
  },
  {
    sql: `create function pg_temp.one() returns int language sql as 'select 1'`,
    hazard: 'temp-table',
    kind: 'temporary-object',
    name: 'one',
    before: undefined,
    after: 'function',
  },
  {
    sql: `declare kept cursor with hold for select 1`,
    hazard: 'with-hold-cursor',
    kind: 'held-cursor',
    name: 'kept',
    before: undefined,
    after: 'declare kept cursor with hold for select 1',
  },
] as const

const harmless = [
  `begin; set local work_mem = '7MB'; select set_config('app.tenant', 'acme', true); commit`,
  `begin; set work_mem = '7MB'; rollback`,
  `begin; select pg_advisory_xact_lock(1); create temp table t (id int) on commit drop; commit`,
  `begin; declare c cursor for select 1; fetch c; commit`,
  `set time zone 'Europe/Berlin'`,
  `notify news, 'hello'`,
  `insert into item values (1)`,
]

describe('audit of every transaction', () => {
  test.for(dirt)('charges $hazard for: $sql', async ({ sql, ...expected }) => {
    await using pooler = await start()
    const violations = await run(pooler, 'select 1', sql, 'select 2')
    expect(violations).toHaveLength(1)
    const [violation] = violations
    expect(violation).toMatchObject({
      hazard: expected.hazard,
      evidence: 'residue',
      severity: hazard(expected.hazard).severity,
      alternative: hazard(expected.hazard).alternatives[0].note,
      client: { id: 1, applicationName: 'culprit', user: 'postgres', database: database.name },
      transaction: { number: 2, backendPid: pooler.recording.backendsOf(1)[1] },
      sql,
    })
    expect(violation?.residue).toEqual({
      kind: expected.kind,
      name: expected.name,
      before: expected.before,
      after: expected.after,
    })
    expect(violation?.client.address).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(violation?.transaction?.statements.map((statement) => statement.sql)).toEqual([sql])
  })

  test('says nothing about what every program may do', async () => {
    await using pooler = await start()
    expect(await run(pooler, ...harmless, ...harmless)).toEqual([])
  })

  test('charges the transaction that left it, once, among many clients at once', async () => {
    await using pooler = await start({ poolSize: 3, onViolation: 'leak' })
    const pool = new pg.Pool({ connectionString: pooler.url, max: 9 })
    await Promise.all(
      Array.from({ length: 9 }, async (_, index) => {
        const client = await pool.connect()
        for (let round = 0; round < 12; round += 1) {
          if (round === 5 && index < 4) await client.query(`select set_config('mark.by_${index}', 'x', false)`)
          else await client.query('select $1::int', [round])
        }
        client.release()
      }),
    )
    await pool.end()
    await pooler.settle()
    const charged = pooler.violations()
    expect(charged.map(({ residue }) => residue?.name).sort()).toEqual([0, 1, 2, 3].map((index) => `mark.by_${index}`))
    for (const { residue, transaction } of charged) {
      expect(transaction?.number).toBe(6)
      expect(transaction?.statements[0]?.sql).toContain(residue?.name)
    }
  })

  test('knows a statement by its name in the protocol, and a setting by a bound value', async () => {
    await using pooler = await start()
    const client = new pg.Client(pooler.url)
    await client.connect()
    await client.query({ name: 'by_driver', text: 'select $1::int', values: [1] })
    await client.query('select set_config($1, $2, false)', ['request.jwt.claims', '{"sub":"1"}'])
    await client.end()
    await pooler.settle()
    expect(pooler.violations()).toMatchObject([
      { hazard: 'named-parse', residue: { name: 'by_driver' }, sql: 'select $1::int' },
      { hazard: 'set-config-session', residue: { name: 'request.jwt.claims', after: '{"sub":"1"}' } },
    ])
  })

  test('finds what a function sets that did not exist when the pooler started', async () => {
    await using pooler = await start()
    expect(await run(pooler, 'select 1')).toEqual([])
    await database.query(
      `create function later() returns void language plpgsql as $$ begin perform set_config('later.one', 'x', false); end $$`,
    )
    expect(await run(pooler, 'select later()')).toMatchObject([
      { hazard: 'hidden-in-routine', residue: { name: 'later.one' } },
    ])
    await database.query('drop function later()')
  })

  test('goes on after DISCARD ALL and DEALLOCATE ALL took its own statement away', async () => {
    await using pooler = await start()
    const found = await run(pooler, 'deallocate all', 'select 1', 'discard all', 'select 1', `set work_mem = '7MB'`)
    expect(found.filter(({ evidence }) => evidence === 'residue')).toMatchObject([{ residue: { name: 'work_mem' } }])
  })

  test('charges nobody for what a role or database brings to every backend', async () => {
    await database.query(`create role audited login password 'pw'`)
    await database.query(`alter role audited set app.tenant = 'by role'`)
    await using pooler = await start({ users: { audited: 'pw' } })
    const url = pooler.url.replace(/\/\/[^@]+@/, '//audited:pw@')
    const client = await RawClient.connect(url)
    expect(await client.value(`select current_setting('app.tenant')`)).toBe('by role')
    await client.value(`select set_config('app.tenant', 'changed', false)`)
    await client.end()
    await pooler.settle()
    expect(pooler.violations()).toMatchObject([
      { residue: { name: 'app.tenant', before: 'by role', after: 'changed' }, transaction: { number: 2 } },
    ])
    await pooler.stop()
    await database.query('drop role audited')
  })
})

describe('what becomes of residue', () => {
  test('report: the next client finds a clean backend', async () => {
    await using pooler = await start({ schedule: 'one-backend' })
    await run(pooler, `set app.tenant = 'acme'; select pg_advisory_lock(1); listen news`)
    const stranger = await RawClient.connect(pooler.url)
    expect(await stranger.value(`select current_setting('app.tenant', true)`)).toBe('')
    await stranger.end()
    expect((await pooler.audit()).map(({ clean }) => clean)).toEqual([true])
  })

  test('leak: the next client gets it, and is not charged for it', async () => {
    await using pooler = await start({ schedule: 'one-backend', onViolation: 'leak' })
    await run(pooler, `set app.tenant = 'acme'`)
    const stranger = await RawClient.connect(pooler.url)
    expect(await stranger.value(`select current_setting('app.tenant', true)`)).toBe('acme')
    await stranger.end()
    await pooler.settle()
    expect(pooler.violations()).toMatchObject([{ client: { applicationName: 'culprit' } }])
  })

  test('leak: a notification that reaches a stranger names who listens', async () => {
    await using pooler = await start({ schedule: 'one-backend', onViolation: 'leak' })
    await run(pooler, 'listen news')
    const stranger = await RawClient.connect(pooler.url, { application_name: 'stranger' })
    await stranger.ask(send.query(`notify news, 'for somebody else'`))
    await stranger.end()
    await pooler.settle()
    expect(pooler.violations().at(-1)).toMatchObject({
      hazard: 'listen',
      evidence: 'answer',
      client: { applicationName: 'stranger' },
      summary: expect.stringContaining('culprit (client 1) listens'),
    })
  })

  test('fail: the client is broken before its next statement, and told why', async () => {
    await using pooler = await start({ onViolation: 'fail' })
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query(`set app.tenant = 'acme'`))
    client.write(send.query('select 1'))
    const [error] = await client.closed
    expect(error).toMatchObject({ severity: 'FATAL', code: 'XX000' })
    expect(error?.message).toMatch(/session-set: custom setting app.tenant was left behind: acme\. Use SET LOCAL/)
    expect(pooler.recording.backendsOf(1)).toHaveLength(1)
  })

  test('a statement_timeout too short for the audit is found and undone', async () => {
    await using pooler = await start({ schedule: 'one-backend' })
    expect(await run(pooler, `set statement_timeout = '1ms'`)).toMatchObject([
      { hazard: 'session-set', residue: { name: 'statement_timeout', after: '1ms' } },
    ])
    const stranger = await RawClient.connect(pooler.url)
    expect(await stranger.value('show statement_timeout')).toBe('0')
    await stranger.end()
  })
})

describe('a sampled audit', () => {
  test('charges only what a sampled transaction left, and lists the rest with its candidates', async () => {
    await using pooler = await start({ audit: { sample: 3 }, schedule: 'one-backend', onViolation: 'leak' })
    const found = await run(
      pooler,
      'select 1',
      `set app.one = 'a'`,
      `set app.two = 'b'`,
      'select 1',
      'select 1',
      'select 1',
    )
    expect(found.filter(({ evidence }) => evidence === 'residue')).toMatchObject([
      { residue: { name: 'app.two' }, transaction: { number: 3 } },
    ])
    expect(pooler.unattributedResidue()).toMatchObject([{ residue: { name: 'app.one' }, candidates: [1, 2] }])
  })
})

describe('allowed violations', () => {
  test('are set aside with their reason', async () => {
    const allow = [
      { hazard: 'session-set', residue: 'work_mem', reason: 'a nightly job with a login of its own' },
    ] as const
    await using pooler = await start({ allow })
    expect(await run(pooler, `set work_mem = '7MB'`, `set lock_timeout = '1s'`)).toMatchObject([
      { residue: { name: 'lock_timeout' } },
    ])
    expect(pooler.allowedViolations()).toMatchObject([{ allowedBecause: allow[0].reason }])
  })

  test('need a reason', async () => {
    await expect(start({ allow: [{ hazard: 'listen', reason: ' ' }] })).rejects.toMatchObject({
      code: 'invalid-option',
    })
  })
})

test.for([
  { audit: { sample: 0 } },
  { audit: 'sometimes' as 'off' },
  { record: false },
  { schedule: 'chaotic' as 'rotate' },
  { profile: 'pgpool' as 'strict' },
  { onViolation: 'ignore' as 'leak' },
])('refuses %o', async (options) => {
  await expect(start(options)).rejects.toMatchObject({ code: 'invalid-option' })
})
