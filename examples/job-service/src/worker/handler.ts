import type { Logger } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { ClaimedJob } from '../store/runs.ts'

/** Why a run is told to stop; the `reason` of its signal. */
export type StopReason = 'cancelled' | 'timeout' | 'lost' | 'shutdown'

/** The reason of a run's AbortSignal. */
export class RunStopped extends Error {
  override readonly name = 'RunStopped'
  readonly why: StopReason

  constructor(why: StopReason, message: string) {
    super(message)
    this.why = why
  }
}

/** What a handler works with. */
export interface RunContext<Payload = unknown> {
  readonly job: Omit<ClaimedJob, 'payload'> & { readonly payload: Payload }
  /**
   * Fires when the run has to stop: cancelled, out of time, taken away, or the process ends. Pass it on to whatever waits.
   * A handler that throws after it fired is not counted as failed when the process ends.
   */
  readonly signal: AbortSignal
  /** Says how far the run is; costs nothing, reports are sent together every half second. It never goes back. */
  readonly progress: (done: number, total?: number) => void
  /** The pool. No transaction is open while a handler runs, unless the handler opens one. */
  readonly session: Session
  readonly logger: Logger
}

/**
 * Does the work of one job type; what it returns is stored as the job's result.
 *
 * It runs at least once: a worker that dies after the work and before its end was written is followed by another run. What
 * it does outside its result has to bear that, for example keyed by the job's id.
 */
export type JobHandler<Payload = unknown> = (context: RunContext<Payload>) => Promise<unknown>

export type JobHandlers = Readonly<Record<string, JobHandler>>
