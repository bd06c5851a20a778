import type { ProfileName } from '@pooler-safe/testkit'
import type { Subject } from './subjects.ts'

type Answers = Partial<Record<ProfileName, string>>

/** What cannot be asked in statement mode. */
export const needsTransaction = 'cannot be asked: transactions are refused'

/** The same answer from every pooler, apart from some. */
const all = (answer: string, others: Answers = {}): Answers => ({
  'pgbouncer-1.18': answer,
  'pgbouncer-1.25': answer,
  'pgbouncer-statement': needsTransaction,
  'supavisor-2.9': answer,
  'supavisor-named': answer,
  odyssey: answer,
  pgagroal: answer,
  ...others,
})

/** As `all`, for questions that need no transaction. */
const everywhere = (answer: string, others: Answers = {}): Answers =>
  all(answer, { 'pgbouncer-statement': answer, ...others })

function without(profile: ProfileName, answers: Answers): Answers {
  return Object.fromEntries(Object.entries(answers).filter(([name]) => name !== profile))
}

const missing = (name: string): string => `ERROR 26000: prepared statement "${name}" does not exist`
const onlySimple =
  'FATAL XX000: (EPSSIMPLEQUERY) transaction mode only supports prepared statements using the Extended Query Protocol, closed'
const oneOfTwo = (error: string): string => `1 × ${error}; 1 × ok`
const unsupported = (what: string): string => `refused: FATAL 08P01: unsupported startup parameter${what}`
const everySetting =
  'statement_timeout, search_path, timezone, application_name, default_transaction_read_only, myapp.tenant'
const collision = oneOfTwo('ERROR 42P05: prepared statement "same" already exists')
const blocksRefused = 'FATAL 08P01: transaction blocks not allowed in statement pooling mode, closed'
const checkoutTimeout =
  'FATAL XX000: (ECHECKOUTTIMEOUT) unable to check out connection from the pool after 1000ms in Transaction mode'
const saslFailed = 'FATAL 08P01: SASL authentication failed'
const wrongPassword = 'FATAL 28P01: password authentication failed for user "postgres"'
const defaultPath = 'accepted, reads back ""$user", public"'

/**
 * What the real poolers answered, by probe: PostgreSQL 15.20 on loopback, the versions that the profiles name. Measured
 * with four backends and written here for two. A profile that is missing was not asked.
 */
export const measured: Readonly<Record<string, Answers>> = {
  'named statement, next transaction elsewhere': all(missing('mine'), {
    'pgbouncer-1.25': 'ok',
    'supavisor-named': 'ok',
  }),
  'same statement name, other client': all(collision, { 'pgbouncer-1.25': '2 × ok', 'supavisor-named': '2 × ok' }),
  'Bind of a name only another client parsed': all(`1 × ${missing('theirs')}; 1 × runs the statement of A`, {
    'pgbouncer-1.25': '2 × FATAL 08P01: prepared statement did not exist, closed',
    'supavisor-named': '2 × FATAL 26000: (EPREPAREDNOTFOUND) prepared statement "theirs" does not exist, closed',
  }),
  'unnamed statement across a Sync': everywhere('runs the statement of a stranger'),
  'Parse, Describe, Flush, then Bind': everywhere('ok'),
  'SQL PREPARE': everywhere('ok', { 'supavisor-named': onlySimple }),
  'SQL EXECUTE by others': all(oneOfTwo(missing('p')), { 'supavisor-named': `2 × ${onlySimple}` }),
  'settings that reach strangers': all(everySetting, {
    'pgbouncer-1.18': 'statement_timeout, search_path, application_name, default_transaction_read_only, myapp.tenant',
    'pgbouncer-1.25': 'statement_timeout, search_path, default_transaction_read_only, myapp.tenant',
  }),
  'settings that follow their client': all('none', {
    'pgbouncer-1.18': 'timezone, application_name',
    'pgbouncer-1.25': 'timezone, application_name',
    odyssey: 'timezone, application_name, default_transaction_read_only',
  }),
  'SET LOCAL': all('0 backends'),
  'start-up statement_timeout': everywhere(unsupported(': statement_timeout'), {
    'supavisor-2.9': 'accepted, reads back "0"',
    'supavisor-named': 'accepted, reads back "0"',
    odyssey: 'accepted, reads back "7777ms"',
    pgagroal: 'accepted, reads back "0"',
  }),
  'start-up statement_timeout, for later clients': everywhere('the login is refused', {
    odyssey: '7777ms',
    'supavisor-2.9': '0',
    'supavisor-named': '0',
    pgagroal: '0',
  }),
  'start-up options': everywhere(unsupported(' in options: search_path'), {
    'pgbouncer-1.18': unsupported(': options'),
    'supavisor-2.9': 'accepted, reads back "optx"',
    'supavisor-named': 'accepted, reads back "optx"',
    odyssey: 'accepted, reads back "optx"',
    pgagroal: defaultPath,
  }),
  'start-up search_path': everywhere(unsupported(': search_path'), {
    'supavisor-2.9': 'accepted, reads back "spx"',
    'supavisor-named': 'accepted, reads back "spx"',
    odyssey: 'accepted, reads back "spx"',
    pgagroal: defaultPath,
  }),
  'start-up extra_float_digits': everywhere('accepted, reads back "1"', {
    'pgbouncer-1.18': unsupported(': extra_float_digits'),
    'pgbouncer-1.25': unsupported(': extra_float_digits'),
    'pgbouncer-statement': unsupported(': extra_float_digits'),
  }),
  'start-up application_name': everywhere('accepted, reads back "app_zz"', {
    'supavisor-2.9': 'accepted, reads back "Supavisor"',
    'supavisor-named': 'accepted, reads back "Supavisor"',
    pgagroal: 'accepted, reads back "pgagroal"',
  }),
  'application_name of a client that set none': all('the one of A', {
    'pgbouncer-1.25': '""',
    'supavisor-2.9': '"Supavisor"',
    'supavisor-named': '"Supavisor"',
    pgagroal: '"pgagroal"',
  }),
  LISTEN: all('1 of 2'),
  'session advisory lock, unlock elsewhere': all('f, 01000'),
  'session advisory lock, other client on that backend': all('1 of 2'),
  'temporary table': all(oneOfTwo('ERROR 42P01: relation "left_behind" does not exist')),
  'WITH HOLD cursor': all(oneOfTwo('ERROR 34000: cursor "left_behind" does not exist')),
  'SET ROLE': all('1 of 2'),
  'two Syncs in flight': everywhere('ok / ok', { 'supavisor-2.9': 'ok / hangs', pgagroal: 'ok / hangs' }),
  'cancel of an idle client': all('ok', { pgagroal: 'ERROR 57014: canceling statement due to user request' }),
  'client vanishes in a transaction': all('backend closed', { odyssey: 'rolled back, backend kept' }),
  'pool exhausted': all('FATAL 08P01: query_wait_timeout', {
    'supavisor-2.9': checkoutTimeout,
    'supavisor-named': checkoutTimeout,
    odyssey: 'FATAL 53300: odyssey: c: too many active clients for user (pool_size for user postgres.DB reached 2)',
    pgagroal: 'waits',
  }),
  BEGIN: everywhere('ok', { 'pgbouncer-statement': blocksRefused }),
  'begin … commit in one message': everywhere('ok'),
  'DEALLOCATE ALL by another client': all(missing('kept'), { 'pgbouncer-1.25': 'ok', 'supavisor-named': 'ok' }),
  'DDL changes a prepared SELECT *': without(
    'pgbouncer-statement',
    all('ERROR 0A000: cached plan must not change result type'),
  ),
  '101 statement names on one client': {},
  'error outside a transaction': everywhere('ERROR 22012: division by zero; then ok'),
  'wrong password': everywhere(saslFailed, {
    'supavisor-2.9': wrongPassword,
    'supavisor-named': wrongPassword,
    odyssey: 'FATAL 28000: odyssey: c: password authentication failed for user "postgres"',
    pgagroal: 'closed',
  }),
  'unknown database': everywhere('FATAL 3D000: database "nosuchdb" does not exist', {
    'pgbouncer-1.18': 'FATAL 08P01: database "nosuchdb" does not exist',
    odyssey: `ERROR 3D000: odyssey: c: route for 'nosuchdb.postgres' is not found`,
  }),
  'idle backend killed': everywhere('ok', {
    pgagroal: 'FATAL 57P01: terminating connection due to administrator command, closed',
  }),
  'backend killed in a transaction': all('FATAL 57P01: terminating connection due to administrator command, closed'),
  'same statement name, next client on that backend': everywhere(
    'ERROR 42P05: prepared statement "same" already exists',
    { 'pgbouncer-1.25': 'ok', 'supavisor-named': 'ok' },
  ),
  'Bind of a foreign name, on the backend that has it': everywhere('runs the statement of A', {
    'pgbouncer-1.25': 'FATAL 08P01: prepared statement did not exist, closed',
    'supavisor-named': 'FATAL 26000: (EPREPAREDNOTFOUND) prepared statement "theirs" does not exist, closed',
  }),
  'settings of the client before': everywhere(everySetting, {
    'pgbouncer-1.18': 'statement_timeout, search_path, application_name, default_transaction_read_only, myapp.tenant',
    'pgbouncer-1.25': 'statement_timeout, search_path, default_transaction_read_only, myapp.tenant',
    'pgbouncer-statement': 'statement_timeout, search_path, default_transaction_read_only, myapp.tenant',
  }),
  'temporary table of the client before': everywhere('ok'),
  'session advisory lock of a client that left': everywhere('held'),
  'LISTEN, then NOTIFY': everywhere('0', { odyssey: '1', pgagroal: '1' }),
  'LISTEN of a client that left': all('1 of 2'),
  'two Syncs in flight, the first fails': everywhere('ERROR 22012: division by zero / ok', {
    'supavisor-2.9': 'ERROR 22012: division by zero / hangs',
    pgagroal: 'ERROR 22012: division by zero / hangs',
  }),
  'BEGIN to COMMIT in four Syncs, and one more': everywhere('TTTII', {
    'pgbouncer-statement': blocksRefused,
    'supavisor-2.9': 'TTTI, then hangs',
    pgagroal: 'TTTI, then hangs',
  }),
  'cancel of a running query': everywhere('ERROR 57014: canceling statement due to user request; then ok'),
  'Terminate in a transaction': all('backend closed', {
    odyssey: 'rolled back, backend kept',
    pgagroal: 'rolled back, backend kept',
  }),
  'client vanishes while its query runs': without(
    'pgbouncer-statement',
    all('runs to its end', { odyssey: 'cancelled at once' }),
  ),
  'DEALLOCATE ALL itself': everywhere('ok', { 'supavisor-named': onlySimple }),
}

/** By which experiment each probe's answers were measured, on all of the real poolers. */
export const measuredAs: Readonly<Record<string, string>> = {
  'named statement, next transaction elsewhere': 'named_stmt_other_backend',
  'same statement name, other client': 'named_stmt_collision',
  'Bind of a name only another client parsed': 'named_stmt_foreign_use',
  'unnamed statement across a Sync': 'unnamed_across_sync',
  'Parse, Describe, Flush, then Bind': 'parse_flush_bind',
  'SQL PREPARE': 'sql_prepare',
  'SQL EXECUTE by others': 'sql_prepare',
  'settings that reach strangers': 'set_leak',
  'settings that follow their client': 'set_leak',
  'SET LOCAL': 'set_local',
  'start-up statement_timeout': 'startup_statement_timeout',
  'start-up statement_timeout, for later clients': 'startup_statement_timeout',
  'start-up options': 'startup_options',
  'start-up search_path': 'startup_search_path',
  'start-up extra_float_digits': 'startup_extra_float',
  'start-up application_name': 'startup_application_name',
  'application_name of a client that set none': 'startup_application_name',
  LISTEN: 'listen',
  'session advisory lock, unlock elsewhere': 'advisory_lock',
  'session advisory lock, other client on that backend': 'advisory_lock',
  'temporary table': 'temp_table',
  'WITH HOLD cursor': 'with_hold_cursor',
  'SET ROLE': 'set_role_leak',
  'two Syncs in flight': 'two_syncs',
  'cancel of an idle client': 'cancel',
  'client vanishes in a transaction': 'disconnect_mid_tx',
  'pool exhausted': 'exhaustion',
  BEGIN: 'begin_err',
  'begin … commit in one message': 'begin_err',
  'DEALLOCATE ALL by another client': 'deallocate_all',
  'DDL changes a prepared SELECT *': 'ddl_plan_change',
  'error outside a transaction': 'error_outside',
  'wrong password': 'wrong_password',
  'unknown database': 'unknown_db',
  'idle backend killed': 'backend_killed',
  'backend killed in a transaction': 'backend_killed',
  'same statement name, next client on that backend': 'named_stmt_collision',
  'Bind of a foreign name, on the backend that has it': 'named_stmt_foreign_use',
  'settings of the client before': 'set_leak',
  'temporary table of the client before': 'temp_table',
  'session advisory lock of a client that left': 'advisory_lock',
  'LISTEN, then NOTIFY': 'listen',
  'LISTEN of a client that left': 'listen',
  'two Syncs in flight, the first fails': 'two_syncs',
  'BEGIN to COMMIT in four Syncs, and one more': 'two_syncs',
  'cancel of a running query': 'cancel',
  'Terminate in a transaction': 'disconnect_mid_tx',
  'client vanishes while its query runs': 'disconnect_mid_tx',
  'DEALLOCATE ALL itself': 'deallocate_all',
}

/** Answers that nobody measured: they were read in the pooler's source. */
export const readInSource: Readonly<Record<string, Answers>> = {
  '101 statement names on one client': {
    'supavisor-named':
      '100, then FATAL XX000: (EMAXPREPARED) max prepared statements limit reached. Limit: 100 per connection, closed',
  },
}

/** Where a profile knowingly answers otherwise than the pooler it imitates. */
export const differences: readonly { readonly probe: string; readonly profile: ProfileName; readonly why: string }[] = [
  {
    probe: 'idle backend killed',
    profile: 'pgagroal',
    why: 'pgagroal 1.6 hands out the dead backend, in one run of two, and loses its slot for good; a pooler that stops serving makes no useful test.',
  },
]

/** The answer that is expected of a subject; undefined when nothing is known of the real pooler. */
export function expected(probe: string, subject: Subject): string | undefined {
  const profile = subject === 'PgBouncer 1.18 (real)' ? 'pgbouncer-1.18' : subject
  return measured[probe]?.[profile] ?? readInSource[probe]?.[profile]
}
