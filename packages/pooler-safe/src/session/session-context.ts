import type { EscapeGuard } from './escape-guard.ts'
import type { SafePool } from '../pool/safe-pool.ts'
import type { TransactionTimeouts } from './session.ts'

/** What the sessions of one database share. */
export interface SessionContext {
  readonly pool: SafePool
  readonly escapes: EscapeGuard
  /** Timeouts that every transaction runs under, unless it has its own. */
  readonly timeouts: TransactionTimeouts
  /** One statement per round trip, also in batches. */
  readonly sequential: boolean
  /** Roles that settings may name; any when it is undefined. */
  readonly roles: ReadonlySet<string> | undefined
}
