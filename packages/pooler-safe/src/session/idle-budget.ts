import { PoolerSafeError, type Outcome } from '../errors/pooler-safe-error.ts'

/** Measures how long an open transaction runs no statement, while its backend can serve nobody else. */
export class IdleBudget {
  readonly #budgetMs: number
  readonly #onSpent: (error: (outcome: Outcome) => PoolerSafeError) => void
  #timer: NodeJS.Timeout | undefined
  #spent = false

  /** Each time without a statement has the whole budget; `onSpent` is called once. */
  constructor(budgetMs: number, onSpent: (error: (outcome: Outcome) => PoolerSafeError) => void) {
    this.#budgetMs = budgetMs
    this.#onSpent = onSpent
  }

  /** No statement is running or queued. */
  start(): void {
    if (this.#spent) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#spent = true
      this.#onSpent((outcome) => spent(this.#budgetMs, outcome))
    }, this.#budgetMs)
  }

  stop(): void {
    clearTimeout(this.#timer)
  }
}

function spent(budgetMs: number, outcome: Outcome): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_IDLE_IN_TRANSACTION',
    `A transaction ran no statement for ${budgetMs} ms, and holds a backend all the time.`,
    {
      outcome,
      hazard: 'idle-in-tx',
      hint: 'Do what takes time before or after the transaction, or raise idleBudgetMs if it has to be inside.',
    },
  )
}
