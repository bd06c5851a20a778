import type { HazardId } from '../hazard.ts'
import type { ErrorOrigin, Outcome, Retry } from './classification.ts'

/** One known error. The first rule that fits wins, so that narrow rules stand before wide ones. */
export interface ErrorRule {
  readonly condition: string
  readonly origin: ErrorOrigin
  /** Anchored at the start of the message; messages of wrappers quote SQL, which must not be mistaken for a cause. */
  readonly pattern?: RegExp
  /** SQLSTATEs or system error codes. An error without any code fits by its pattern alone. */
  readonly codes?: readonly string[]
  readonly outcome: Outcome
  readonly retry: Retry
  readonly hazard?: HazardId
  readonly hint: string
  /** Overrides what the severity says about the client connection. */
  readonly fatal?: boolean
  /**
   * The rule needs proof that PostgreSQL itself wrote the error (its source routine), because poolers use the same
   * code and text for something else.
   */
  readonly onlyFromServer?: true
  /** Not executed because PostgreSQL rolled back; not proven any more once COMMIT was under way. */
  readonly unlessCommitting?: true
  /** For system errors: the calls during which the error means that nothing had been sent. */
  readonly syscalls?: readonly string[]
}
