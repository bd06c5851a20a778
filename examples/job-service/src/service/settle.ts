import type { Session } from 'pooler-safe'
import type { Delivery, JobQueue } from '../queue/job-queue.ts'
import { endRuns, type MovedJob, type RunEnd } from '../store/runs.ts'

/** What the queue has to do about a run that ended. */
export type FollowUp =
  | 'complete'
  /** Deliver again after a pause, or make it a dead letter when no retries are left. */
  | 'fail'
  /** Make it a dead letter, whatever retries are left. */
  | 'bury'
  | 'cancel'
  /** Deliver again at once. */
  | 'handBack'

export interface Settlement {
  readonly end: RunEnd
  readonly followUp: FollowUp
}

/**
 * Ends runs: the job, its event and its delivery, in one transaction.
 *
 * Returns the jobs that were moved. A run that does not hold its job any more changes nothing, neither in our tables nor
 * in the queue. Round trips: two, and one for each job type and kind of end beyond the first.
 */
export async function settle(
  session: Session,
  queue: JobQueue,
  settlements: readonly Settlement[],
): Promise<MovedJob[]> {
  return session.transaction(
    async (tx) => {
      const moved = await endRuns(
        tx,
        settlements.map(({ end }) => end),
      )
      const followUps = new Map(settlements.map(({ end, followUp }) => [end.id, followUp]))
      await follow(tx, queue, moved, ({ id }) => followUps.get(id) ?? 'cancel')
      return moved
    },
    { retries: 3 },
  )
}

/** Tells the queue about jobs that were moved, in the same transaction. */
export async function follow(
  tx: Session,
  queue: JobQueue,
  moved: readonly MovedJob[],
  followUpOf: (job: MovedJob) => FollowUp,
): Promise<void> {
  for (const [type, some] of Map.groupBy(moved, (job) => job.type)) {
    for (const [followUp, jobs] of Map.groupBy(some, followUpOf)) {
      if (followUp === 'handBack') {
        await queue.redeliver(tx, type, jobs.map(anew))
        continue
      }
      await queue[followUp](
        tx,
        type,
        jobs.map(({ id }) => id),
      )
    }
  }
}

function anew({ id, priority, attemptsLeft }: MovedJob): Delivery {
  return { jobId: id, priority, scheduledAt: null, retries: attemptsLeft - 1 }
}
