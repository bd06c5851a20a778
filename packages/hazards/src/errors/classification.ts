import type { HazardId } from '../hazard.ts'
import type { PoolerKey } from '../poolers.ts'

/**
 * What is known about the effects of the unit that failed. The unit is the transaction that was open when the error
 * came: the explicit one, or the implicit one of a single statement or of a batch under one Sync. Transactions that the
 * same text had committed before the failure are not part of it.
 *
 * - `not-executed`: nothing of the unit remains, and nothing will. It never reached PostgreSQL, or PostgreSQL rolled it
 *   back. What ignores transactions is outside of this promise: sequence values, session state, work on other systems.
 * - `executed`: PostgreSQL completed the statement; what failed came after it, or was only a warning.
 * - `unknown`: the unit may have been committed, may still be running, or may never have arrived.
 */
export type Outcome = 'not-executed' | 'executed' | 'unknown'

/**
 * When the whole unit (never one statement of a transaction) may be run again.
 *
 * - `now`: at once, with a little jitter, on another client connection if the error was fatal.
 * - `backoff`: after a pause that grows, within a budget; the cause lasts longer than a round trip.
 * - `if-idempotent`: only when running it twice is harmless, because it may have been committed.
 * - `never`: the same unit fails the same way, or the failure is the answer.
 */
export type Retry = 'now' | 'backoff' | 'if-idempotent' | 'never'

/** Who made the error: PostgreSQL, a pooler by key, some pooler or gateway, the driver, the network, or nobody known. */
export type ErrorOrigin = 'server' | PoolerKey | 'pooler' | 'driver' | 'network' | 'unknown'

/** What {@link classifyError} found out about an error. */
export interface ErrorClassification {
  readonly outcome: Outcome
  readonly retry: Retry
  readonly origin: ErrorOrigin
  /** A stable name for what happened, for metrics and tests: `query-wait-timeout`, `deadlock`. */
  readonly condition: string
  /** The five characters that PostgreSQL or a pooler sent. Never enough to decide alone, see `overloaded-sqlstate`. */
  readonly sqlState?: string
  /** The hazard of the catalogue that this error is a symptom of. */
  readonly hazard?: HazardId
  /** What to do about it, in one or two sentences. Never contains a part of the error. */
  readonly hint: string
  /** The client connection is dead or out of step: destroy it, do not put it back into a pool. */
  readonly fatal: boolean
}

/** What the caller knows and the error does not say. Every field left out means "assume the worst". */
export interface ErrorContext {
  /** `false` when no byte of the unit had been written: whatever happened, it was not executed. */
  readonly sent?: boolean
  /** `true` when COMMIT, or a unit that ends in COMMIT, had been sent: a fatal error leaves its outcome unknown. */
  readonly committing?: boolean
  /**
   * `false` for commands that PostgreSQL does not run in one transaction (`vacuum`, `create index concurrently`,
   * `create database`, procedures that commit): an error does not prove that nothing remains.
   */
  readonly transactional?: boolean
}
