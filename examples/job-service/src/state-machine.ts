/** Every state of a job, in the order of its life. */
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type JobState = (typeof jobStates)[number]

/** States that nothing happens in any more. A failed job can be queued again by a person. */
export type FinalState = 'succeeded' | 'failed' | 'cancelled'

/** What may follow what. Everything else is refused, by the statements and by the constraints of the tables. */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled', 'queued'],
  succeeded: [],
  failed: ['queued'],
  cancelled: [],
}

export function canBecome(from: JobState, to: JobState): boolean {
  return transitions[from].includes(to)
}

export function isFinal(state: JobState): state is FinalState {
  return state !== 'queued' && state !== 'running'
}

/** What is known about a run when it fails. */
export interface FailedRun {
  /** Failed runs before this one. */
  readonly failures: number
  readonly maxAttempts: number
  /** False when another run cannot end otherwise. */
  readonly retryable: boolean
  readonly cancelRequested: boolean
}

/** What becomes of a job whose run failed. */
export function afterFailure({ failures, maxAttempts, retryable, cancelRequested }: FailedRun): JobState {
  if (cancelRequested) return 'cancelled'
  return retryable && failures + 1 < maxAttempts ? 'queued' : 'failed'
}

/** Every state of a batch. `partial`: some of its jobs succeeded. */
export const batchStates = ['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const
export type BatchState = (typeof batchStates)[number]

/** How many jobs of a batch are in each state; their sum is `total`. */
export interface BatchCounts extends Readonly<Record<JobState, number>> {
  readonly total: number
}

/** What else the state of a batch depends on. */
export interface BatchProgress {
  /** A job of it was claimed already, whatever has become of it. */
  readonly begun: boolean
  /** No job can be added any more. */
  readonly sealed: boolean
}

/**
 * The state of a batch whose jobs stand like this, the rule that the statements of the store follow. It ends only when no
 * job can be added and none is left to be run; an empty one succeeds.
 */
export function batchStateOf(
  { total, queued, running, succeeded, cancelled }: BatchCounts,
  { begun, sealed }: BatchProgress,
): BatchState {
  if (!sealed || queued + running > 0) return begun ? 'running' : 'queued'
  if (succeeded === total) return 'succeeded'
  if (cancelled === total) return 'cancelled'
  return succeeded > 0 ? 'partial' : 'failed'
}
