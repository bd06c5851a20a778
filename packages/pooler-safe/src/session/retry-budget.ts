import { badOption } from '../options/client-options.ts'

/** How much of its load a database may repeat while the server is away. */
export interface RetryBudgetOptions {
  /** How many retries may be spent at once. Default 50. */
  readonly tokens?: number
  /** What a unit that succeeds puts back. Default 0.1: in the long run one retry for ten successes. */
  readonly perSuccess?: number
}

/**
 * The retries that all units of one database share.
 *
 * `retries: 3` alone turns an outage into four times the load on a server that is trying to come back. A token is taken for
 * every retry after a lost or refused client connection, and put back by units that succeed. Conflicts (40001, 40P01) cost
 * nothing: they come from a server that works.
 */
export class RetryBudget {
  readonly #most: number
  readonly #perSuccess: number
  #tokens: number

  /** @throws PoolerSafeError POOLER_SAFE_BAD_OPTION */
  constructor(options: RetryBudgetOptions = {}) {
    if (typeof options !== 'object' || (options as unknown) === null)
      throw badOption('retryBudget', 'must be an object')
    const { tokens = 50, perSuccess = 0.1, ...unknown } = options
    for (const key of Object.keys(unknown)) throw badOption(`retryBudget.${key}`, 'is not known')
    if (!(Number.isInteger(tokens) && tokens >= 0)) {
      throw badOption('retryBudget.tokens', 'must be a whole number, 0 or more')
    }
    if (!(Number.isFinite(perSuccess) && perSuccess >= 0)) {
      throw badOption('retryBudget.perSuccess', 'must be a number, 0 or more')
    }
    this.#most = tokens
    this.#perSuccess = perSuccess
    this.#tokens = tokens
  }

  /** Whether one more retry may be made. */
  take(): boolean {
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }

  putBack(): void {
    this.#tokens = Math.min(this.#most, this.#tokens + this.#perSuccess)
  }
}
