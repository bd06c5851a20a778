import type { Session } from 'pooler-safe'
import { wait, type TenantId } from '@pooler-safe/example-foundation'
import { invalidInput } from '../errors.ts'
import { checkWhole, type CheckedJobType } from '../job-type.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import { queueSchema } from '../queue/job-queue.ts'
import { advanceBatches, selectOpenBatches } from '../store/batches.ts'
import { deleteFinished, deleteFinishedBatches } from '../store/jobs.ts'
import { findUndelivered, lockQueued, takeExpired, type MovedJob } from '../store/runs.ts'
import { follow } from './settle.ts'
import { beforeAllIds } from './before-all-ids.ts'

const expiredAtOnce = 200
const undeliveredAtOnce = 1_000
const batchesAtOnce = 50

/**
 * Takes jobs from workers that were not heard of until their lease ran out, and gives them back to the queue.
 *
 * Any number of processes may do this at once.
 */
export async function recoverLost(session: Session, queue: JobQueue): Promise<MovedJob[]> {
  const recovered: MovedJob[] = []
  for (;;) {
    const moved = await session.transaction(
      async (tx) => {
        const taken = await takeExpired(tx, expiredAtOnce)
        await follow(tx, queue, taken, ({ state }) => (state === 'cancelled' ? 'cancel' : 'fail'))
        return taken
      },
      { retries: 3 },
    )
    recovered.push(...moved)
    if (moved.length < expiredAtOnce) return recovered
  }
}

/**
 * Makes deliveries for queued jobs that have none, a bounded part of the table each time.
 *
 * Jobs and deliveries are written together, so this finds something only after somebody changed the queue by hand, or
 * restored one of the two from a backup.
 *
 * @returns where to go on the next time, and the jobs that were delivered
 */
export async function redeliver(
  session: Session,
  queue: JobQueue,
  types: ReadonlyMap<string, CheckedJobType>,
  after: string = beforeAllIds,
): Promise<{ readonly next: string; readonly redelivered: number }> {
  const { jobs, seen } = await findUndelivered(session, queueSchema, [...types.keys()], after, undeliveredAtOnce)
  let redelivered = 0
  for (const [type, some] of Map.groupBy(jobs, (job) => job.type)) {
    redelivered += await session.transaction(async (tx) => {
      const queued = await lockQueued(
        tx,
        some.map(({ id }) => id),
      )
      const missing = some.filter(({ id }) => queued.has(id))
      if (missing.length === 0) return 0
      await queue.redeliver(
        tx,
        type,
        missing.map(({ id, priority, attemptsLeft }) => ({
          jobId: id,
          priority,
          scheduledAt: null,
          retries: attemptsLeft - 1,
        })),
      )
      return missing.length
    })
  }
  return { next: seen ?? beforeAllIds, redelivered }
}

/** Brings open batches up to date whose last job ended when nobody was left to say so. */
export async function sweepBatches(session: Session, after: string = beforeAllIds): Promise<string> {
  const ids = await selectOpenBatches(session, after, batchesAtOnce)
  if (ids.length > 0) await advanceBatches(session, ids)
  return ids.length < batchesAtOnce ? beforeAllIds : (ids.at(-1) ?? beforeAllIds)
}

export interface RetentionOptions {
  /** Jobs and batches that ended before this are deleted. */
  readonly endedBefore: Date
  /** Only this tenant's. Without it, everybody's: for the operator. */
  readonly tenant?: TenantId
  /** Rows in one statement. Default 1,000. */
  readonly chunkSize?: number
  /** Pause between two statements, so that others get their turn. Default 20. */
  readonly pauseMs?: number
  readonly signal?: AbortSignal
}

/**
 * Deletes what has ended long ago, with its events: in chunks, each a transaction of its own unless the session is one.
 *
 * @throws JobServiceError JOB_INPUT_INVALID
 */
export async function applyRetention(
  session: Session,
  { endedBefore, tenant, chunkSize = 1_000, pauseMs = 20, signal }: RetentionOptions,
): Promise<{ readonly jobs: number; readonly batches: number }> {
  if (!(endedBefore instanceof Date) || Number.isNaN(endedBefore.getTime())) {
    throw invalidInput('endedBefore is not a Date.')
  }
  checkWhole('chunkSize', chunkSize, 1, 100_000)
  checkWhole('pauseMs', pauseMs, 0, 3_600_000)
  const deleted = { jobs: 0, batches: 0 }
  const sweep = async (kind: keyof typeof deleted, statement: typeof deleteFinished): Promise<void> => {
    for (;;) {
      if (signal?.aborted) return
      const count = await statement(session, tenant, endedBefore, chunkSize)
      deleted[kind] += count
      if (count < chunkSize) return
      await wait(pauseMs, signal)
    }
  }
  await sweep('jobs', deleteFinished)
  await sweep('batches', deleteFinishedBatches)
  return deleted
}
