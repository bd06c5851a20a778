import type { EscapeGuard } from './escape-guard.ts'
import type { SafePool } from '../pool/safe-pool.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { TransactionTimeouts } from './session.ts'

/** What the sessions of one database share. */
export interface SessionContext {
  readonly pool: SafePool
  readonly escapes: EscapeGuard
  /** Timeouts that every transaction runs under, unless it has its own. */
  readonly timeouts: TransactionTimeouts
  /** One statement per round trip, also in batches. */
  sequential: boolean
  /** Finds out whether it has to be, while that is not known. */
  decide: (() => Promise<void>) | undefined
  readonly retryBudget: RetryBudget
  /** How long a transaction may run no statement before it is reported. */
  readonly idleBudgetMs: number | undefined
  readonly onWarning: (warning: Error) => void
  /** Roles that settings may name; any when it is undefined. */
  readonly roles: ReadonlySet<string> | undefined
}
