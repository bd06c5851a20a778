import type { JobEvent, JobState } from '@pooler-safe/example-job-service'

/** One run of a job, as its events tell it. */
export interface Attempt {
  readonly attempt: number
  readonly worker: string | null
  readonly startedAt: Date
  readonly endedAt: Date | undefined
  /** The state that it left the job in; `running` while it runs. */
  readonly outcome: JobState
  readonly reason: string | undefined
}

/** Puts the runs of a job together from its events, oldest first. */
export function attemptsOf(events: readonly JobEvent[]): Attempt[] {
  const attempts = new Map<number, Attempt>()
  for (const { attempt, worker, at, fromState, toState, reason } of events) {
    const known = attempts.get(attempt)
    if (toState === 'running' && !known) {
      attempts.set(attempt, {
        attempt,
        worker,
        startedAt: at,
        endedAt: undefined,
        outcome: 'running',
        reason: undefined,
      })
    } else if (known && fromState === 'running' && toState !== 'running') {
      attempts.set(attempt, { ...known, endedAt: at, outcome: toState, reason })
    }
  }
  return [...attempts.values()]
}
