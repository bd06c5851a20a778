import { BatchError, type BatchPhase } from '../errors/batch-error.ts'
import { outcomeOf, sqlStateOf } from '../errors/facts.ts'
import { timedOut } from '../session/limit.ts'
import { isDatabaseError } from '../session/session-error.ts'

/** Where in a request an error happened, as the session counts its statements. */
export interface Failure {
  readonly error: unknown
  /** The statement among those of the caller: negative for what came before them, their number or more for what came after. */
  readonly at: number | undefined
  readonly undecoded?: boolean | undefined
}

export interface BatchShape {
  /** How many statements the caller gave. */
  readonly count: number
  readonly timeoutMs?: number | undefined
  /** Rows of earlier chunks, which the index counts too. */
  readonly offset?: number
  readonly committed?: number
  readonly unit?: string
}

/** The error that a batch rejects with. */
export function batchError({ error, at, undecoded }: Failure, shape: BatchShape): BatchError {
  const { count, timeoutMs, offset = 0, committed = 0, unit = 'Statement' } = shape
  const cause =
    timeoutMs !== undefined && sqlStateOf(error) === '57014' && isDatabaseError(error)
      ? timedOut(timeoutMs, outcomeOf(error) ?? 'not-executed', error)
      : error
  const inside = at !== undefined && at >= 0 && at < count
  return new BatchError(cause, {
    phase: undecoded ? 'client' : phaseOf(cause, at, count),
    index: inside ? offset + at : undefined,
    committed: undecoded ? committed + count : committed,
    outcome: undecoded ? 'executed' : undefined,
    unit,
  })
}

function phaseOf(error: unknown, at: number | undefined, count: number): BatchPhase {
  if (at === undefined) return outcomeOf(error) === 'unknown' ? 'commit' : 'client'
  return at < count ? 'statement' : 'commit'
}
