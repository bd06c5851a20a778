import type { HazardGroupText } from './entry.ts'

/** Session settings. */
export const groupB: HazardGroupText<'B'> = {
  B1: {
    title: 'SET or RESET for the session',
    severity: 'leak',
    summary:
      'The setting stays on the backend, which goes to another client, while your next statement may run on a backend that never saw it. Tenant ids, timeouts, search paths and isolation levels reach strangers this way.',
    symptoms: [
      { pattern: 'canceling statement due to statement timeout', sqlState: '57014' },
      { pattern: 'relation ".+" does not exist', sqlState: '42P01' },
      { pattern: '\\(ESETNOTALLOWED\\)', sqlState: 'XX000' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'leak',
        note: 'TimeZone and application_name follow the client (1.18 leaks application_name, too); timeouts, search_path, read-only and custom settings leak.',
        evidence: 'measured',
      },
      {
        pooler: 'supavisor',
        versions: '2.9.10 and main',
        outcome: 'leak',
        note: 'Everything leaks, nothing follows the client. A per-tenant refusal is proposed in #1113.',
        evidence: 'measured',
      },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      {
        pooler: 'odyssey',
        versions: '1.5.1, code defaults (discard on)',
        outcome: 'ignored',
        note: 'No leak, but the setting is lost except for the few parameters Odyssey keeps.',
        evidence: 'measured',
      },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'leak', evidence: 'measured' },
      { pooler: 'pgdog', outcome: 'safe', note: 'Tracked per client and replayed.', evidence: 'documented' },
      {
        pooler: 'pgcat',
        outcome: 'ignored',
        note: 'Reset when the backend is returned, unless it was set inside a transaction.',
        evidence: 'source',
      },
      { pooler: 'rds-proxy', outcome: 'safe', note: 'Pins the backend.', evidence: 'documented' },
      {
        pooler: 'edb-pgd',
        versions: '6.4',
        outcome: 'ignored',
        note: 'Runs DISCARD ALL when the backend is returned: lost, not leaked.',
        evidence: 'documented',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `set statement_timeout = '5s'`,
        good: `begin; set local statement_timeout = '5s'; select count(*) from orders; commit`,
        note: 'Use SET LOCAL inside a transaction, or set_config(name, value, true) with bound values. A function can carry its own settings in its SET clause.',
      },
      {
        language: 'sql',
        good: `alter role app set statement_timeout = '5s'`,
        note: 'For a default that is the same for everybody, set it on the role; only backends opened later have it.',
      },
    ],
    evidence: ['pgbouncer/pgbouncer#976', 'pgbouncer/pgbouncer#452', 'pgdogdev/pgdog#3', 'supabase/supavisor#1113'],
    detectedBy: ['sql-text', 'typescript', 'reply', 'probe'],
  },
  B2: {
    title: 'set_config() for the session',
    severity: 'leak',
    summary:
      'With anything but true as its third argument, set_config is SET in the guise of a SELECT. It leaks alike, and poolers that look at command tags cannot see it.',
    symptoms: [],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'leak', evidence: 'measured' },
      {
        pooler: 'pgdog',
        outcome: 'leak',
        note: 'Sees only a lone call with constant arguments; bound values pass untracked.',
        evidence: 'source',
      },
      { pooler: 'pgcat', outcome: 'leak', note: 'The command tag says SELECT.', evidence: 'source' },
      {
        pooler: 'multigres',
        outcome: 'safe',
        note: 'Tracked, or rejected where it cannot be.',
        evidence: 'documented',
      },
      { pooler: 'any', outcome: 'leak', note: 'Wherever a session SET leaks.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `select set_config('app.tenant', $1, false)`,
        good: `begin; select set_config('app.tenant', '42', true); select id from orders; commit`,
        note: 'Pass the literal true as third argument, inside a transaction.',
      },
    ],
    evidence: ['PgBouncer 1.25.2', 'pgdog at b4601264', 'pgcat at 5b03881'],
    detectedBy: ['sql-text', 'probe'],
  },
  B3: {
    title: 'Plain SET inside a transaction',
    severity: 'leak',
    summary:
      'A SET without LOCAL outlives the COMMIT and goes to the next client; after a ROLLBACK it is gone. So it leaks only when everything went well.',
    symptoms: [],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.25.2', outcome: 'leak', evidence: 'measured' },
      {
        pooler: 'pgcat',
        outcome: 'leak',
        note: 'Its clean-up does not look for SET inside transactions.',
        evidence: 'source',
      },
      { pooler: 'any', outcome: 'leak', note: 'Wherever a session SET leaks.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `begin; set search_path = tenant_a; select id from orders; commit`,
        good: `begin; set local search_path = tenant_a; select id from orders; commit`,
        note: 'Write SET LOCAL instead of SET.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#594'],
    detectedBy: ['sql-text', 'reply', 'probe'],
  },
  B4: {
    title: 'SET LOCAL outside a transaction',
    severity: 'leak',
    summary:
      'SET LOCAL in autocommit has no effect beyond a warning nobody reads; set_config(…, true) does not even warn. The statements after it run without tenant, role or timeout, and a policy that allows an empty tenant then shows every row.',
    symptoms: [
      { pattern: 'SET LOCAL can only be used in transaction blocks', sqlState: '25P01' },
      { pattern: 'SET TRANSACTION can only be used in transaction blocks', sqlState: '25P01' },
    ],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'ignored',
        note: 'PostgreSQL itself; measured directly and through PgBouncer 1.25.2.',
        evidence: 'measured',
      },
      {
        pooler: 'pgdog',
        outcome: 'leak',
        note: 'Read in source: kept as a setting of the client, whatever LOCAL says. What follows from it was not run.',
        evidence: 'inferred',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `select set_config('app.tenant', $1, true)`,
        good: `begin; select set_config('app.tenant', '42', true); select id from orders; commit`,
        note: 'Set it inside the transaction whose statements need it. Two queries on a pool are two transactions, even one after the other.',
      },
    ],
    evidence: ['PostgreSQL 15.20', 'pgdog at b4601264'],
    detectedBy: ['sql-text', 'typescript', 'reply'],
  },
  B5: {
    title: 'Custom setting that becomes an empty string',
    severity: 'leak',
    summary:
      'Once any transaction has set a custom setting, the backend answers an empty string instead of NULL after it. Policies that test for NULL or cast the value behave differently by what strangers did before.',
    symptoms: [
      { pattern: 'invalid input syntax for type (integer|bigint|uuid): ""', sqlState: '22P02' },
      { pattern: 'unrecognized configuration parameter "[^"]+\\.[^"]+"', sqlState: '42704' },
    ],
    behaviour: [
      {
        pooler: 'any',
        outcome: 'wrong',
        note: 'PostgreSQL itself; the pooler hands out backends with different pasts.',
        evidence: 'measured',
      },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `create policy tenant on orders using (tenant = current_setting('app.tenant', true)::uuid)`,
        good: `create policy tenant on orders using (tenant = nullif(current_setting('app.tenant', true), '')::uuid)`,
        note: "Wrap every read in a policy: `nullif(current_setting(name, true), '')`.",
      },
    ],
    evidence: ['mavedb-api#808', 'PostgreSQL 15.20'],
    detectedBy: ['probe'],
  },
  B6: {
    title: 'SET ROLE for the session',
    severity: 'leak',
    summary:
      'The role stays on the backend and the next client runs as somebody else. RESET ALL does not undo it; only RESET ROLE or DISCARD ALL do.',
    symptoms: [{ pattern: 'permission denied for (table|relation|schema|function|view|sequence) ', sqlState: '42501' }],
    behaviour: [
      { pooler: 'pgbouncer', versions: '1.18 and 1.25.2', outcome: 'leak', evidence: 'measured' },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, code defaults', outcome: 'ignored', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'leak', evidence: 'measured' },
      { pooler: 'pgdog', outcome: 'leak', note: 'Its clean-up left the role; #1444 was open.', evidence: 'reported' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `set role reporting`,
        good: `begin; set local role reporting; select count(*) from orders; commit`,
        note: "Use SET LOCAL ROLE, or set_config('role', $1, true), inside a transaction. For real separation log in as another user: that is another pool.",
      },
    ],
    evidence: ['pgdogdev/pgdog#1341', 'pgdogdev/pgdog#1444', 'pgaudit/set_user#87'],
    detectedBy: ['sql-text', 'reply', 'probe'],
  },
  B7: {
    title: 'Transaction defaults for the session',
    severity: 'error',
    summary:
      'SET SESSION CHARACTERISTICS and default_transaction_… change the transactions of whoever gets the backend next: their writes are refused, or they meet serialization failures they do not expect.',
    symptoms: [
      { pattern: 'cannot execute .+ in a read-only transaction', sqlState: '25006' },
      { pattern: 'could not serialize access', sqlState: '40001' },
    ],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.18 and 1.25.2',
        outcome: 'leak',
        note: 'default_transaction_read_only reaches other clients.',
        evidence: 'measured',
      },
      { pooler: 'supavisor', versions: '2.9.10 and main', outcome: 'leak', evidence: 'measured' },
      { pooler: 'odyssey', versions: '1.5.1, discard off', outcome: 'leak', evidence: 'measured' },
      { pooler: 'pgagroal', versions: '1.6.0', outcome: 'leak', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'set session characteristics as transaction read only',
        good: 'begin isolation level repeatable read read only; select count(*) from orders; commit',
        note: 'State isolation level and access mode in BEGIN.',
      },
    ],
    evidence: ['pgdogdev/pgdog#686'],
    detectedBy: ['sql-text', 'probe'],
  },
  B8: {
    title: 'Setting whose leak corrupts data',
    severity: 'loss',
    summary:
      'Some settings switch off foreign keys, triggers, durability or row security, or change how values are read. When one of them leaks, strangers write orphan rows or lose commits; even locally it deserves a second look.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'After session_replication_role=replica another client inserted an orphan row.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'leak', note: 'Wherever a session SET leaks.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: 'begin; set local session_replication_role = replica; insert into orders (id) values (1); commit',
        good: 'begin; set constraints all deferred; insert into orders (id) values (1); commit',
        note: 'Load data in an order that keeps the constraints, or make them deferrable; where the setting is needed, use SET LOCAL on a direct connection.',
      },
    ],
    evidence: ['@mikro-orm/postgresql 6.6'],
    detectedBy: ['sql-text', 'probe'],
  },
  B9: {
    title: 'ALTER ROLE or DATABASE SET that comes late',
    severity: 'wrong',
    summary:
      'A default set on a role or database holds for backends opened afterwards. The pooler keeps the old ones for an hour or more, and clients meet both values.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'wrong',
        note: 'Old value until server_lifetime (3600 s), RECONNECT or a restart.',
        evidence: 'measured',
      },
      { pooler: 'any', outcome: 'wrong', note: 'Wherever backends are kept.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `alter role app set statement_timeout = '7s'`,
        note: 'Make the pooler open new backends afterwards (RECONNECT in PgBouncer, a restart elsewhere), and check the value on several of them.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'probe'],
  },
  B10: {
    title: 'Session state changed inside a routine',
    severity: 'leak',
    summary:
      'A function, procedure, trigger or DO block sets a session setting or takes a session lock. The calling text shows nothing of it, and no pooler sees it.',
    symptoms: [],
    behaviour: [
      {
        pooler: 'pgbouncer',
        versions: '1.25.2',
        outcome: 'leak',
        note: 'set_config in PL/pgSQL, SET in DO, an advisory lock in a SQL function: all stay.',
        evidence: 'measured',
      },
      { pooler: 'multigres', outcome: 'leak', evidence: 'documented' },
      { pooler: 'any', outcome: 'leak', note: 'Wherever a session SET leaks.', evidence: 'inferred' },
    ],
    alternatives: [
      {
        language: 'sql',
        bad: `do $$ begin perform set_config('app.tenant', '42', false); end $$`,
        good: `begin; select set_config('app.tenant', '42', true); select id from orders; commit`,
        note: 'Use set_config(…, true) or the SET clause of the function, and transaction-level locks, inside routines. An audit of the backends finds those that do not.',
      },
    ],
    evidence: ['PgBouncer 1.25.2'],
    detectedBy: ['sql-text', 'probe'],
  },
  B11: {
    title: 'SET CONSTRAINTS outside a transaction',
    severity: 'wrong',
    summary:
      'Outside a transaction SET CONSTRAINTS only warns. The checks that should wait for COMMIT run at once, statement by statement.',
    symptoms: [{ pattern: 'SET CONSTRAINTS can only be used in transaction blocks', sqlState: '25P01' }],
    behaviour: [{ pooler: 'any', outcome: 'ignored', note: 'PostgreSQL itself.', evidence: 'documented' }],
    alternatives: [
      {
        language: 'sql',
        bad: 'set constraints all deferred',
        good: 'begin; set constraints all deferred; update nodes set parent = 2 where id = 1; commit',
        note: 'Send it inside the transaction whose checks it defers.',
      },
    ],
    evidence: ['PostgreSQL documentation: SET CONSTRAINTS'],
    detectedBy: ['sql-text', 'typescript', 'reply'],
  },
  B12: {
    title: 'Resetting local state in finally',
    severity: 'wrong',
    summary:
      'After an error the transaction is aborted, so the query in the finally block fails as well and its error hides the real one. The reset is needless: local settings end with the transaction.',
    symptoms: [{ pattern: 'current transaction is aborted, commands ignored', sqlState: '25P02' }],
    behaviour: [
      { pooler: 'any', outcome: 'wrong', note: 'The caller saw 25P02 instead of 22012.', evidence: 'measured' },
    ],
    alternatives: [
      {
        language: 'ts',
        bad: `try { await work(tx) } finally { await tx.query("select set_config('app.tenant', null, true)") }`,
        good: `await work(tx)`,
        note: 'Leave the reset out: what was set locally is gone when the transaction ends.',
      },
    ],
    evidence: ['drizzle-team/drizzle-orm#4313'],
    detectedBy: ['typescript', 'reply'],
  },
}
