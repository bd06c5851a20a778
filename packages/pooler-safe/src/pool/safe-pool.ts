import { toError } from '../errors/to-error.ts'
import type pg from 'pg'
import { assertSupportedPg, nativeBindings, type PoolInternals, type QueryCallback } from '../client/pg-internals.ts'
import { originals } from '../client/originals.ts'
import { SafeClient } from '../client/safe-client.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { explainError, notSent } from '../errors/explain-error.ts'
import { warn } from '../errors/warn.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { traceCheckout } from '../telemetry/trace.ts'
import { checkClientOptions, markChecked, badOption } from '../options/client-options.ts'
import type { GuardOptions, UnknownOptions } from '../options/client-options.ts'

/** Options of a {@link SafePool}: those of `pg.Pool` that are safe behind a pooler, and the guard's own. */
export type SafePoolConfig = pg.PoolConfig & GuardOptions

type Connected = (error: Error | undefined, client: SafeClient | undefined, release: (error?: unknown) => void) => void

/** What `super` is for the methods that the public types of `pg` leave out. */
const base = originals.Pool.prototype as unknown as PoolInternals & {
  connect(callback: Connected): void
  query(config: unknown): unknown
}

/**
 * A `pg.Pool` of {@link SafeClient}s.
 *
 * Same API, results, types, events and callbacks. It differs where `pg.Pool` loses or leaks: a failing `pool.query` keeps
 * its client connection; a client goes back only after ReadyForQuery with no transaction open, and is destroyed and
 * reported otherwise; an idle client connection that ends does not crash the process; `pool.query` refuses transaction
 * control, except in one text that opens and closes its own transaction.
 *
 * Emits `warning` with a {@link PoolerSafeError} for every leak it repaired.
 *
 * @throws PoolerSafeError at construction for unknown or unsafe options, a bad URL and the native bindings.
 * @example
 * ```ts
 * const pool = new SafePool({ connectionString: url, max: 10 })
 * ```
 */
export class SafePool extends originals.Pool {
  static {
    // Libraries tell a pool from a client by the name of its class: it is called as pg calls its own.
    Object.defineProperty(this, 'name', { value: originals.Pool.name, configurable: true })
  }
  /** What options that are not known mean to this class, when its options do not say. */
  static readonly unknownOptions: UnknownOptions = 'reject'
  /** As `pg` calls it: what a client is made with. */
  readonly Client: typeof SafeClient
  readonly #pg = this as unknown as PoolInternals
  readonly #onError: ((error: Error) => void) | undefined
  readonly #onWarning: ((warning: Error) => void) | undefined

  constructor(config: SafePoolConfig = {}) {
    assertSupportedPg()
    if (typeof config === 'string') {
      throw badOption('config', 'is a URL', 'Pass it as { connectionString: url }.')
    }
    // Its own options are this pool's business, whatever the class of its clients is.
    const { Client = SafeClient, ...rest } = config
    if (!isSafeClient(Client)) throw foreignClient(Client)
    checkClientOptions(rest, new.target.unknownOptions)
    super(config)
    this.Client = Client
    markChecked(this.options)
    this.#onError = config.onError
    this.#onWarning = config.onWarning
    // Reads URL, environment and defaults as every client will, so that what is wrong is wrong now.
    if (!config.stream) new Client(this.options)
  }

  override connect(): Promise<pg.PoolClient>
  override connect(
    callback: (error: Error | undefined, client: pg.PoolClient | undefined, done: (release?: unknown) => void) => void,
  ): void
  override connect(callback?: unknown): Promise<pg.PoolClient> | undefined {
    if (typeof callback === 'function') {
      this.#connect(callback as Connected)
      return undefined
    }
    return new this.#pg.Promise<pg.PoolClient>((resolve, reject) => {
      this.#connect((error, client) => {
        if (error) reject(toError(error))
        else resolve(client as unknown as pg.PoolClient)
      })
    }).catch((error: unknown) => {
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    })
  }

  // Defined like this, the overloads of `query` stay those of pg.
  static {
    const query = function (this: SafePool, config: unknown, values?: unknown, callback?: unknown): unknown {
      return this.#query(config, values, callback)
    }
    Object.defineProperty(this.prototype, 'query', { value: query, writable: true, configurable: true })
  }

  /** Runs a query that was prepared by a session. Its callback is called when the client is back in the pool. */
  run(query: SafeQuery, onStart?: (client: SafeClient) => void): void {
    const callback = query.callback
    this.#acquire((error, client, release) => {
      if (error || !client) {
        callback?.(error)
        return
      }
      query.callback = (failure, result) => {
        release()
        callback?.(failure, result)
      }
      onStart?.(client)
      client.execute(query)
    })
  }

  override on<K extends 'error' | 'release' | 'connect' | 'acquire' | 'remove'>(
    event: K,
    listener: K extends 'error' | 'release'
      ? (error: Error, client: pg.PoolClient) => void
      : (client: pg.PoolClient) => void,
  ): this
  override on(event: 'warning', listener: (warning: PoolerSafeError, client: pg.PoolClient) => void): this
  override on(event: string, listener: unknown): this {
    return super.on(event as never, listener as never)
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'error' && this.listenerCount('error') === 0) {
      // pg would crash the process for an idle client connection that ends, which poolers do all the time.
      if (args[0] instanceof Error) this.#onError?.(args[0])
      return false
    }
    return super.emit(event, ...args)
  }

  _acquireClient(client: unknown, pendingItem: unknown, idleListener: unknown, isNew: boolean): void {
    if (client instanceof SafeClient) client.released = false
    base._acquireClient.call(this, client, pendingItem, idleListener, isNew)
  }

  _release(client: SafeClient, idleListener: unknown, error?: unknown): void {
    client.released = true
    client.scope = 'client'
    if (error || client.isDead || (client.isQuiet && client.status === 'I' && !client.evicted)) {
      base._release.call(this, client, idleListener, error)
      return
    }
    // Answers are still to come: whoever gets the client next would read them as its own.
    client.whenQuiet(() => {
      const leak =
        client.isDead || client.evicted || client.status === 'I' ? undefined : leakedTransaction(client.status)
      base._release.call(this, client, idleListener, client.evicted ?? leak)
      // A listener that throws must not keep the client from its pool.
      if (leak) this.#warn(leak, client)
    })
  }

  #connect(callback: Connected): void {
    traceCheckout(this, callback, (done) => {
      base.connect.call(this, (error, client, release) => {
        done(error && explainError(error, notSent), client, release)
      })
    })
  }

  /**
   * The client of one query. One that is idle while nobody waits is taken at once: a timer and a turn of the event loop
   * for each query are most of what the guard would cost.
   */
  #acquire(callback: Connected): void {
    const { ending, _idle: idle, _pendingQueue: waiting } = this.#pg
    const item = ending || waiting.length > 0 ? undefined : idle.pop()
    if (!item) {
      this.#connect(callback)
      return
    }
    clearTimeout(item.timeoutId)
    item.client.ref()
    traceCheckout(this, callback, (done) => {
      this._acquireClient(item.client, { callback: done }, item.idleListener, false)
    })
  }

  #query(config: unknown, values: unknown, callback: unknown): unknown {
    if (typeof config === 'function') return base.query.call(this, config)
    const done = (typeof values === 'function' ? values : callback) as QueryCallback | undefined
    const given = typeof values === 'function' ? undefined : values
    if (done) {
      this.#dispatch(config, given, done)
      return undefined
    }
    return new this.#pg.Promise<unknown>((resolve, reject) => {
      this.#dispatch(config, given, (error, answer) => {
        if (error) reject(toError(error))
        else resolve(answer)
      })
    }).catch((error: unknown) => {
      // As pg does: the stack should lead to the caller of query, not to the socket.
      if (error instanceof Error) Error.captureStackTrace(error)
      throw error
    })
  }

  #dispatch(config: unknown, values: unknown, settle: QueryCallback): void {
    this.#acquire((error, client, release) => {
      if (error || !client) {
        settle(error)
        return
      }
      client.scope = 'pool'
      const finish: QueryCallback = (failure, answer) => {
        if (failure && client.status !== 'I' && !client.isDead && !client.evicted) {
          // A text that opens its own transaction failed half-way: pg.Pool would have destroyed the client.
          this.#rollBack(client, release, () => settle(failure))
          return
        }
        release()
        if (failure) settle(failure)
        else settle(undefined, answer)
      }
      try {
        client.query(config as never, values as never, finish as never)
      } catch (thrown) {
        release()
        settle(thrown)
      }
    })
  }

  #rollBack(client: SafeClient, release: (error?: unknown) => void, done: () => void): void {
    client.scope = 'internal'
    const rollback = new SafeQuery('rollback')
    rollback.callback = (failure) => {
      release(failure)
      done()
    }
    client.execute(rollback)
  }

  #warn(warning: PoolerSafeError, client: SafeClient): void {
    const heard = this.listenerCount('warning') > 0
    if (heard) super.emit('warning', warning, client)
    if (this.#onWarning || !heard) warn(warning, this.#onWarning)
  }
}

function isSafeClient(candidate: unknown): candidate is typeof SafeClient {
  return candidate === SafeClient || (typeof candidate === 'function' && candidate.prototype instanceof SafeClient)
}

function foreignClient(candidate: unknown): PoolerSafeError {
  const name = typeof candidate === 'function' ? candidate.name : String(candidate)
  const prototype: unknown = typeof candidate === 'function' ? candidate.prototype : undefined
  const native = typeof prototype === 'object' && prototype !== null && !('_handleReadyForQuery' in prototype)
  if (native) return nativeBindings(`The option "Client" is ${name}, which is not the JavaScript client`)
  return badOption('Client', `is ${name}, which is not guarded`, 'Leave it out, or extend SafeClient.')
}

function leakedTransaction(status: string): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_LEAKED_TRANSACTION',
    `A client was released with ${status === 'E' ? 'a failed' : 'an open'} transaction. It was destroyed, which rolls the transaction back.`,
    {
      outcome: 'not-executed',
      hazard: 'leaked-open-tx',
      hint: 'Commit or roll back in a finally block before release(), or use db.transaction(work).',
    },
  )
}
