/** What every option of `pg` and `pg-pool` means behind a transaction-mode pooler. */
import type { HazardId } from '@pooler-safe/hazards'

/** Options of `pg.Client` that are safe. */
const clientOptions = [
  'user',
  'database',
  'password',
  'port',
  'host',
  'connectionString',
  'keepAlive',
  'keepAliveInitialDelayMillis',
  'stream',
  'ssl',
  'sslnegotiation',
  'enableChannelBinding',
  'scramMaxIterations',
  'query_timeout',
  'application_name',
  'fallback_application_name',
  'connectionTimeoutMillis',
  'types',
  'client_encoding',
  'Promise',
] as const

/** Options of `pg-pool` that are safe. */
const poolOptions = [
  'max',
  'min',
  'poolSize',
  'idleTimeoutMillis',
  'maxUses',
  'allowExitOnIdle',
  'maxLifetimeSeconds',
  'log',
  'Client',
  'onConnect',
  'verify',
] as const

/** Query parameters of a connection URL that `pg-connection-string` understands, besides the options of the client. */
const urlOnlyOptions = ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'uselibpqcompat', 'encoding', 'db'] as const

/** Options of the guard itself. */
export const guardOptions = ['names', 'wireGuard', 'onError', 'onWarning', 'unknownOptions'] as const

export const knownObjectOptions: ReadonlySet<string> = new Set([...clientOptions, ...poolOptions, ...guardOptions])
export const knownUrlOptions: ReadonlySet<string> = new Set([...clientOptions, ...urlOnlyOptions])

/** Why an option is refused, and what to do instead. */
export interface RefusedOption {
  readonly hazard: HazardId | undefined
  readonly why: string
  readonly hint: string
  /** Values that ask for nothing, besides `undefined`, `null`, `false`, `0` and the empty string. */
  readonly allows?: (value: unknown) => boolean
  /** Other libraries have an option of this name, which is their business where their options are handed over. */
  readonly alsoOfOthers?: boolean
}

const startupHint =
  'Set it per transaction: transaction(work, { statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs }), or as a default in createDatabase.'
const startupWhy =
  'it is a start-up parameter, which PgBouncer refuses and other poolers silently drop or leak to strangers'

/** Options that become start-up parameters. They are refused wherever they come from: options, URL, environment, `pg.defaults`. */
export const refusedStartupParameters: Readonly<Record<string, RefusedOption>> = {
  statement_timeout: { hazard: 'startup-param-rejected', why: startupWhy, hint: startupHint },
  lock_timeout: { hazard: 'startup-param-rejected', why: startupWhy, hint: startupHint },
  idle_in_transaction_session_timeout: { hazard: 'startup-param-rejected', why: startupWhy, hint: startupHint },
  options: {
    hazard: 'startup-param-rejected',
    why: `${startupWhy} (it also comes from PGOPTIONS)`,
    hint: 'Use set local inside a transaction, or alter role … set for a lasting default.',
  },
  replication: {
    hazard: 'replication-connection',
    why: 'a replication connection cannot go through a transaction-mode pooler',
    hint: 'Open it on the direct URL with pg itself.',
  },
}

/** Every option that is refused by name, with its reason. */
export const refusedOptions: Readonly<Record<string, RefusedOption>> = {
  ...refusedStartupParameters,
  search_path: {
    hazard: 'search-path-startup',
    why: 'pg ignores it, and as a start-up parameter poolers refuse it or open one pool per value',
    hint: 'Qualify names with their schema, or use set local search_path inside a transaction.',
  },
  schema: {
    hazard: 'search-path-startup',
    why: 'pg ignores it',
    alsoOfOthers: true,
    hint: 'Qualify names with their schema, or use set local search_path inside a transaction.',
  },
  pipeline: {
    hazard: 'sync-pipelining',
    why: 'pipelining leaves several Syncs unanswered, which some poolers answer to the wrong client',
    hint: 'Remove it. Use several clients of the pool for parallel work.',
  },
  binary: {
    hazard: undefined,
    why: 'pg decodes binary results as UTF-8 first, which silently changes numbers',
    hint: 'Remove it: results in text format are correct. Buffers as parameters are fine without it.',
  },
  native: {
    hazard: undefined,
    why: 'the native bindings write to the socket by themselves, so nothing could be guarded',
    hint: 'Remove it and use the JavaScript client.',
  },
  connection: {
    hazard: undefined,
    why: 'the guard has to own the connection object',
    hint: 'Use stream: () => socket to bring your own socket.',
  },
  client_encoding: {
    hazard: 'client-encoding-datestyle',
    why: 'pg always speaks UTF-8 and ignores it',
    hint: 'Remove it.',
    allows: (value) => typeof value === 'string' && /^utf-?8$/i.test(value),
  },
  channel_binding: {
    hazard: 'scram-channel-binding',
    why: 'pg ignores it, so it would promise a protection that is not there',
    hint: 'Remove it from the URL. enableChannelBinding: true uses channel binding whenever the server offers it.',
    allows: (value) => value === 'prefer' || value === 'disable',
  },
  pgbouncer: {
    hazard: 'url-flag-folklore',
    why: 'it means nothing to pg',
    hint: 'Remove it: pooler-safe always behaves as if a transaction-mode pooler were there.',
  },
  prepare: {
    hazard: 'url-flag-folklore',
    why: 'it means nothing to pg',
    hint: 'Remove it: pooler-safe never prepares statements.',
  },
  connect_timeout: {
    hazard: 'url-flag-folklore',
    why: 'pg ignores it',
    hint: 'Use connectionTimeoutMillis (connectionTimeoutMs in createDatabase).',
  },
}
