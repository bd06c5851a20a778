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
  'start-up statement_timeout, for later clients': {
    odyssey: '7777ms',
    'supavisor-2.9': '0',
    'supavisor-named': '0',
    pgagroal: '0',
  },
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
