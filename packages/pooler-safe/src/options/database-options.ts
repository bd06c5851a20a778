import type pg from 'pg'
import { checkEndpoints } from '../endpoint/expected-endpoint.ts'
import { warn } from '../errors/warn.ts'
import type { SafePoolConfig } from '../pool/safe-pool.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { checkTimeouts } from '../session/begin.ts'
import { checkMilliseconds } from '../session/limit.ts'
import type { NetworkInTransaction } from '../session/escape-guard.ts'
import { RetryBudget, type RetryBudgetOptions } from '../session/retry-budget.ts'
import type { TransactionTimeouts } from '../session/session.ts'
import { badOption } from './client-options.ts'
import { closestName } from './closest-name.ts'
import { checkUrl } from './connection-url.ts'
import { refusedOptions } from './pg-options.ts'

/** Options of `createDatabase`. Unknown ones are refused. */
export interface DatabaseOptions extends TransactionTimeouts {
  /** The URL of the pooler, `postgres://user:password@host:port/database`. */
  readonly url: string
  /** The URL of PostgreSQL itself or of a session-mode pooler, for what cannot go through `url`. */
  readonly directUrl?: string | undefined
  /** The most client connections that are open at once. Default 10. */
  readonly max?: number | undefined
  /** Sent as `application_name`. */
  readonly applicationName?: string | undefined
  /** How long to wait for a client connection, in milliseconds. Default 30,000. */
  readonly connectionTimeoutMs?: number | undefined
  /** How long an unused client connection stays open, in milliseconds. Default 10,000; shorter than the pooler's own limit. */
  readonly idleTimeoutMs?: number | undefined
  /** The password, when it is not in the URL; a function is asked for every client connection. */
  readonly password?: pg.ClientConfig['password']
  /** TLS, as `pg` takes it. `sslmode` in the URL overrides it. */
  readonly ssl?: pg.ClientConfig['ssl']
  /** Result type parsers, as `pg` takes them. */
  readonly types?: pg.CustomTypesConfig | undefined
  /** Scan every byte that leaves, and close a client connection before an unsafe one does. Default false. */
  readonly wireGuard?: boolean | undefined
  /** Whether an idle process may end while client connections are open. Default false. */
  readonly allowExitOnIdle?: boolean | undefined
  /**
   * `pipeline` (default): a batch is one write and one round trip. `sequential`: one statement per round trip inside an explicit
   * transaction, for poolers that close the client connection when a batch fails in the middle (Odyssey with
   * `pool_reserve_prepared_statement`). `auto`: find out with a batch that fails on a client connection of its own, before the
   * first that counts or in `verify()`.
   */
  readonly batchMode?: 'pipeline' | 'sequential' | 'auto' | undefined
  /**
   * The retries after lost or refused client connections that all units share, so that an outage does not multiply the load.
   * Default: 50 at once, and one for every ten units that succeed.
   */
  readonly retryBudget?: RetryBudgetOptions | undefined
  /** How long a transaction may run no statement before `onWarning` is told, in milliseconds. Default: no limit. */
  readonly idleBudgetMs?: number | undefined
  /** The roles that `withSettings` may name. Default: any that the login role is a member of. */
  readonly roles?: readonly string[] | undefined
  /**
   * What to do about a use of the database inside the callback of one of its transactions, in the same async context: refuse
   * it (default), or allow it. It runs on another backend, outside of the transaction.
   */
  readonly escapes?: 'reject' | 'allow' | undefined
  /**
   * What to do about `fetch` or undici inside the callback of a transaction, in the same async context, while its backend waits:
   * `report` it to `onWarning` once (default); `reject` the transaction, which is rolled back at once and not retried, with
   * POOLER_SAFE_NETWORK_IN_TRANSACTION; or `off`. The request itself is not stopped.
   */
  readonly networkInTransaction?: NetworkInTransaction | undefined
  /** Told about client connections that end while nobody is using them. */
  readonly onError?: ((error: Error) => void) | undefined
  /** Told about leaks that were repaired, and about `fetch` inside a transaction. Default: `process.emitWarning`. */
  readonly onWarning?: ((warning: Error) => void) | undefined
}

/** What a database needs to know, checked. */
export interface CheckedDatabaseOptions {
  readonly pool: SafePoolConfig
  readonly directUrl: string | undefined
  readonly timeouts: TransactionTimeouts
  readonly batchMode: 'pipeline' | 'sequential' | 'auto'
  readonly retryBudget: RetryBudget
  readonly idleBudgetMs: number | undefined
  readonly roles: ReadonlySet<string> | undefined
  readonly escapes: 'reject' | 'allow'
  readonly networkInTransaction: NetworkInTransaction
}

const known: ReadonlySet<string> = new Set<keyof DatabaseOptions>([
  'url',
  'directUrl',
  'max',
  'applicationName',
  'connectionTimeoutMs',
  'idleTimeoutMs',
  'password',
  'ssl',
  'types',
  'wireGuard',
  'allowExitOnIdle',
  'batchMode',
  'retryBudget',
  'idleBudgetMs',
  'roles',
  'escapes',
  'networkInTransaction',
  'onError',
  'onWarning',
  'statementTimeoutMs',
  'lockTimeoutMs',
  'idleInTransactionTimeoutMs',
])

/** @throws PoolerSafeError */
export function readDatabaseOptions(options: DatabaseOptions): CheckedDatabaseOptions {
  if (typeof options !== 'object' || (options as unknown) === null) {
    throw badOption('options', 'must be an object', 'createDatabase({ url }).')
  }
  for (const key of Object.keys(options)) if (!known.has(key)) throw unknownOption(key)
  checkUrl(options.url)
  if (options.directUrl !== undefined) checkUrl(options.directUrl)
  const warning = checkEndpoints(options.url, options.directUrl)
  if (warning) warn(warning, options.onWarning)
  const { max = 10, connectionTimeoutMs = 30_000, idleTimeoutMs = 10_000 } = options
  if (!Number.isInteger(max) || max < 1) throw badOption('max', 'must be a whole number, 1 or more')
  checkMilliseconds('connectionTimeoutMs', connectionTimeoutMs)
  checkMilliseconds('idleTimeoutMs', idleTimeoutMs)
  checkTimeouts(options)
  const { batchMode = 'pipeline', roles, escapes = 'reject', networkInTransaction = 'report' } = options
  if (!['reject', 'allow'].includes(escapes)) throw badOption('escapes', 'must be "reject" or "allow"')
  if (!['report', 'reject', 'off'].includes(networkInTransaction)) {
    throw badOption('networkInTransaction', 'must be "report", "reject" or "off"')
  }
  if (options.idleBudgetMs !== undefined) checkMilliseconds('idleBudgetMs', options.idleBudgetMs)
  if (!['pipeline', 'sequential', 'auto'].includes(batchMode)) {
    throw badOption('batchMode', 'must be "pipeline", "sequential" or "auto"')
  }
  if (roles !== undefined && !(Array.isArray(roles) && roles.every((role) => typeof role === 'string'))) {
    throw badOption('roles', 'must be an array of role names')
  }
  const { statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs } = options
  return {
    directUrl: options.directUrl,
    batchMode,
    retryBudget: new RetryBudget(options.retryBudget),
    idleBudgetMs: options.idleBudgetMs,
    escapes,
    networkInTransaction,
    roles: roles && new Set(roles),
    timeouts: defined({ statementTimeoutMs, lockTimeoutMs, idleInTransactionTimeoutMs }),
    pool: defined({
      connectionString: options.url,
      max,
      connectionTimeoutMillis: connectionTimeoutMs,
      idleTimeoutMillis: idleTimeoutMs,
      // Load balancers and poolers drop connections that look dead.
      keepAlive: true,
      application_name: options.applicationName,
      password: options.password,
      ssl: options.ssl,
      types: options.types,
      allowExitOnIdle: options.allowExitOnIdle,
      wireGuard: options.wireGuard,
      onError: options.onError,
      onWarning: options.onWarning,
    }),
  }
}

/** The same object without the properties that are undefined. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

/** Names of `pg` that are called otherwise here. */
const renamed: Readonly<Record<string, string>> = {
  connectionString: 'url',
  application_name: 'applicationName',
  statement_timeout: 'statementTimeoutMs',
  lock_timeout: 'lockTimeoutMs',
  idle_in_transaction_session_timeout: 'idleInTransactionTimeoutMs',
  connectionTimeoutMillis: 'connectionTimeoutMs',
  idleTimeoutMillis: 'idleTimeoutMs',
}

function unknownOption(key: string): PoolerSafeError {
  const refused = Object.hasOwn(refusedOptions, key) ? refusedOptions[key] : undefined
  const name =
    (Object.hasOwn(renamed, key) ? renamed[key] : undefined) ?? (refused ? undefined : closestName(key, known))
  if (refused) {
    return new PoolerSafeError('POOLER_SAFE_UNSAFE_OPTION', `The option "${key}" is refused: ${refused.why}.`, {
      outcome: 'not-executed',
      hazard: refused.hazard,
      hint: name ? `Use "${name}", which is applied inside every transaction.` : refused.hint,
    })
  }
  return new PoolerSafeError('POOLER_SAFE_UNKNOWN_OPTION', `The option "${key}" is not known, and would be ignored.`, {
    outcome: 'not-executed',
    hint: name ? `Did you mean "${name}"?` : 'Remove it.',
  })
}
