import { toError } from '../errors/to-error.ts'
import { analyzeSql } from '@pooler-safe/hazards'
import { survivesFailingBatch } from '../endpoint/probes.ts'
import { verifyEndpoint, type EndpointReport, type VerifyOptions } from '../endpoint/verify.ts'
import { readDatabaseOptions, type DatabaseOptions } from '../options/database-options.ts'
import type { CopyOptions } from '../copy/copy.ts'
import type { CopySource } from '../copy/copy-in-query.ts'
import type { LockOptions, TryLockResult } from '../lock/lock.ts'
import type { LockKey } from '../lock/lock-key.ts'
import type { StreamOptions } from '../stream/stream-call.ts'
import { DirectConnections, type Direct } from '../direct/direct.ts'
import { SafePool } from '../pool/safe-pool.ts'
import { warn } from '../errors/warn.ts'
import { EscapeGuard } from './escape-guard.ts'
import { settingsText } from './begin.ts'
import { Limit } from './limit.ts'
import { readCall, readStatement } from './read-statement.ts'
import { DatabaseSession } from './database-session.ts'
import type {
  BatchOptions,
  BatchResults,
  BatchStatement,
  ExecuteManyOptions,
  ParameterRows,
  QueryOptions,
  QueryResult,
  Session,
  Statement,
  TransactionOptions,
} from './session.ts'
import type { SessionSettings } from '../settings/settings.ts'
import { sessionError } from './session-error.ts'
import type { SessionContext } from './session-context.ts'
import type { Transaction } from './transaction.ts'

/** A pool of client connections to one database behind a transaction-mode pooler. */
export interface Database extends Session, AsyncDisposable {
  /** The guarded `pg.Pool` below, for libraries that take one. It is closed by {@link Database.close}. */
  readonly pool: SafePool
  /** As {@link Session.batch}, with the options of a transaction: its own isolation, deadlines and retries. */
  batch<const S extends readonly BatchStatement[]>(statements: S, options?: BatchOptions): Promise<BatchResults<S>>
  /** As {@link Session.executeMany}, with the options of a transaction, and `atomic` for all rows or none. */
  executeMany<Row = Record<string, unknown>>(
    text: string,
    rows: ParameterRows,
    options?: ExecuteManyOptions,
  ): Promise<QueryResult<Row>>
  /** What needs a session, over `directUrl`: listening, session locks, migrations. Each use says why. */
  readonly direct: Direct
  /**
   * Finds out what the URL leads to: PostgreSQL itself, or a pooler in session or transaction mode.
   *
   * Opens up to five client connections of its own, at most two at once, and leaves nothing behind. About ten round trips. A
   * pooler that has not shown what it is gets one log-in to a database that there is not. With `batchMode: 'auto'` it also
   * decides how batches are sent.
   *
   * @throws PoolerSafeError POOLER_SAFE_WRONG_ENDPOINT when it is not what `options` expects, or a pooler in statement mode;
   * POOLER_SAFE_CONNECT_FAILED when nothing answers
   * @example
   * ```ts
   * const endpoint = await db.verify({ pooled: 'transaction' })
   * ```
   */
  verify(options?: VerifyOptions): Promise<EndpointReport>
  /**
   * Waits for the clients in use and closes all client connections. May be called more than once; `await using` calls it.
   * Queries that are issued afterwards reject with POOLER_SAFE_CLOSED.
   */
  close(): Promise<void>
}

/**
 * Opens a database behind a transaction-mode pooler. No client connection is made before the first query.
 *
 * @throws PoolerSafeError POOLER_SAFE_UNKNOWN_OPTION, POOLER_SAFE_UNSAFE_OPTION, POOLER_SAFE_BAD_OPTION, POOLER_SAFE_BAD_URL;
 * POOLER_SAFE_WRONG_ENDPOINT when host and port of a URL are documented to be in the wrong mode;
 * POOLER_SAFE_NATIVE_BINDINGS, POOLER_SAFE_UNSUPPORTED_PG when this copy of `pg` cannot be guarded
 * @example
 * ```ts
 * const db = createDatabase({ url: process.env['DATABASE_URL'] ?? 'postgres://app@localhost:6543/app' })
 *
 * const { rows } = await db.query<{ id: number }>('select id from job where state = $1', ['queued'])
 * ```
 */
export function createDatabase(options: DatabaseOptions): Database {
  return new PooledDatabase(options)
}

class PooledDatabase implements Database {
  readonly pool: SafePool
  readonly direct: DirectConnections
  readonly #options: ReturnType<typeof readDatabaseOptions>
  readonly #settings: string | undefined
  readonly #context: SessionContext
  readonly #session: DatabaseSession
  readonly #escapes: EscapeGuard
  #closing: Promise<void> | undefined
  #deciding: Promise<void> | undefined

  constructor(options: DatabaseOptions) {
    this.#options = readDatabaseOptions(options)
    this.pool = new SafePool(this.#options.pool)
    this.direct = new DirectConnections(this.#options, (error) => {
      if (options.onError) options.onError(error)
      else warn(error, options.onWarning)
    })
    const { timeouts, batchMode, roles, escapes, networkInTransaction: network } = this.#options
    const onWarning = (warning: Error): void => warn(warning, options.onWarning)
    this.#escapes = new EscapeGuard({ escapes, network, onWarning })
    this.#settings = settingsText(timeouts)
    this.#context = {
      pool: this.pool,
      timeouts,
      sequential: batchMode === 'sequential',
      decide: batchMode === 'auto' ? () => this.#decide() : undefined,
      roles,
      escapes: this.#escapes,
      retryBudget: this.#options.retryBudget,
      idleBudgetMs: this.#options.idleBudgetMs,
      onWarning,
    }
    this.#session = new DatabaseSession(this.#context, undefined)
  }

  query<Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: Statement, options?: QueryOptions): Promise<QueryResult<Row>>
  query<Row>(statement: string | Statement, second?: unknown, third?: unknown): Promise<QueryResult<Row>> {
    // A setting and its statement are a batch too.
    const { sequential, decide } = this.#context
    if (this.#settings !== undefined && (sequential || decide) && !standsAlone(statement)) {
      const { text, values, options } = readCall(statement, second, third)
      return this.#session.query<Row>(text, values, options)
    }
    return new Promise<QueryResult<Row>>((resolve, reject) => {
      this.#escapes.check()
      const { query, options } = readStatement(statement, second, third, 'session')
      if (this.#settings !== undefined && !standsAlone(statement)) {
        query.prelude = this.#settings
      }
      query.callback = (error, result) => {
        if (error) reject(toError(error))
        else resolve(result as QueryResult<Row>)
      }
      const limit = Limit.of(options)
      if (limit) runLimited(this.pool, query, limit)
      else this.pool.run(query)
    }).catch((error: unknown) => {
      const reported = sessionError(error)
      // The stack should lead to the caller of query, not to the socket.
      if (reported instanceof Error) Error.captureStackTrace(reported)
      throw reported
    })
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return this.#session.transaction(work, options)
  }

  batch<const S extends readonly BatchStatement[]>(statements: S, options?: BatchOptions): Promise<BatchResults<S>> {
    return this.#session.batch(statements, options)
  }

  executeMany<Row>(text: string, rows: ParameterRows, options?: ExecuteManyOptions): Promise<QueryResult<Row>> {
    return this.#session.executeMany(text, rows, options)
  }

  stream<Row>(text: string, values?: readonly unknown[], options?: StreamOptions): AsyncIterableIterator<Row>
  stream<Row>(statement: Statement, options?: StreamOptions): AsyncIterableIterator<Row>
  stream<Row>(statement: string | Statement, second?: unknown, third?: unknown): AsyncIterableIterator<Row> {
    return this.#session.stream<Row>(statement as string, second as readonly unknown[], third as StreamOptions)
  }

  lock<T>(key: LockKey, work: (tx: Transaction) => Promise<T>, options?: LockOptions): Promise<T> {
    return this.#session.lock(key, work, options)
  }

  tryLock<T>(
    key: LockKey,
    work: (tx: Transaction) => Promise<T>,
    options?: TransactionOptions,
  ): Promise<TryLockResult<T>> {
    return this.#session.tryLock(key, work, options)
  }

  copyFrom(text: string, source: CopySource, options?: CopyOptions): Promise<number> {
    return this.#session.copyFrom(text, source, options)
  }

  copyTo(text: string, options?: CopyOptions): AsyncIterableIterator<Buffer> {
    return this.#session.copyTo(text, options)
  }

  withSettings(settings: SessionSettings): Session {
    return this.#session.withSettings(settings)
  }

  verify(options: VerifyOptions = {}): Promise<EndpointReport> {
    return verifyEndpoint(this.#options, options).then((report) => {
      if (this.#options.batchMode === 'auto') this.#decided(report.accepts.failingBatch)
      return report
    })
  }

  #decide(): Promise<void> {
    this.#deciding ??= survivesFailingBatch(this.#options.pool).then(
      (survives) => this.#decided(survives),
      (error: unknown) => {
        this.#deciding = undefined
        throw error
      },
    )
    return this.#deciding
  }

  #decided(survives: boolean): void {
    this.#context.sequential = !survives
    this.#context.decide = undefined
  }

  close(): Promise<void> {
    this.#escapes.close()
    this.#closing ??= Promise.all([this.pool.end(), this.direct.close()]).then(() => undefined)
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** VACUUM and its like refuse to share a Sync with anything, also with a local setting. */
function standsAlone(statement: string | Statement): boolean {
  const text = typeof statement === 'string' ? statement : statement.text
  return typeof text === 'string' && analyzeSql(text).statements[0]?.command === 'no-transaction'
}

function runLimited(pool: SafePool, query: Parameters<SafePool['run']>[0], limit: Limit): void {
  const callback = query.callback
  let done = false
  const finish: typeof callback = (error, result) => {
    if (done) return
    done = true
    limit.dispose()
    callback?.(error, result)
  }
  query.callback = finish
  // Until a client is there, nothing has to be cancelled: the query is told not to start.
  limit.onFire(() => {
    query.cancelledBefore = limit.fired?.('not-executed')
    if (query.cancelledBefore) finish(query.cancelledBefore)
  })
  pool.run(query, (client) => {
    limit.onFire(() => {
      if (limit.fired) client.interrupt(query, limit.fired)
    })
  })
}
