import { hintOf, outcomeOf, hazardOf } from './facts.ts'
import { isPoolerSafeError, PoolerSafeError, type Outcome } from './pooler-safe-error.ts'

/**
 * Where a batch failed.
 *
 * - `statement`: the server refused one statement, and everything was undone.
 * - `commit`: every statement had succeeded, and the commit failed or its answer was lost.
 * - `client`: on this side, before a byte was sent (`not-executed`) or while an answer was decoded (`executed`).
 */
export type BatchPhase = 'statement' | 'commit' | 'client'

/**
 * A batch or `executeMany` failed. The cause is the error of PostgreSQL or of pooler-safe, unchanged; `code` is that of a
 * pooler-safe cause, and `POOLER_SAFE_BATCH_FAILED` for what PostgreSQL reported (its SQLSTATE: `sqlStateOf(error)`).
 */
export class BatchError extends PoolerSafeError {
  override readonly name: string = 'BatchError'
  readonly phase: BatchPhase
  /** The statement (or row, for `executeMany`) at fault, from 0; `undefined` when it was none of them. */
  readonly index: number | undefined
  /** How many statements or rows of earlier chunks are committed. Always 0 for what is all or nothing. */
  readonly committed: number

  constructor(
    cause: unknown,
    at: {
      readonly phase: BatchPhase
      readonly index?: number | undefined
      readonly committed?: number
      readonly outcome?: Outcome | undefined
      readonly unit?: string
    },
  ) {
    const { phase, index, committed = 0, unit = 'Statement' } = at
    const outcome = at.outcome ?? outcomeOf(cause) ?? 'unknown'
    super(isPoolerSafeError(cause) ? cause.code : 'POOLER_SAFE_BATCH_FAILED', describe(cause, unit, phase, index), {
      outcome,
      hazard: hazardOf(cause),
      hint: hintOf(cause),
      docsUrl: isPoolerSafeError(cause) ? cause.docsUrl : undefined,
      cause,
    })
    this.phase = phase
    this.index = index
    this.committed = committed
  }
}

function describe(cause: unknown, unit: string, phase: BatchPhase, index: number | undefined): string {
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (index !== undefined) return `${unit} ${index} of the batch: ${reason}`
  return phase === 'commit' ? `The commit of the batch: ${reason}` : `The batch: ${reason}`
}
