import { toError } from '../errors/to-error.ts'
import type pg from 'pg'
import type { SafeBatch } from '../batch/safe-batch.ts'
import { explainError, notSent, type ErrorMoment } from '../errors/explain-error.ts'
import { PoolerSafeError, type Outcome } from '../errors/pooler-safe-error.ts'
import { asksForNothing, checkClientOptions, unsafeOption } from '../options/client-options.ts'
import type { GuardOptions, UnknownOptions } from '../options/client-options.ts'
import { refusedStartupParameters } from '../options/pg-options.ts'
import { isQueryTraced, tellRefusal, traceQuery } from '../telemetry/trace.ts'
import { wireGuard } from '../wire/wire-guard.ts'
import { cancelUntil } from './cancel-request.ts'
import { guardSubmit } from './foreign-submittable.ts'
import { assertSupportedPg, nativeBindings } from './pg-internals.ts'
import type {
  ClientInternals,
  CommandCompleteMessage,
  ConnectionInternals,
  ReadyForQueryMessage,
  ServerMessage,
  Submittable,
  TransactionStatus,
} from './pg-internals.ts'
import { originals } from './originals.ts'
import { maxParameters, tooManyParameters } from './parameters.ts'
import { SafeConnection } from './safe-connection.ts'
import { SafeQuery, type Interruption } from './safe-query.ts'
import { controlling, isTransactional, judgeSql, type Scope } from './sql-policy.ts'
import { lostTransaction, TransactionWatch, wrongState } from './transaction-watch.ts'

/** Options of a {@link SafeClient}: those of `pg.Client` that are safe behind a pooler, and the guard's own. */
export type SafeClientConfig = pg.ClientConfig & GuardOptions

/** What `super` is for the methods that the public types of `pg` leave out. */
const base = originals.Client.prototype as unknown as ClientInternals & {
  query(config: unknown, values?: unknown, callback?: unknown): unknown
}

/** How long a client connection that reported FATAL may stay open before it is closed from this side. */
const fatalGraceMs = 1_000

/**
 * A `pg.Client` that stays correct behind a transaction-mode pooler.
 *
 * Same results, types, events and callbacks. It differs where `pg` is unsafe: statements are never named, SQL that touches
 * session state is refused before a byte is sent, queries settle only after ReadyForQuery, COMMIT is verified, and
 * parameters that poolers reject are never sent at start-up. Give it to other libraries as `Client: SafeClient`.
 *
 * @throws PoolerSafeError at construction for unknown or unsafe options and for the native bindings.
 * @example
 * ```ts
 * const foreign = new pg.Pool({ connectionString: url, Client: SafeClient })
 * ```
 */
export class SafeClient extends originals.Client {
  static {
    Object.defineProperty(this, 'name', { value: originals.Client.name, configurable: true })
  }
  /** What options that are not known mean to this class, when its options do not say. */
  static readonly unknownOptions: UnknownOptions = 'reject'
  /** Who may control transactions on this client: its holder, or nobody while `pool.query` has it. */
  scope: Scope = 'client'
  /** Given back to its pool; using it now would run statements in somebody else's turn. */
  released = false
  /** Why this client must not be used by anybody else, if so. */
  evicted: Error | undefined
  /** A CancelRequest is on its way: resolves when the server has taken it. */
  cancelling: Promise<void> | undefined
  readonly #pg = this as unknown as ClientInternals
  readonly #guard: SafeConnection
  readonly #rejectNames: boolean
  readonly #queryTimeoutMs: number
  readonly #onError: ((error: Error) => void) | undefined
  #status: TransactionStatus = 'I'
  #watch: TransactionWatch | undefined
  #fatalTimer: NodeJS.Timeout | undefined
  #queriesTold = false
  /** Who waits for this client to be quiet. */
  #lastError: Error | undefined

  constructor(config?: string | SafeClientConfig) {
    assertSupportedPg()
    const options = checkClientOptions(config, new.target.unknownOptions)
    super(config)
    const original = this.connection as unknown as ConnectionInternals | undefined
    if (!original) throw nativeBindings('pg.Client has no connection')
    // What pg found in the environment and in its own defaults counts as much as what it was given.
    for (const [key, refused] of Object.entries(refusedStartupParameters)) {
      if (!asksForNothing(this.#pg.connectionParameters[key], refused)) throw unsafeOption(key, refused, 'option')
    }
    this.#guard = new SafeConnection(original, {
      query: (query) => tellRefusal(query.text, this.#admitQuery(query)),
      batch: (batch) => this.#admitBatch(batch),
      text: (text, extended) => tellRefusal(text, this.#admit(text, extended, this.scope)),
      explain: (query, error) => this.#explain(query, error),
    })
    Object.defineProperty(this, 'connection', {
      value: this.#guard,
      writable: true,
      enumerable: true,
      configurable: true,
    })
    this.#rejectNames = options.names === 'reject'
    this.#onError = options.onError
    // pg's own read timeout leaves the query running and the client busy: ours cancels it.
    this.#queryTimeoutMs = Number(this.#pg.connectionParameters['query_timeout'] ?? 0)
    this.#pg.connectionParameters['query_timeout'] = 0
    if (options.wireGuard) wireGuard(this)
  }

  /** The status byte of the last ReadyForQuery. */
  get status(): TransactionStatus {
    return this.#status
  }

  /** Nothing is being run, waited for or queued. */
  get isQuiet(): boolean {
    const { readyForQuery, hasExecuted, _activeQuery: active, _queryQueue: queue } = this.#pg
    // While pg calls back that it has connected, it has not noted yet that it is ready, and it will not say when it is.
    return (readyForQuery === true || !hasExecuted) && !active && queue.length === 0
  }

  /** The client connection can no longer be used. */
  get isDead(): boolean {
    return !this.#pg._queryable || this.#pg._ending || this.#pg._ended
  }

  /** Calls back once nothing is being run or queued, or the client connection has ended. */
  whenQuiet(callback: () => void): void {
    if (this.isQuiet || this.isDead) {
      callback()
      return
    }
    const settled = (): void => {
      if (!this.isQuiet && !this.isDead) return
      this.off('drain', settled)
      this.off('end', settled)
      callback()
    }
    this.on('drain', settled)
    this.on('end', settled)
  }

  getStartupConf(): Record<string, string> {
    const parameters = base.getStartupConf.call(this)
    for (const key of Object.keys(refusedStartupParameters)) Reflect.deleteProperty(parameters, key)
    return parameters
  }

  override connect(): Promise<this>
  override connect(callback: (error: Error | null, client?: this) => void): void
  override connect(callback?: (error: Error | null, client?: this) => void): Promise<this> | undefined {
    const connect = super.connect.bind(this) as unknown as (done: (error: Error | null) => void) => void
    if (callback) {
      connect((error) => {
        if (error) explainError(error, notSent)
        callback(error, this)
      })
      return undefined
    }
    return new this.#pg._Promise<this>((resolve, reject) => {
      connect((error) => {
        if (!error) {
          resolve(this)
          return
        }
        explainError(error, notSent)
        reject(toError(error))
      })
    })
  }

  // Defined like this, the overloads of `query` stay those of pg.
  static {
    const query = function (this: SafeClient, config: unknown, values?: unknown, callback?: unknown): unknown {
      return this.#query(config, values, callback)
    }
    Object.defineProperty(this.prototype, 'query', { value: query, writable: true, configurable: true })
  }

  /** Runs a query that was prepared by a session or pool. It settles through its callback. */
  execute(query: SafeQuery): void {
    this.#run(query, undefined)
  }

  /**
   * Cancels a query that was handed to this client: out of the queue, or by a CancelRequest when it is running.
   *
   * The query then rejects with `reason(outcome)`. A client that was cancelled is not used again, because a CancelRequest
   * that comes late would hit the next statement. If the server does not react in `graceMs`, the client connection is closed.
   */
  interrupt(query: SafeQuery, reason: Interruption, graceMs = 10_000): void {
    const queued = this.#pg._queryQueue.indexOf(query)
    if (queued >= 0) {
      this.#pg._queryQueue.splice(queued, 1)
      query.handleError(reason('not-executed'), this.#guard)
      return
    }
    if (this.#pg._activeQuery !== query || query.interruption) return
    query.interruption = reason
    query.halt(this.#guard)
    const timer = setTimeout(() => {
      this.#guard.stream.destroy()
    }, graceMs)
    this.evicted ??= reason('unknown')
    const settled = new Promise<void>((resolve) => {
      query.onSettled = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.cancelling = cancelUntil(this, settled).catch(() => {
      this.#guard.stream.destroy()
    })
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'error' && args[0] instanceof Error) this.#lastError ??= args[0]
    if (event === 'error' && this.listenerCount('error') === 0) {
      // pg would crash the process for a connection that ends while nobody is looking.
      // When queries were waiting, they were told.
      if (args[0] instanceof Error && !this.#queriesTold) this.#onError?.(args[0])
      return false
    }
    return super.emit(event, ...args)
  }

  _handleErrorMessage(message: ServerMessage): void {
    const active = this.#pg._activeQuery
    if (this.#pg._connecting || !active) {
      base._handleErrorMessage.call(this, message)
      return
    }
    const fatal = message.severity === 'FATAL' || message.severity === 'PANIC'
    if (fatal) this.#expectEnd(message)
    explainError(message, this.#moment(!fatal, active))
    if (active instanceof SafeQuery) active.fail(message, this.#guard)
    else base._handleErrorMessage.call(this, message)
  }

  _errorAllQueries(error: Error): void {
    // A SafeQuery explains its own end; a cursor or stream is told here.
    if (this.#pg._activeQuery && !(this.#pg._activeQuery instanceof SafeQuery))
      explainError(error, this.#moment(false, this.#pg._activeQuery))
    this.#queriesTold ||= Boolean(this.#pg._activeQuery) || this.#pg._queryQueue.length > 0
    base._errorAllQueries.call(this, error)
  }

  _handleReadyForQuery(message: ReadyForQueryMessage): void {
    const status = message.status ?? 'I'
    this.#guard.markReady()
    clearTimeout(this.#fatalTimer)
    const failure = this.#verify(status)
    this.#status = status
    this.#watch = undefined
    const active = this.#pg._activeQuery
    if (!failure || !active) {
      base._handleReadyForQuery.call(this, message)
      return
    }
    if (active instanceof SafeQuery) {
      active.fail(failure, this.#guard)
      base._handleReadyForQuery.call(this, message)
      return
    }
    this.#pg._activeQuery = null
    base._handleReadyForQuery.call(this, message)
    active.handleError(failure, this.#guard)
  }

  _handleCommandComplete(message: CommandCompleteMessage): void {
    this.#watch?.complete(message.text)
    base._handleCommandComplete.call(this, message)
  }

  _handleNotice(message: ServerMessage): void {
    this.#watch?.notice(message.code)
    base._handleNotice.call(this, message)
  }

  #query(config: unknown, values: unknown, callback: unknown): unknown {
    if (config === null || config === undefined) return base.query.call(this, config as never)
    if (isSubmittable(config)) return this.#runForeign(config, values, callback)
    const query = new SafeQuery(config, values, callback)
    const timeoutMs = limitOf(config) ?? this.#queryTimeoutMs
    if (query.callback) {
      if (typeof query.callback !== 'function') throw new TypeError('callback is not a function')
      this.#run(query, timeoutMs)
      return undefined
    }
    const result = new this.#pg._Promise((resolve, reject) => {
      query.callback = (error, answer) => {
        if (error) reject(toError(error))
        else resolve(answer)
      }
    }).catch((error: unknown) => {
      // As pg does: the stack should lead to the caller of query, not to the socket.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    })
    this.#run(query, timeoutMs)
    return result
  }

  #run(query: SafeQuery, timeoutMs: number | undefined): void {
    if (this.released) {
      process.nextTick(() => {
        query.handleError(usedAfterRelease(), this.#guard)
      })
      return
    }
    if (timeoutMs) this.#limit(query, timeoutMs)
    if (isQueryTraced()) traceQuery(this, query, () => base.query.call(this, query as never))
    else base.query.call(this, query as never)
  }

  #limit(query: SafeQuery, timeoutMs: number): void {
    const callback = query.callback
    const timer = setTimeout(() => {
      this.interrupt(query, (outcome, cause) => queryTimedOut(timeoutMs, outcome, cause))
    }, timeoutMs)
    query.callback = (error, result) => {
      clearTimeout(timer)
      callback?.(error, result)
    }
  }

  #runForeign(query: Submittable, values: unknown, callback: unknown): unknown {
    if (this.released) {
      process.nextTick(() => {
        query.handleError(usedAfterRelease(), this.#guard)
      })
      return query
    }
    if (query.name) {
      if (this.#rejectNames) {
        process.nextTick(() => {
          query.handleError(nameRefused(String(query.name)), this.#guard)
        })
        return query
      }
      query.name = undefined
    }
    guardSubmit(query)
    return base.query.call(this, query as never, values as never, callback as never)
  }

  #explain(query: SafeQuery, error: unknown): unknown {
    if (query.sent) return explainError(error, this.#moment(false, query))
    // pg only says that the client cannot be used; why is what the server or the socket had said before.
    if (error instanceof Error && error !== this.#lastError) error.cause ??= this.#lastError
    return explainError(error, notSent)
  }

  #admitQuery(query: SafeQuery): Error | undefined {
    const { text, values } = query
    if (typeof text !== 'string') return withoutText(query.strippedName)
    if (this.#rejectNames && query.strippedName) return nameRefused(query.strippedName)
    if (values && values.length > maxParameters) return tooManyParameters(values.length)
    if (query.types != null && typeof (query.types as { getTypeParser?: unknown }).getTypeParser !== 'function') {
      return badTypes()
    }
    const refusal = this.#admit(text, query.requiresPreparation(), query.scope ?? this.scope)
    if (!refusal) this.#guard.admitted = text
    return refusal
  }

  /** Its statements were judged one by one; what is left is to verify what the server says about the transaction. */
  #admitBatch({ steps }: SafeBatch): Error | undefined {
    const controls = steps.some(({ command }) => controlling.has(command))
    this.#watch = controls ? new TransactionWatch(steps.map(({ command }) => command)) : undefined
    return undefined
  }

  #admit(text: string, extended: boolean, scope: Scope): Error | undefined {
    const { refusal, control } = judgeSql(text, extended, scope, this.#status)
    this.#watch =
      control && !refusal ? new TransactionWatch(control.statements.map(({ command }) => command)) : undefined
    return refusal
  }

  #moment(answered: boolean, { text }: { readonly text?: unknown }): ErrorMoment {
    return {
      sent: true,
      // A text that opens a transaction and does not commit leaves nothing behind either.
      insideTransaction: this.#status !== 'I' || this.#watch?.commits === false,
      committing: this.#watch?.commits ?? false,
      committed: this.#watch?.committed ?? false,
      answered,
      transactional: this.#status !== 'I' || typeof text !== 'string' || isTransactional(text),
    }
  }

  /** What the answer as a whole says about the transaction, once ReadyForQuery is there. */
  #verify(status: TransactionStatus): Error | undefined {
    const watch = this.#watch
    if (watch) return this.#verifyControl(watch, status)
    if (this.#status === 'I' || status !== 'I') return undefined
    const failure = lostTransaction(this.#status)
    this.#evict(failure)
    return failure
  }

  #verifyControl(watch: TransactionWatch, status: TransactionStatus): Error | undefined {
    const active = this.#pg._activeQuery
    // pg forgets a query that failed, and ours keeps its error: then the text did not run to its end.
    const succeeded = active && !(active instanceof SafeQuery && active.failure !== undefined)
    const moved = succeeded && !watch.failure && (status !== 'I') !== watch.leavesOpen
    const failure = moved ? wrongState(watch.leavesOpen) : watch.failure
    if (moved || watch.evict) this.#evict(failure)
    return failure
  }

  /** Ends the client connection as soon as the query at hand has settled: nothing else may run on it. */
  #evict(reason: Error | undefined): void {
    this.evicted ??= reason
    process.nextTick(() => {
      this.#guard.stream.destroy()
    })
  }

  /** FATAL ends the connection. Most poolers close it; one that does not must not leave the query hanging. */
  #expectEnd(message: Error): void {
    this.evicted ??= message
    clearTimeout(this.#fatalTimer)
    this.#fatalTimer = setTimeout(() => {
      this.#guard.stream.destroy()
    }, fatalGraceMs)
  }
}

function isSubmittable(config: unknown): config is Submittable {
  return typeof config === 'object' && config !== null && typeof (config as { submit?: unknown }).submit === 'function'
}

/** The `query_timeout` of one query. As with pg, 0 stands for the one of the client. */
function limitOf(config: unknown): number | undefined {
  const { query_timeout: timeout } = config as { query_timeout?: unknown }
  return typeof timeout === 'number' && timeout > 0 ? timeout : undefined
}

function nameRefused(name: string): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_NAMED_STATEMENT',
    `The statement name "${name}" was refused: the next transaction may run on a backend that does not know it.`,
    { outcome: 'not-executed', hazard: 'named-parse', hint: 'Leave the name out, or use names: "strip".' },
  )
}

function withoutText(name: string | undefined): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_INVALID_QUERY',
    name ? `The query "${name}" has no text, and nothing is prepared that it could name.` : 'The query has no text.',
    { outcome: 'not-executed', hazard: name ? 'named-parse' : undefined, hint: 'Pass the SQL as text.' },
  )
}

function badTypes(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_INVALID_QUERY', 'The types of the query are not result type parsers.', {
    outcome: 'not-executed',
    hint: 'types must be an object with getTypeParser(oid, format). Cast parameters in the SQL instead: $1::int.',
  })
}

function usedAfterRelease(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_CLIENT_RELEASED', 'The client was already released to its pool.', {
    outcome: 'not-executed',
    hazard: 'checkout-leak',
    hint: 'Await every query before release(), and do not keep the client afterwards.',
  })
}

function queryTimedOut(timeoutMs: number, outcome: Outcome, cause: unknown): PoolerSafeError {
  // The words of pg, which libraries look for.
  return new PoolerSafeError('POOLER_SAFE_TIMEOUT', 'Query read timeout', {
    outcome,
    hazard: 'query-timeout-client-only',
    hint: `No answer came within ${timeoutMs} ms, so the query was cancelled. Use statementTimeoutMs to let the server stop it by itself.`,
    cause,
  })
}
