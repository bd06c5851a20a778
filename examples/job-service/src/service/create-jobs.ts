import { canonicalHost, isId, newId, newPublicId, type TenantId } from '@pooler-safe/example-foundation'
import type { Session, Transaction } from 'pooler-safe'
import { batchNotFound, invalidInput, JobServiceError } from '../errors.ts'
import type { Job, NewJob } from '../job.ts'
import { checkPayload, checkText, checkWhole, type CheckedJobType } from '../job-type.ts'
import { requireStorable } from '../json.ts'
import type { JobQueue } from '../queue/job-queue.ts'
import { lockOpenBatches } from '../store/batches.ts'
import { findLiveByKey, insertJobs, type JobInsert } from '../store/jobs.ts'

/** What became of a {@link NewJob}. */
export interface CreatedJob {
  readonly job: Job
  /** False when a live job with the same key was there already: that is the one returned. */
  readonly created: boolean
}

/** Jobs written by one statement. */
const chunkSize = 1_000
const conflictRounds = 5

/** Writes jobs and their deliveries in one transaction. Results are in the order of the input. */
export async function createJobs(
  session: Session,
  queue: JobQueue,
  types: ReadonlyMap<string, CheckedJobType>,
  tenant: TenantId,
  jobs: readonly NewJob[],
): Promise<CreatedJob[]> {
  const inserts = jobs.map((job) => readNewJob(types, job))
  try {
    return await session.transaction(async (tx) => {
      await requireOpenBatches(tx, tenant, inserts)
      const created: CreatedJob[] = []
      for (let at = 0; at < inserts.length; at += chunkSize) {
        created.push(...(await createChunk(tx, queue, tenant, inserts.slice(at, at + chunkSize))))
      }
      return created
    })
  } catch (error) {
    throw knownFailure(error, tenant)
  }
}

/** @throws JobServiceError JOB_TYPE_UNKNOWN, JOB_INPUT_INVALID, JOB_PAYLOAD_INVALID */
function readNewJob(types: ReadonlyMap<string, CheckedJobType>, job: NewJob): JobInsert {
  const type = types.get(job.type)
  if (!type) {
    throw new JobServiceError('JOB_TYPE_UNKNOWN', `There is no job type "${job.type}".`, {
      hint: `Defined are ${[...types.keys()].join(', ')}.`,
    })
  }
  const { priority = 0, maxAttempts = type.maxAttempts, dedupeKey, scheduledAt, batchId, domain } = job
  checkWhole('priority', priority, -1_000, 1_000)
  checkWhole('maxAttempts', maxAttempts, 1, 100)
  if (dedupeKey !== undefined) checkText('dedupeKey', dedupeKey, 500)
  if (scheduledAt !== undefined && !isTime(scheduledAt)) {
    throw invalidInput('scheduledAt is not a Date between the years 1970 and 9999.')
  }
  if (batchId !== undefined && !isId(batchId)) throw batchNotFound(batchId)
  const payload = checkPayload(type, job.payload)
  requireStorable(payload, `payload of a ${type.name} job`, 'JOB_PAYLOAD_INVALID')
  return {
    id: newId(),
    public_id: newPublicId('job'),
    type: type.name,
    payload: payload ?? null,
    max_attempts: maxAttempts,
    priority,
    dedupe_key: dedupeKey ?? null,
    domain: domain === undefined ? null : canonicalHost(domain).host,
    parent_batch_id: batchId ?? null,
    scheduled_at: scheduledAt?.toISOString() ?? null,
  }
}

function isTime(value: unknown): boolean {
  return value instanceof Date && value.getTime() >= 0 && value.getTime() < Date.UTC(10_000, 0)
}

async function requireOpenBatches(tx: Transaction, tenant: TenantId, jobs: readonly JobInsert[]): Promise<void> {
  const wanted = new Set(jobs.flatMap(({ parent_batch_id: id }) => (id === null ? [] : [id])))
  if (wanted.size === 0) return
  const open = await lockOpenBatches(tx, tenant, [...wanted])
  for (const id of wanted) {
    if (open.has(id)) continue
    throw new JobServiceError('BATCH_NOT_FOUND', `There is no batch ${id} that takes jobs.`, {
      hint: 'A batch takes jobs until it is completed, failed, or was created together with its jobs.',
    })
  }
}

async function createChunk(
  tx: Transaction,
  queue: JobQueue,
  tenant: TenantId,
  inserts: readonly JobInsert[],
): Promise<CreatedJob[]> {
  const results = new Map<string, CreatedJob>()
  let left = inserts
  // A live job with the same key may end between our insert and our look-up: then ours is the one to be made.
  for (let round = 0; left.length > 0; round += 1) {
    const written = await insertJobs(tx, tenant, left)
    for (const job of written) results.set(job.id, { job, created: true })
    await enqueue(tx, queue, written)
    left = left.filter(({ id }) => !results.has(id))
    if (left.length === 0) break
    if (round === conflictRounds) throw conflictRemains(left)
    const live = await findLiveByKey(tx, tenant, left.map(keyOf))
    const byKey = new Map(live.map((job) => [`${job.type} ${job.dedupeKey}`, job]))
    for (const insert of left) {
      const job = byKey.get(keyOf(insert).join(' '))
      if (job) results.set(insert.id, { job, created: false })
    }
    left = left.filter(({ id }) => !results.has(id))
  }
  return inserts.flatMap(({ id }) => results.get(id) ?? [])
}

function keyOf({ type, dedupe_key: key }: JobInsert): readonly [string, string] {
  return [type, key ?? '']
}

async function enqueue(tx: Transaction, queue: JobQueue, jobs: readonly Job[]): Promise<void> {
  for (const [type, some] of Map.groupBy(jobs, (job) => job.type)) {
    await queue.enqueue(tx, type, some.map(deliveryOf))
  }
}

/** The delivery of a job that is queued, with as many retries as it has failed runs left. */
export function deliveryOf(job: Pick<Job, 'id' | 'priority' | 'scheduledAt' | 'maxAttempts' | 'failures'>) {
  const { id, priority, scheduledAt, maxAttempts, failures } = job
  return { jobId: id, priority, scheduledAt, retries: maxAttempts - failures - 1 }
}

function conflictRemains(left: readonly JobInsert[]): JobServiceError {
  return new JobServiceError(
    'JOB_INPUT_INVALID',
    `A live job with the key "${left[0]?.dedupe_key}" is in the way, but cannot be seen in this transaction.`,
    { hint: 'Create jobs with a dedupeKey in a read committed transaction.' },
  )
}

/** Errors of the database that mean something to the caller. */
function knownFailure(error: unknown, tenant: TenantId): unknown {
  const { code, constraint } = error as { code?: unknown; constraint?: unknown }
  if (code === '23503' && typeof constraint === 'string' && constraint.endsWith('tenant_id_fkey')) {
    return new JobServiceError('TENANT_UNKNOWN', `There is no tenant ${tenant}.`, { cause: error })
  }
  return error
}
