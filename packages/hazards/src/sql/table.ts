import type { HazardId, Severity } from '../hazard.ts'
import type { Command, Verdict } from './analysis.ts'

/**
 * The one table of what SQL does to its backend. The token level (this package) and the grammar level
 * (`@pooler-safe/sql-grammar`) both read it: they differ in how they recognise a construct, never in what it means.
 */

/** What one kind of statement means. */
export interface StatementRule {
  readonly verdict: Verdict
  readonly hazard: HazardId
  readonly command: Command
}

function rule(verdict: Verdict, hazard: HazardId, command: Command = 'other'): StatementRule {
  return { verdict, hazard, command }
}

/** Every kind of statement that is more than `safe` / `other`. */
export const statementRules = {
  // Session settings. `set` covers `set session`, `set time zone`, `set names`, `set schema`, `set xml option`.
  set: rule('session', 'session-set'),
  'set seed': rule('session', 'load-and-libs'),
  'set role': rule('session', 'set-role'),
  'set session characteristics': rule('session', 'session-characteristics'),
  'set local': rule('tx', 'set-local-outside-tx'),
  'set transaction': rule('tx', 'set-local-outside-tx', 'set-transaction'),
  'set transaction snapshot': rule('tx', 'snapshot-export', 'set-transaction'),
  'set constraints': rule('tx', 'set-constraints'),
  reset: rule('session', 'session-set'),
  'reset role': rule('session', 'set-role'),
  'discard plans': rule('session', 'deallocate-all'),
  'discard all': rule('session', 'deallocate-all', 'no-transaction'),
  'discard temp': rule('session', 'temp-table'),
  'discard sequences': rule('session', 'currval-lastval'),
  load: rule('session', 'load-and-libs'),
  // Statements that live in the session.
  prepare: rule('session', 'sql-prepare'),
  execute: rule('session', 'sql-prepare'),
  deallocate: rule('session', 'sql-prepare'),
  'deallocate all': rule('session', 'deallocate-all'),
  // Channels, cursors, locks, temporary objects.
  listen: rule('session', 'listen'),
  unlisten: rule('session', 'listen'),
  'declare with hold': rule('session', 'with-hold-cursor'),
  declare: rule('tx', 'declare-outside-tx'),
  'use cursor': rule('tx', 'declare-outside-tx'),
  lock: rule('tx', 'autocommit-locks'),
  'temporary object': rule('session', 'temp-table'),
  'temporary table on commit drop': rule('tx', 'temp-table'),
  // Transaction control.
  begin: rule('txctl', 'begin-on-pool-query', 'begin'),
  commit: rule('txctl', 'commit-outside-tx', 'commit'),
  'commit and chain': rule('txctl', 'commit-outside-tx', 'commit-and-chain'),
  rollback: rule('txctl', 'commit-outside-tx', 'rollback'),
  'rollback and chain': rule('txctl', 'commit-outside-tx', 'rollback-and-chain'),
  savepoint: rule('tx', 'savepoint-misuse', 'savepoint'),
  release: rule('tx', 'savepoint-misuse', 'release'),
  'rollback to': rule('tx', 'savepoint-misuse', 'rollback-to'),
  'prepare transaction': rule('txctl', 'two-phase', 'prepare-transaction'),
  'commit prepared': rule('txctl', 'two-phase', 'commit-prepared'),
  'rollback prepared': rule('txctl', 'two-phase', 'rollback-prepared'),
  // Code that the text does not show.
  do: rule('opaque', 'hidden-in-routine'),
  call: rule('opaque', 'hidden-in-routine'),
  // Harmless to other clients, but the session has to treat them specially, or the reader should know.
  'copy in': rule('safe', 'copy', 'copy-in'),
  'copy out': rule('safe', 'copy', 'copy-out'),
  'no transaction': rule('safe', 'long-statements', 'no-transaction'),
  'alter role set': rule('safe', 'alter-role-delayed'),
  'select for update': rule('safe', 'autocommit-locks'),
  'dangerous setting, local': rule('safe', 'dangerous-guc'),
  'dangerous setting': rule('session', 'dangerous-guc'),
} as const satisfies Record<string, StatementRule>

export type StatementKind = keyof typeof statementRules

/** A function whose harm depends on one boolean argument. */
export interface ArgumentRule {
  /** Position, from 0, and the name for `name => value` notation. */
  readonly index: number
  readonly name: string
  /**
   * `true`: only the literal `true` gives the milder verdict, anything that is not literally true (bound values,
   * casts, expressions) has to be taken as false. `false`: only leaving it out or the literal `false` does.
   */
  readonly milderWhen: 'true' | 'false'
  readonly milder: { readonly verdict: Verdict; readonly hazard: HazardId }
}

/** What calling one function means. */
export interface FunctionRule {
  readonly verdict: Verdict
  readonly hazard: HazardId
  /** Lives in an extension, whose schema is the user's choice; others count only unqualified or in `pg_catalog`. */
  readonly extension?: true
  readonly argument?: ArgumentRule
  /** Only calls with this many arguments are meant (a short name that applications use, too). */
  readonly arity?: number
  /** The function that does the same for the length of a transaction. */
  readonly transactional?: string
}

const table = new Map<string, FunctionRule>()

function declare(
  verdict: Verdict,
  hazard: HazardId,
  names: string,
  more: Omit<FunctionRule, 'verdict' | 'hazard'> = {},
) {
  for (const name of names.split(' ')) table.set(name, { verdict, hazard, ...more })
}

for (const shared of ['', '_shared']) {
  for (const attempt of ['', 'try_']) {
    declare('session', 'advisory-session-lock', `pg_${attempt}advisory_lock${shared}`, {
      transactional: `pg_${attempt}advisory_xact_lock${shared}`,
    })
    declare('tx', 'autocommit-locks', `pg_${attempt}advisory_xact_lock${shared}`)
  }
  declare('session', 'advisory-session-lock', `pg_advisory_unlock${shared}`)
}
declare('session', 'advisory-session-lock', 'pg_advisory_unlock_all')

declare('session', 'set-config-session', 'set_config', {
  argument: {
    index: 2,
    name: 'is_local',
    milderWhen: 'true',
    milder: { verdict: 'tx', hazard: 'set-local-outside-tx' },
  },
})
declare('session', 'currval-lastval', 'currval lastval')
declare('session', 'load-and-libs', 'setseed pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup')
declare(
  'session',
  'load-and-libs',
  'pg_replication_origin_session_setup pg_replication_origin_session_reset pg_replication_origin_session_is_setup ' +
    'pg_replication_origin_session_progress pg_replication_origin_xact_setup pg_replication_origin_xact_reset',
)
declare('session', 'load-and-libs', 'set_limit', { extension: true, arity: 1 })
declare('session', 'listen', 'pg_listening_channels')
declare('session', 'backend-identity', 'pg_my_temp_schema')
declare(
  'session',
  'dblink-fdw-session',
  'dblink_connect dblink_connect_u dblink_disconnect dblink_open dblink_fetch dblink_close dblink_send_query ' +
    'dblink_is_busy dblink_get_result dblink_cancel_query dblink_error_message dblink_get_notify dblink_get_connections ' +
    'postgres_fdw_disconnect postgres_fdw_disconnect_all postgres_fdw_get_connections',
  { extension: true },
)
declare(
  'session',
  'temp-repl-slot',
  'pg_create_logical_replication_slot pg_create_physical_replication_slot ' +
    'pg_copy_logical_replication_slot pg_copy_physical_replication_slot',
  {
    argument: {
      index: 2,
      name: 'temporary',
      milderWhen: 'false',
      milder: { verdict: 'safe', hazard: 'temp-repl-slot' },
    },
  },
)
declare('tx', 'snapshot-export', 'pg_export_snapshot')
// Large-object descriptors are numbers that end with the transaction; lo_create, lo_get, lo_put, lo_unlink need none.
declare(
  'tx',
  'large-objects',
  'lo_open lo_close loread lowrite lo_lseek lo_lseek64 lo_tell lo_tell64 lo_truncate lo_truncate64',
)
declare('tx', 'declare-outside-tx', 'cursor_to_xml cursor_to_xmlschema')
// They run a statement that they are given as a value.
declare('opaque', 'hidden-in-routine', 'query_to_xml query_to_xmlschema query_to_xml_and_xmlschema ts_stat')
// A process id is true for the transaction it was read in and useful in logs; only acting on an old one is wrong, which
// no single text shows. So these are advice, not a reason to refuse.
declare('safe', 'backend-identity', 'pg_backend_pid pg_cancel_backend pg_terminate_backend')

/** The functions with an effect on, or a need for, the backend's session; by lower-case name. */
export const functionRules: ReadonlyMap<string, FunctionRule> = table

/**
 * Settings whose leak corrupts data, changes what rows another client sees, or how its values are read.
 * `evenLocal`: dangerous within one transaction, too, and worth a remark there.
 */
export const dangerousSettings: ReadonlyMap<string, { readonly evenLocal: boolean }> = new Map([
  ['session_replication_role', { evenLocal: true }],
  ['synchronous_commit', { evenLocal: true }],
  ['row_security', { evenLocal: true }],
  ['zero_damaged_pages', { evenLocal: true }],
  ['ignore_checksum_failure', { evenLocal: true }],
  ['ignore_system_indexes', { evenLocal: true }],
  ['standard_conforming_strings', { evenLocal: true }],
  ['check_function_bodies', { evenLocal: false }],
  ['search_path', { evenLocal: false }],
  ['default_transaction_read_only', { evenLocal: false }],
  ['default_transaction_isolation', { evenLocal: false }],
  ['default_transaction_deferrable', { evenLocal: false }],
  ['default_tablespace', { evenLocal: false }],
  ['default_table_access_method', { evenLocal: false }],
  ['transform_null_equals', { evenLocal: false }],
  ['backslash_quote', { evenLocal: false }],
  ['array_nulls', { evenLocal: false }],
  ['bytea_output', { evenLocal: false }],
  ['client_encoding', { evenLocal: false }],
  ['datestyle', { evenLocal: false }],
  ['intervalstyle', { evenLocal: false }],
  ['timezone', { evenLocal: false }],
  ['extra_float_digits', { evenLocal: false }],
  ['xmloption', { evenLocal: false }],
  ['lock_timeout', { evenLocal: false }],
])

/** Settings that are an identity: `set role`, and the same through `set x = y` or `set_config('x', …)`. */
export const identitySettings: ReadonlySet<string> = new Set(['role', 'session_authorization'])

/** Whether a schema name is the backend's own temporary schema (`pg_temp`, or `pg_temp_12` by its real name). */
export function isTemporarySchema(name: string): boolean {
  return name === 'pg_temp' || /^pg_temp_[0-9]+$/.test(name)
}

/** The kind of a plain, session-wide `set <name>` (or `reset <name>` when `reset`). */
export function sessionSettingKind(name: string, reset: boolean): StatementKind {
  if (identitySettings.has(name)) return reset ? 'reset role' : 'set role'
  if (name === 'seed') return 'set seed'
  if (name.startsWith('default_transaction_')) return 'set session characteristics'
  return reset ? 'reset' : 'set'
}

/** How bad each hazard is that SQL text can show; the catalogue says the same. */
export const sqlSeverities = {
  'sql-prepare': 'error',
  'deallocate-all': 'error',
  'simple-multi-parse': 'error',
  'session-set': 'leak',
  'set-config-session': 'leak',
  'set-in-committed-tx': 'leak',
  'set-local-outside-tx': 'leak',
  'set-role': 'leak',
  'session-characteristics': 'error',
  'dangerous-guc': 'loss',
  'alter-role-delayed': 'wrong',
  'hidden-in-routine': 'leak',
  'set-constraints': 'wrong',
  listen: 'leak',
  'advisory-session-lock': 'loss',
  'temp-table': 'leak',
  'with-hold-cursor': 'leak',
  'declare-outside-tx': 'error',
  'currval-lastval': 'loss',
  'load-and-libs': 'leak',
  'dblink-fdw-session': 'leak',
  'temp-repl-slot': 'error',
  'snapshot-export': 'error',
  'large-objects': 'error',
  'backend-identity': 'wrong',
  'begin-on-pool-query': 'loss',
  'commit-outside-tx': 'loss',
  'already-in-tx': 'leak',
  'multi-statement-simple': 'wrong',
  'savepoint-misuse': 'loss',
  'autocommit-locks': 'loss',
  copy: 'error',
  'two-phase': 'loss',
  'long-statements': 'error',
} as const satisfies Partial<Record<HazardId, Severity>>
