import { useTestDatabase } from '@pooler-safe/tests/support'
import { hazardIds, type HazardId } from '@pooler-safe/hazards'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler, type Pooler, type StartPoolerOptions } from '../../src/index.ts'
import { cancel, cancelOverTls } from '../cancel.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`create table item (id serial primary key, tenant text)`)
    await client.query(`insert into item (tenant) values ('acme')`)
    await client.query(`create table parent (id int primary key);
      create table child (id int references parent deferrable initially immediate)`)
    await client.query(`create extension if not exists dblink`)
    await client.query(`create function remember_tenant() returns void language plpgsql as
      $$ begin perform set_config('hidden.tenant', 'acme', false); end $$`)
    await client.query(`create function keep_tenant_local() returns void language plpgsql as
      $$ begin perform set_config('hidden.tenant', 'acme', true); end $$`)
    await client.end()
  },
})

type Steps = (url: string, pooler: Pooler) => Promise<void>

/** One bug, and the same written so that nothing is wrong with it. */
interface Planted {
  readonly hazard: HazardId
  readonly title: string
  readonly bug: Steps
  readonly safe: Steps
  readonly options?: Partial<StartPoolerOptions>
}

async function using(url: string, work: (client: RawClient) => Promise<unknown>, parameters = {}): Promise<void> {
  const client = await RawClient.connect(url, { application_name: 'planted', ...parameters })
  await work(client)
  if (!client.socket.destroyed) await client.end()
}

/** The key of a client connection of pg over TLS. */
async function overTls(url: string, work: (key: Pick<RawClient, 'pid' | 'secretKey'>) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, ssl: { rejectUnauthorized: false } })
  await client.connect()
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
  const key = Buffer.alloc(4)
  key.writeInt32BE(secretKey)
  await work({ pid: processID, secretKey: key })
  await client.end()
}

/** Runs texts as simple queries of one client, whatever becomes of them. */
const sql =
  (...texts: readonly string[]): Steps =>
  (url) =>
    using(url, async (client) => {
      for (const text of texts) await client.ask(send.query(text)).catch(() => undefined)
    })

/** Sends requests one after the other, whatever becomes of them. */
const requests =
  (...parts: readonly Buffer[]): Steps =>
  (url) =>
    using(url, async (client) => {
      for (const part of parts) await client.ask(part).catch(() => undefined)
    })

const login =
  (parameters: Record<string, string>): Steps =>
  (url) =>
    using(url, (client) => client.value('select 1'), parameters).catch(() => undefined)

const named = (name: string, text = 'select 1'): Buffer =>
  Buffer.concat([send.parse(text, name), send.bind([], name), send.execute(), send.sync()])
const bindNamed = (name: string): Buffer => Buffer.concat([send.bind([], name), send.execute(), send.sync()])
const unnamed = (text: string, values: readonly string[] = []): Buffer => send.extended(text, values)
const harmless = sql('select 1')

const planted: readonly Planted[] = [
  // A: protocol and prepared statements
  { hazard: 'named-parse', title: 'a named statement', bug: requests(named('a')), safe: requests(unnamed('select 1')) },
  {
    hazard: 'unnamed-split',
    title: 'the unnamed statement parsed before a Sync',
    bug: requests(Buffer.concat([send.parse('select 1'), send.sync()]), bindNamed('')),
    safe: requests(unnamed('select 1')),
  },
  {
    hazard: 'sql-prepare',
    title: 'PREPARE',
    bug: sql('prepare p as select 1'),
    safe: sql('begin; prepare p as select 1; execute p; deallocate p; commit'),
  },
  { hazard: 'deallocate-all', title: 'DISCARD ALL', bug: sql('discard all'), safe: harmless },
  {
    hazard: 'failed-parse-poison',
    title: 'a named statement that cannot be parsed',
    bug: requests(named('bad', 'select * from nowhere')),
    safe: requests(unnamed('select * from nowhere')),
  },
  {
    hazard: 'describe-standalone',
    title: 'Describe of a statement parsed earlier',
    bug: requests(named('d'), Buffer.concat([send.describe('S', 'd'), send.sync()])),
    safe: requests(Buffer.concat([send.parse('select 1'), send.describe('S'), send.sync()])),
  },
  {
    hazard: 'named-portal-corrupts-frame',
    title: 'a named portal of a named statement',
    bug: requests(
      Buffer.concat([send.parse('select 1', 's'), send.bind([], 's', 'c'), send.execute('c'), send.sync()]),
    ),
    safe: requests(Buffer.concat([send.parse('select 1'), send.bind([], '', 'c'), send.execute('c'), send.sync()])),
  },
  {
    hazard: 'stmt-quota',
    title: 'more names than a pooler keeps',
    options: { profile: 'pgbouncer-1.25' },
    bug: requests(...Array.from({ length: 101 }, (_, index) => named(`q${index}`, `select ${index}`))),
    safe: requests(...Array.from({ length: 101 }, (_, index) => unnamed(`select ${index}`))),
  },
  {
    hazard: 'cached-plan-result-type',
    title: 'a plan older than its table',
    options: { profile: 'pgbouncer-1.25', schedule: 'sticky' },
    bug: (url) =>
      using(url, async (client) => {
        await client.ask(send.query('drop table if exists plan; create table plan (a int)'))
        await client.ask(named('plan', 'select * from plan'))
        await client.ask(send.query('alter table plan add b int'))
        await client.ask(bindNamed('plan'))
      }),
    safe: (url) =>
      using(url, async (client) => {
        await client.ask(send.query('drop table if exists plan; create table plan (a int)'))
        await client.ask(unnamed('select a from plan'))
        await client.ask(send.query('alter table plan add b int'))
        await client.ask(unnamed('select a from plan'))
      }),
  },
  {
    hazard: 'function-call-protocol',
    title: 'FunctionCall',
    bug: requests(send.functionCall(2026)),
    safe: sql('select pg_backend_pid()'),
  },
  {
    hazard: 'simple-multi-parse',
    title: 'two statements with values',
    bug: requests(unnamed('select 1; select 2')),
    safe: requests(unnamed('select 1'), unnamed('select 2')),
  },
  // B: settings
  {
    hazard: 'session-set',
    title: 'SET',
    bug: sql(`set work_mem = '7MB'`),
    safe: sql(`begin; set local work_mem = '7MB'; select 1; commit`),
  },
  {
    hazard: 'set-config-session',
    title: 'set_config with bound values for the session',
    bug: requests(unnamed('select set_config($1, $2, false)', ['app.tenant', 'acme'])),
    safe: requests(
      unnamed('begin'),
      unnamed('select set_config($1, $2, true)', ['app.tenant', 'acme']),
      unnamed('commit'),
    ),
  },
  {
    hazard: 'set-in-committed-tx',
    title: 'SET without LOCAL in a transaction',
    bug: sql('begin', `set lock_timeout = '1s'`, 'commit'),
    safe: sql('begin', `set local lock_timeout = '1s'`, 'commit'),
  },
  {
    hazard: 'set-local-outside-tx',
    title: 'SET LOCAL in autocommit',
    bug: sql(`set local work_mem = '7MB'`),
    safe: sql('begin', `set local work_mem = '7MB'`, 'commit'),
  },
  {
    hazard: 'guc-empty-string',
    title: `a setting that reads as ''`,
    options: { schedule: 'one-backend' },
    bug: sql(`begin; select set_config('app.id', '7', true); commit`, `select current_setting('app.id', true)::int`),
    safe: sql(
      `begin; select set_config('app.id', '7', true); commit`,
      `select nullif(current_setting('app.id', true), '')::int`,
    ),
  },
  {
    hazard: 'set-role',
    title: 'SET ROLE',
    bug: sql('set role pg_monitor'),
    safe: sql('begin; set local role pg_monitor; select 1; commit'),
  },
  {
    hazard: 'session-characteristics',
    title: 'read-only for the session',
    bug: sql('set session characteristics as transaction read only'),
    safe: sql('begin read only; select 1; commit'),
  },
  {
    hazard: 'dangerous-guc',
    title: 'foreign keys off',
    bug: sql('set session_replication_role = replica'),
    safe: harmless,
  },
  {
    hazard: 'alter-role-delayed',
    title: 'ALTER ROLE SET as a cure',
    bug: sql(`alter role pg_monitor set work_mem = '8MB'`, 'alter role pg_monitor reset work_mem'),
    safe: sql(`begin; set local work_mem = '8MB'; select 1; commit`),
  },
  {
    hazard: 'hidden-in-routine',
    title: 'a function that sets for the session',
    bug: sql('select remember_tenant()'),
    safe: sql('begin; select keep_tenant_local(); commit'),
  },
  {
    hazard: 'set-constraints',
    title: 'SET CONSTRAINTS in autocommit',
    bug: sql('set constraints all deferred'),
    safe: sql('begin; set constraints all deferred; select 1; commit'),
  },
  {
    hazard: 'reset-in-finally',
    title: 'resetting in an aborted transaction',
    bug: sql('begin', 'select 1/0', `select set_config('app.tenant', '', true)`, 'rollback'),
    safe: sql('begin', 'select 1/0', 'rollback'),
  },
  // C: objects and locks
  { hazard: 'listen', title: 'LISTEN', bug: sql('listen news'), safe: sql(`notify news, 'hello'`) },
  {
    hazard: 'advisory-session-lock',
    title: 'a session lock',
    bug: sql('select pg_advisory_lock(42)'),
    safe: sql('begin; select pg_advisory_xact_lock(42); select 1; commit'),
  },
  {
    hazard: 'temp-table',
    title: 'a temporary table',
    bug: sql('create temp table scratch (id int)'),
    safe: sql('begin; create temp table scratch (id int) on commit drop; select from scratch; commit'),
  },
  {
    hazard: 'with-hold-cursor',
    title: 'WITH HOLD',
    bug: sql('declare c cursor with hold for select 1'),
    safe: sql('begin; declare c cursor for select 1; fetch c; commit'),
  },
  {
    hazard: 'declare-outside-tx',
    title: 'a cursor in autocommit',
    bug: sql('declare c cursor for select 1'),
    safe: sql('begin', 'declare c cursor for select 1', 'fetch c', 'commit'),
  },
  {
    hazard: 'portal-pinning',
    title: 'a portal left half read',
    options: { idleInTransactionMs: 50 },
    bug: (url) =>
      using(url, async (client) => {
        client.write(send.parse('select generate_series(1, 9)'), send.bind(), send.execute('', 2), send.flush())
        await client.seen('s')
        await new Promise((resolve) => setTimeout(resolve, 150))
        await client.ask(send.sync())
      }),
    safe: (url) =>
      using(url, async (client) => {
        client.write(send.parse('select generate_series(1, 9)'), send.bind(), send.execute('', 2), send.flush())
        await client.seen('s')
        await client.ask(send.execute('', 2), send.sync())
      }),
  },
  {
    hazard: 'currval-lastval',
    title: 'lastval in a statement of its own',
    bug: sql(`insert into item (tenant) values ('a')`, 'select lastval()'),
    safe: sql(`insert into item (tenant) values ('a') returning id`),
  },
  { hazard: 'load-and-libs', title: 'setseed', bug: sql('select setseed(0.5)'), safe: sql('select random()') },
  {
    hazard: 'dblink-fdw-session',
    title: 'a named dblink connection',
    bug: (url) => sql(`select dblink_connect('mine', '${database.directUrl}')`)(url, undefined as never),
    safe: sql(`select 1`),
  },
  {
    hazard: 'temp-repl-slot',
    title: 'a temporary replication slot',
    bug: sql(`select pg_create_physical_replication_slot('planted', false, true)`),
    safe: sql('select count(*) from pg_replication_slots'),
  },
  {
    hazard: 'snapshot-export',
    title: 'a snapshot exported in autocommit',
    bug: sql('select pg_export_snapshot()'),
    safe: sql('begin isolation level repeatable read', 'select pg_export_snapshot()', 'commit'),
  },
  {
    hazard: 'large-objects',
    title: 'a descriptor in autocommit',
    bug: sql(`select lo_open(lo_create(0), 131072)`),
    safe: sql('begin', `select lo_open(lo_create(0), 131072)`, 'rollback'),
  },
  {
    hazard: 'backend-identity',
    title: 'cancelling a process id read before',
    bug: sql('select pg_cancel_backend(1)'),
    safe: sql('select pg_backend_pid()'),
  },
  // D: transactions
  {
    hazard: 'leaked-open-tx',
    title: 'leaving with the transaction open',
    bug: sql('begin', `insert into item (tenant) values ('lost')`),
    safe: sql('begin', `insert into item (tenant) values ('kept')`, 'commit'),
  },
  {
    hazard: 'commit-became-rollback',
    title: 'COMMIT of an aborted transaction',
    bug: sql('begin', 'select 1/0', 'commit'),
    safe: sql('begin', 'select 1/0', 'rollback'),
  },
  {
    hazard: 'commit-outside-tx',
    title: 'COMMIT without a transaction',
    bug: sql('commit'),
    safe: sql('begin', 'commit'),
  },
  {
    hazard: 'already-in-tx',
    title: 'BEGIN twice',
    bug: sql('begin', 'begin', 'rollback'),
    safe: sql('begin', 'savepoint inner_one', 'rollback'),
  },
  {
    hazard: 'multi-statement-simple',
    title: 'a transaction that ends in the middle of a message',
    bug: sql(`insert into item (tenant) values ('a'); commit; select 1`),
    safe: sql(`begin; insert into item (tenant) values ('a'); commit`),
  },
  {
    hazard: 'idle-in-tx',
    title: 'thinking inside a transaction',
    options: { idleInTransactionMs: 50 },
    bug: (url) =>
      using(url, async (client) => {
        await client.ask(send.query('begin'))
        await new Promise((resolve) => setTimeout(resolve, 150))
        await client.ask(send.query('commit'))
      }),
    safe: sql('begin', 'select 1', 'commit'),
  },
  {
    hazard: 'savepoint-misuse',
    title: 'SAVEPOINT in autocommit',
    bug: sql('savepoint here'),
    safe: sql('begin', 'savepoint here', 'release here', 'commit'),
  },
  {
    hazard: 'autocommit-locks',
    title: 'FOR UPDATE in autocommit',
    bug: sql('select * from item for update'),
    safe: sql('begin', 'select * from item for update', 'commit'),
  },
  {
    hazard: 'statement-mode',
    title: 'BEGIN in statement mode',
    options: { profile: 'pgbouncer-statement' },
    bug: sql('begin'),
    safe: sql('begin; select 1; commit'),
  },
  // E: pipelining
  {
    hazard: 'sync-pipelining',
    title: 'a second request before the first is answered',
    bug: (url) =>
      using(url, async (client) => {
        client.write(unnamed('select pg_sleep(0.05)'), unnamed('select 2'))
        await client.answer()
        await client.answer()
      }),
    safe: requests(unnamed('select 1'), unnamed('select 2')),
  },
  {
    hazard: 'split-frames',
    title: 'a write that starts with Sync',
    bug: (url) =>
      using(url, async (client) => {
        client.write(send.parse('select 1'), send.bind(), send.execute(), send.flush())
        await client.seen('C')
        client.write(send.sync(), unnamed('select 2'))
        await client.answer()
        await client.answer()
      }),
    safe: requests(unnamed('select 1'), unnamed('select 2')),
  },
  // F: connection set-up
  {
    hazard: 'startup-param-rejected',
    title: 'statement_timeout at start-up',
    bug: login({ statement_timeout: '5000' }),
    safe: sql(`begin; set local statement_timeout = 5000; select 1; commit`),
  },
  {
    hazard: 'startup-param-ignored',
    title: 'statement_timeout that is dropped',
    options: { profile: 'supavisor-2.9' },
    bug: login({ statement_timeout: '5000' }),
    safe: sql(`begin; set local statement_timeout = 5000; select 1; commit`),
  },
  {
    hazard: 'search-path-startup',
    title: 'search_path at start-up',
    bug: login({ search_path: 'mine' }),
    safe: sql('select * from public.item'),
  },
  { hazard: 'url-flag-folklore', title: '?pgbouncer=true', bug: login({ pgbouncer: 'true' }), safe: login({}) },
  {
    hazard: 'replication-connection',
    title: 'a replication connection',
    bug: login({ replication: 'database' }),
    safe: login({}),
  },
  {
    hazard: 'client-encoding-datestyle',
    title: 'DateStyle where it does not follow',
    options: { profile: 'supavisor-2.9' },
    bug: sql(`set datestyle = 'German'`),
    safe: sql(`begin; set local datestyle = 'German'; select 1; commit`),
  },
  // G, H, I, J
  {
    hazard: 'double-pool-sizing',
    title: 'more clients than the pooler takes',
    options: { maxClients: 2 },
    bug: async (url) => {
      const clients = await Promise.allSettled([1, 2, 3].map(() => RawClient.connect(url)))
      for (const one of clients) if (one.status === 'fulfilled') await one.value.end()
    },
    safe: login({}),
  },
  {
    hazard: 'checkout-timeouts',
    title: 'waiting longer for a backend than the pooler allows',
    options: { poolSize: 1, queryWaitTimeoutMs: 50 },
    bug: (url) =>
      using(url, async (holder) => {
        await holder.ask(send.query('begin'))
        const waiter = await RawClient.connect(url)
        await waiter.ask(send.query('select 1')).catch(() => undefined)
        await holder.ask(send.query('commit'))
      }),
    safe: sql('begin', 'commit'),
  },
  {
    hazard: 'query-timeout-client-only',
    title: 'hanging up on a running statement',
    bug: async (url, pooler) => {
      const client = await RawClient.connect(url)
      client.write(send.query('select pg_sleep(0.3)'))
      await expect.poll(() => pooler.recording.statements({ sql: 'pg_sleep' }).length).toBe(1)
      client.socket.destroy()
      await expect.poll(() => pooler.clients()).toBe(0)
    },
    safe: sql('begin', 'set local statement_timeout = 10', 'select pg_sleep(0.3)', 'rollback'),
  },
  {
    hazard: 'ambiguous-commit',
    title: 'hanging up on a COMMIT',
    bug: async (url, pooler) => {
      const client = await RawClient.connect(url)
      await client.ask(send.query('begin'))
      client.write(send.query('select pg_sleep(0.3); commit'))
      await expect.poll(() => pooler.recording.statements({ sql: 'commit' }).length).toBe(1)
      client.socket.destroy()
      await expect.poll(() => pooler.clients()).toBe(0)
    },
    safe: sql('begin', 'select 1', 'commit'),
  },
  {
    hazard: 'cancel-race',
    title: 'cancelling long after the end',
    options: { lateCancelMs: 20 },
    bug: (url, pooler) =>
      using(url, async (client) => {
        await client.value('select 1')
        await new Promise((resolve) => setTimeout(resolve, 50))
        await cancel(client, pooler)
      }),
    safe: (url, pooler) =>
      using(url, async (client) => {
        const answer = client.ask(send.query('select pg_sleep(60)'))
        await expect.poll(() => pooler.recording.statements({ sql: 'pg_sleep' }).length).toBe(1)
        await cancel(client, pooler)
        await answer
      }),
  },
  {
    hazard: 'cancel-key-cleartext',
    title: 'a cancel in clear for a client over TLS',
    options: { tls: 'self-made', lateCancelMs: 60_000 },
    bug: (url, pooler) => overTls(url, (client) => cancel(client, pooler)),
    safe: (url, pooler) => overTls(url, (client) => cancelOverTls(client, pooler)),
  },
  {
    hazard: 'copy',
    title: 'COPY FROM STDIN with a driver that has nothing to send',
    bug: async (url) => {
      const client = new pg.Client(url)
      await client.connect()
      await client.query('copy item (tenant) from stdin').catch(() => undefined)
      await client.end()
    },
    safe: sql(`insert into item (tenant) values ('a'), ('b')`),
  },
  {
    hazard: 'two-phase',
    title: 'PREPARE TRANSACTION',
    bug: sql('begin', `prepare transaction 'planted'`, 'rollback'),
    safe: sql('begin', 'commit'),
  },
  { hazard: 'long-statements', title: 'VACUUM through the pooler', bug: sql('vacuum item'), safe: harmless },
  {
    hazard: 'jwt-string-interpolation',
    title: 'claims in the text',
    bug: sql(`begin; select set_config('request.jwt.claims', '{"sub":"1"}', true); commit`),
    safe: requests(
      unnamed('begin'),
      unnamed('select set_config($1, $2, true)', ['request.jwt.claims', '{"sub":"1"}']),
      unnamed('commit'),
    ),
  },
  {
    hazard: '25p02-cascade',
    title: 'going on in an aborted transaction',
    bug: sql('begin', 'select 1/0', 'select 1', 'rollback'),
    safe: sql('begin', 'select 1/0', 'rollback'),
  },
  {
    hazard: '26000-retry',
    title: 'parsing again in the transaction that the missing statement aborted',
    bug: requests(unnamed('begin'), bindNamed('gone'), named('gone', 'select 1'), send.query('rollback')),
    safe: requests(unnamed('begin'), unnamed('select 1'), unnamed('rollback')),
  },
]

async function judge(steps: Steps, options: Partial<StartPoolerOptions> = {}): Promise<Pooler> {
  const pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, seed: 3, audit: 'every', ...options })
  await steps(pooler.url, pooler)
  await pooler.settle()
  return pooler
}

describe('a planted bug is reported with the id of its hazard', () => {
  test.for(planted)('$hazard: $title', async ({ hazard, bug, options }) => {
    await using pooler = await judge(bug, options)
    const found = pooler.violations().map((violation) => violation.hazard)
    expect(found).toContain(hazard)
  })
})

describe('the same written safely is not reported', () => {
  test.for(planted)('$hazard: $title', async ({ safe, options }) => {
    await using pooler = await judge(safe, options)
    expect(pooler.violations().map(({ hazard, summary, sql: text }) => ({ hazard, summary, text }))).toEqual([])
  })
})

/** What the messages of one client and its backends cannot show, by the reason why. */
const notPlanted: Readonly<Record<string, readonly HazardId[]>> = {
  'happens inside the program: on the wire it is two clients, or one that queues, and nothing is wrong with either': [
    'begin-on-pool-query',
    'query-escapes-tx',
    'parallel-in-tx',
    'begin-not-reserved',
    'keep-result-order',
    'checkout-leak',
    'on-connect-setup',
    'pool-error-unhandled',
    'allow-exit-on-idle',
    'fatal-misattribution',
    'error-detail-leak',
  ],
  'is a retry: what is sent again looks like what somebody else sends': ['retry-inside-tx', 'retry-storms'],
  'is a matter of how clients come and go over hours': [
    'fetch-types-on-connect',
    'idle-timeouts-mismatch',
    'serverless-freeze',
    'max-uses-and-lifetime-churn',
  ],
  'is what a pooler or its operator does, and no fault of a client': [
    'read-your-writes',
    'error-skip-until-sync',
    'param-status-stale',
    'overloaded-sqlstate',
    'pooler-restart',
    'dirty-backend-fatal',
    'attribution',
    'pooler-cves',
  ],
  'is decided by the address and the options of a client, before a message is sent: lint and doctor look at those': [
    'wrong-port',
    'tenant-routing',
    'tls-downgrade',
    'scram-channel-binding',
    'shared-pool-user',
    'pooler-detection',
  ],
  'is what residue of a role, a setting or a search path leads to: the residue is charged, under its own hazard': [
    'tenant-context-leak',
    'search-path-hijack',
  ],
  'is the audit itself': ['dirty-backend-audit'],
}

test('every hazard of the catalogue is planted, or it is said why it cannot be', () => {
  const excused = Object.values(notPlanted).flat()
  const known = [...new Set(planted.map(({ hazard }) => hazard)), ...excused]
  expect(known.toSorted()).toEqual(Object.values(hazardIds).toSorted())
})

test('at least forty classes are planted, each of them in the catalogue', () => {
  const ids = new Set(planted.map(({ hazard }) => hazard))
  expect(ids.size).toBeGreaterThanOrEqual(40)
  for (const id of ids) expect(Object.values(hazardIds)).toContain(id)
})
