import pg from 'pg'
import { toError } from '../errors/to-error.ts'
import { attachFacts, outcomeOf, sqlStateOf } from '../errors/facts.ts'
import { PoolerSafeError, type Outcome } from '../errors/pooler-safe-error.ts'
import type { CommandCompleteMessage, ConnectionInternals, QueryCallback, QueryInternals } from './pg-internals.ts'
import type { GuardedConnection } from './safe-connection.ts'
import type { Scope } from './sql-policy.ts'

/** A request in numbers and texts, without its values. */
export interface ToldRequest {
  readonly text: string
  readonly statements: number
  readonly parameters: number
}

/** Makes the error for a query that was cancelled from this side. */
export type Interruption = (outcome: Outcome, cause?: unknown) => Error

const PgQuery = pg.Query as unknown as new (config: unknown) => QueryInternals

/**
 * A `pg.Query` that is never named, settles once, and settles only after ReadyForQuery.
 *
 * `pg` rejects at ErrorResponse, when the transaction status is still the old one and a second request would be a
 * second Sync in flight. This one keeps the first error and waits.
 */
export class SafeQuery extends PgQuery {
  /** Who asked, when it is not the holder of the client. */
  scope: Scope | undefined
  /** A statement that runs before this one under the same Sync, whose answer is dropped: local settings. */
  prelude: string | undefined
  /** Bytes of it are on the socket. */
  sent = false
  /** At least one CommandComplete arrived. */
  completed = false
  /** The name that the caller gave and that was left out. */
  strippedName: string | undefined
  /** Set when the query is being cancelled: makes the error to settle with. */
  interruption: Interruption | undefined
  /** Cancelled while it waited for a client: it is not sent any more. */
  cancelledBefore: Error | undefined
  /** Told when the query has settled. */
  onSettled: (() => void) | undefined
  #failure: unknown
  #failed = false
  #settled = false
  #preludePending = false

  constructor(config: unknown, values?: unknown, callback?: unknown) {
    super(config)
    if (typeof values === 'function') this.callback = values as QueryCallback
    else if (values) this.values = values as readonly unknown[]
    if (callback) this.callback = callback as QueryCallback
    if (this.name) {
      this.strippedName = this.name
      this.name = undefined
    }
  }

  override submit(connection: ConnectionInternals): Error | null {
    const guard = connection as GuardedConnection
    const refusal = this.cancelledBefore ?? this.admit(guard)
    if (refusal) return refusal
    guard.beginRequest()
    let failure: unknown
    try {
      failure = super.submit(connection)
    } catch (error) {
      failure = error
    }
    const { wrote } = guard.endRequest(Boolean(failure))
    this.sent = wrote
    return failure ? toError(failure) : null
  }

  /** Asks the policy of the client. Returns why it is not sent, if so. */
  protected admit(guard: GuardedConnection): Error | undefined {
    return guard.admission.query(this)
  }

  override prepare(connection: ConnectionInternals): void {
    if (this.prelude !== undefined) {
      const guard = connection as GuardedConnection
      guard.admitted = this.prelude
      connection.parse({ text: this.prelude })
      connection.bind({})
      connection.execute({})
      guard.admitted = this.text
      this.#preludePending = true
    }
    super.prepare(connection)
  }

  /** Called when it is cancelled, for what has to be done besides the CancelRequest. */
  halt(connection: ConnectionInternals): void {
    // A socket that is not read would not see the answer to it.
    connection.stream.resume()
  }

  override handleRowDescription(message: unknown): void {
    try {
      super.handleRowDescription(message)
    } catch (error) {
      // A type parser look-up that throws would escape into the socket's data handler and hang the client.
      this._canceledDueToError = badResult(error)
    }
  }

  override handleDataRow(message: unknown): void {
    if (this.#preludePending) return
    try {
      super.handleDataRow(message)
    } catch (error) {
      // A listener of 'row' threw. It is the program's own error: raise it, but not inside the protocol parser.
      process.nextTick(() => {
        throw error
      })
    }
  }

  override handleCommandComplete(message: CommandCompleteMessage, connection: ConnectionInternals): void {
    if (this.#preludePending) {
      this.#preludePending = false
      return
    }
    this.completed = true
    super.handleCommandComplete(message, connection)
  }

  /** What telemetry says of it. */
  get told(): ToldRequest {
    return { text: this.text ?? '', statements: 1, parameters: this.values?.length ?? 0 }
  }

  /** ErrorResponse: keep the first one and wait for ReadyForQuery. */
  fail(error: unknown, connection: ConnectionInternals): void {
    if (!this.#failed) {
      this.#failed = true
      this.#failure = error
    }
    // Rows are being fetched in portions, so no Sync was sent yet, and without one no ReadyForQuery will come.
    if (this.rows && !(connection as GuardedConnection).awaitingReady) connection.sync()
  }

  /** The first error that the server reported for this query, before it settles. */
  get failure(): unknown {
    return this.#failure
  }

  override handleError(error: unknown, connection: ConnectionInternals): void {
    const reported = this.#failed
      ? this.#failure
      : (this.#decodingFailure() ?? (connection as GuardedConnection).admission.explain(this, error))
    this.#settle(reported)
  }

  override handleReadyForQuery(connection: ConnectionInternals): void {
    if (this.#settled) return
    if (this.#failed) {
      this.#settle(this.#failure)
      return
    }
    const undecoded = this.#decodingFailure()
    if (undecoded !== undefined) {
      this.#settle(undecoded)
      return
    }
    this.#settled = true
    this.onSettled?.()
    super.handleReadyForQuery(connection)
  }

  /** The error of a query that was cancelled from this side, unless it failed for a reason of its own. */
  #interrupted(error: unknown): unknown {
    if (!this.interruption) return error
    if (this.#failed && sqlStateOf(error) !== '57014') return error
    return this.interruption(outcomeOf(error) ?? 'unknown', error)
  }

  #decodingFailure(): unknown {
    const failure = this._canceledDueToError
    if (!failure) return undefined
    // The statement itself succeeded: only its answer could not be read.
    attachFacts(failure, { outcome: 'executed' })
    return failure
  }

  #settle(error: unknown): void {
    if (this.#settled) return
    this.#settled = true
    this.onSettled?.()
    const reported = this.#interrupted(error)
    const callback = this.callback
    if (!callback) {
      this.emit('error', reported)
      return
    }
    try {
      callback(reported)
    } catch (thrown) {
      process.nextTick(() => {
        throw thrown
      })
    }
  }
}

export function badResult(cause: unknown): PoolerSafeError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new PoolerSafeError('POOLER_SAFE_BAD_RESULT', `The result could not be decoded: ${reason}`, {
    outcome: 'executed',
    hint: 'types must be an object with getTypeParser(oid, format) that returns a function.',
    cause,
  })
}
