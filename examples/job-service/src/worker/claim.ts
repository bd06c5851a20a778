import type { Session } from 'pooler-safe'
import type { JobQueue } from '../queue/job-queue.ts'
import { isFinal } from '../state-machine.ts'
import { claimJobs, statesOf, type ClaimedJob } from '../store/runs.ts'

export interface ClaimRequest {
  readonly types: readonly string[]
  readonly limit: number
  readonly worker: string
  readonly leaseMs: number
}

export interface ClaimResult {
  readonly jobs: ClaimedJob[]
  /** More deliveries may be due. */
  readonly more: boolean
}

/**
 * Takes deliveries from the queue and makes their jobs `running`, in one transaction: either both know of it, or neither.
 *
 * `onClaimed` is told before COMMIT, for the case that its answer is lost. Round trips: BEGIN, one for each type, one for
 * all claims, COMMIT.
 */
export async function claim(
  session: Session,
  queue: JobQueue,
  request: ClaimRequest,
  onClaimed: (result: ClaimResult) => void,
): Promise<ClaimResult> {
  const { types, limit, worker, leaseMs } = request
  return session.transaction(async (tx) => {
    const fetched: { readonly type: string; readonly deliveryId: string; readonly jobId: string }[] = []
    let more = false
    for (const type of types) {
      const wanted = limit - fetched.length
      if (wanted <= 0) {
        more = true
        break
      }
      const deliveries = await queue.fetch(tx, type, wanted)
      more ||= deliveries.length === wanted
      for (const delivery of deliveries) fetched.push({ type, ...delivery })
    }
    if (fetched.length === 0) return { jobs: [], more }
    const ids = fetched.map(({ jobId }) => jobId)
    const jobs = await claimJobs(tx, ids, worker, leaseMs)
    if (jobs.length < fetched.length) await dropOrphans(tx, queue, fetched, new Set(jobs.map(({ id }) => id)))
    onClaimed({ jobs, more })
    return { jobs, more }
  })
}

/**
 * Deliveries whose job is gone, or has ended without them, are forgotten. One whose job is running stays as it is: the run
 * that holds the job ends the delivery as well, or the recovery of lost runs does.
 */
async function dropOrphans(
  tx: Session,
  queue: JobQueue,
  fetched: readonly { readonly type: string; readonly deliveryId: string; readonly jobId: string }[],
  claimed: ReadonlySet<string>,
): Promise<void> {
  const unclaimed = fetched.filter(({ jobId }) => !claimed.has(jobId))
  const states = await statesOf(
    tx,
    unclaimed.map(({ jobId }) => jobId),
  )
  const orphans = unclaimed.filter(({ jobId }) => isFinal(states.get(jobId) ?? 'cancelled'))
  for (const [type, some] of Map.groupBy(orphans, (one) => one.type)) {
    await queue.remove(
      tx,
      type,
      some.map(({ deliveryId }) => deliveryId),
    )
  }
}
