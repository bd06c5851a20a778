import type { Step } from '../batch/step.ts'
import type { SafeClient } from '../client/safe-client.ts'
import type { IdleBudget } from './idle-budget.ts'

/** What the handles of one transaction, outermost and nested, share. */
export interface Unit {
  readonly client: SafeClient
  readonly isolation: string | undefined
  /** One statement per round trip. */
  readonly sequential: boolean
  /** Roles that settings may name; any when it is undefined. */
  readonly roles: ReadonlySet<string> | undefined
  /**
   * What has to run before the next statement does: BEGIN, settings, savepoints. It rides with that statement; if none comes,
   * it is never sent.
   */
  readonly opening: Step[]
  /** BEGIN has been sent. */
  begun: boolean
  /** Measures how long the transaction runs no statement. */
  readonly idle: IdleBudget | undefined
  /** How many cursors were opened. */
  cursors: number
  /** COMMIT was confirmed, by `commitWith`. */
  committed: boolean
  /** `commitWith` failed, so there is nothing left to commit. */
  endedBy: Error | undefined
  /** Set when the transaction can only be rolled back any more. */
  fatal: unknown
}
