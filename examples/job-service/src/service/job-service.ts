import {
  canonicalHost,
  isId,
  isPublicId,
  pageById,
  readPage,
  storableText,
  type Logger,
  type Page,
  type PageRequest,
  type TenantId,
} from '@pooler-safe/example-foundation'
import type { Database, Session } from 'pooler-safe'
import { batchNotFound, invalidInput, jobNotFound, JobServiceError, TransitionRefusedError } from '../errors.ts'
import type { Job, JobEvent, JobFilter, NewJob } from '../job.ts'
import { checkJobTypes, checkText, checkWhole, type CheckedJobType, type JobTypes } from '../job-type.ts'
import { requireStorable } from '../json.ts'
import { requireJobTables } from '../migrate.ts'
import { JobQueue } from '../queue/job-queue.ts'
import { afterFailure, canBecome, isFinal, jobStates, type JobState } from '../state-machine.ts'
import { selectActivity, type JobActivity } from '../store/activity.ts'
import { advanceBatches, reopenBatch } from '../store/batches.ts'
import * as store from '../store/jobs.ts'
import { BatchService } from './batch-service.ts'
import { createJobs, deliveryOf, type CreatedJob } from './create-jobs.ts'
import { applyRetention, type RetentionOptions } from './maintenance.ts'
import { settle, type Settlement } from './settle.ts'

export interface JobServiceOptions {
  readonly database: Database
  readonly types: JobTypes
  readonly logger: Logger
  /** Whether this process also maintains the queue in the background. Default false; workers do. */
  readonly maintainQueue?: boolean
}

/** The run that a caller speaks for. */
export interface HeldRun {
  /** The attempt of the job as it was claimed: the fencing token. */
  readonly attempt: number
}

export interface Failure extends HeldRun {
  /** A stable word to branch on and to count by. */
  readonly errorCode: string
  /** For people. */
  readonly error: string
  /** False when another run could not end otherwise. Default true. */
  readonly retryable?: boolean
}

/** A transition asked for by name. */
export interface StatusChange {
  readonly to: JobState
  /** The state that the caller believes the job to be in; the change is refused when it is another. */
  readonly from?: JobState
  /** Needed for everything that only the holder of the job may do. */
  readonly attempt?: number
  readonly reason?: string
  readonly result?: unknown
  readonly errorCode?: string
  readonly error?: string
}

const reasonLength = 500
const errorLength = 5_000

/**
 * The operations on jobs.
 *
 * Every one takes a session and runs in it: on a transaction it commits or rolls back with it. Every one takes the tenant,
 * and sees and touches nothing of another.
 */
export class JobService {
  /** The job types by name, with their defaults filled in. */
  readonly types: ReadonlyMap<string, CheckedJobType>
  readonly queue: JobQueue
  /** The operations on batches. */
  readonly batches: BatchService = new BatchService(this)

  private constructor(types: ReadonlyMap<string, CheckedJobType>, queue: JobQueue) {
    this.types = types
    this.queue = queue
  }

  /**
   * Opens the service: checks the job types, the tables and the queue.
   *
   * @throws ServiceError DATABASE_NOT_MIGRATED; JobServiceError JOB_INPUT_INVALID
   */
  static async open({ database, types, logger, maintainQueue = false }: JobServiceOptions): Promise<JobService> {
    const checked = checkJobTypes(types)
    await requireJobTables(database)
    return new JobService(checked, await JobQueue.open({ database, types: checked, logger, maintain: maintainQueue }))
  }

  /** Ends what runs in the background. The database stays open. */
  close(): Promise<void> {
    return this.queue.stop()
  }

  /**
   * Adds a job and its delivery in one transaction. Four round trips.
   *
   * @throws JobServiceError JOB_TYPE_UNKNOWN, JOB_INPUT_INVALID, JOB_PAYLOAD_INVALID, BATCH_NOT_FOUND, TENANT_UNKNOWN
   */
  async createJob(session: Session, tenant: TenantId, job: NewJob): Promise<CreatedJob> {
    const [created] = await this.createJobs(session, tenant, [job])
    if (!created) throw new TypeError('createJobs returned nothing for one job')
    return created
  }

  /** Adds jobs and their deliveries, all or none. Two round trips for each thousand, and two. */
  createJobs(session: Session, tenant: TenantId, jobs: readonly NewJob[]): Promise<CreatedJob[]> {
    return createJobs(session, this.queue, this.types, tenant, jobs)
  }

  /** Adds a job about a site, unless one of that type is queued or running for the same site. */
  async createJobForDomain(
    session: Session,
    tenant: TenantId,
    domain: string,
    job: Omit<NewJob, 'domain' | 'dedupeKey'>,
  ): Promise<CreatedJob> {
    const { host } = canonicalHost(domain)
    return this.createJob(session, tenant, { ...job, domain: host, dedupeKey: `domain ${host}` })
  }

  /** @throws JobServiceError JOB_NOT_FOUND, also when it is another tenant's */
  async getJob(session: Session, tenant: TenantId, id: string): Promise<Job> {
    const job = isId(id) ? await store.findJob(session, tenant, id) : undefined
    if (!job) throw jobNotFound(id)
    return job
  }

  /** @throws JobServiceError JOB_NOT_FOUND, also when it is another tenant's */
  async getJobByPublicId(session: Session, tenant: TenantId, publicId: string): Promise<Job> {
    const job = isPublicId(publicId) ? await store.findJobByPublicId(session, tenant, publicId) : undefined
    if (!job) throw jobNotFound(publicId)
    return job
  }

  /** What happened to a job, oldest first. */
  async getJobEvents(session: Session, tenant: TenantId, id: string): Promise<JobEvent[]> {
    await this.getJob(session, tenant, id)
    return store.selectEvents(session, tenant, id, 0, 1_000)
  }

  /** Jobs that fulfil every condition, newest first. One round trip. */
  async listJobs(
    session: Session,
    tenant: TenantId,
    filter: JobFilter = {},
    page: PageRequest = {},
  ): Promise<Page<Job>> {
    return this.#list(session, tenant, filter, page, 'newest')
  }

  /** The jobs that were added last. */
  async getRecentJobs(session: Session, tenant: TenantId, limit = 20): Promise<readonly Job[]> {
    return (await this.listJobs(session, tenant, {}, { limit })).items
  }

  /**
   * Jobs that wait to be run, oldest first: something to look at.
   *
   * It hands out nothing. A job is claimed by the worker's guarded statement, which gives it to one worker alone.
   */
  async getPendingJobs(
    session: Session,
    tenant: TenantId,
    filter: Omit<JobFilter, 'state'> = {},
    page: PageRequest = {},
  ): Promise<Page<Job>> {
    return this.#list(session, tenant, { ...filter, state: 'queued' }, page, 'oldest')
  }

  /** The jobs of a batch in the order they were added. */
  async getJobsForBatch(
    session: Session,
    tenant: TenantId,
    batchId: string,
    page: PageRequest = {},
    filter: Pick<JobFilter, 'state'> = {},
  ): Promise<Page<Job>> {
    return this.#list(session, tenant, { ...filter, batchId }, page, 'oldest')
  }

  /** How many jobs the tenant has in each state. */
  countJobs(session: Session, tenant: TenantId): Promise<Partial<Record<JobState, number>>> {
    return store.countJobs(session, tenant)
  }

  /** What happened to the tenant's jobs in the last minutes, in as many steps. One round trip. */
  getActivity(
    session: Session,
    tenant: TenantId,
    { minutes = 60, steps = 60 }: { readonly minutes?: number; readonly steps?: number } = {},
  ): Promise<JobActivity> {
    checkWhole('minutes', minutes, 1, 10_080)
    checkWhole('steps', steps, 1, 500)
    return selectActivity(session, tenant, minutes, steps)
  }

  /**
   * Makes a transition of the state machine by its name.
   *
   * queued → running is not among them: a job is claimed by a worker, together with its delivery.
   *
   * @throws TransitionRefusedError; JobServiceError JOB_NOT_FOUND, JOB_INPUT_INVALID
   */
  async updateJobStatus(session: Session, tenant: TenantId, id: string, change: StatusChange): Promise<Job> {
    const job = await this.getJob(session, tenant, id)
    const { to, from = job.state, attempt, reason, result } = change
    if (!jobStates.includes(to)) throw invalidInput(`"${to as string}" is not a state of a job.`)
    if (from !== job.state || to === 'running' || !canBecome(job.state, to)) throw new TransitionRefusedError(job, to)
    if (job.state === 'failed') return this.retryJob(session, tenant, id, reason)
    if (to === 'cancelled' && attempt === undefined) return this.cancelJob(session, tenant, id, reason)
    if (attempt === undefined) {
      throw invalidInput(`Only the run that holds the job can make it ${to}.`, 'Pass the attempt that was claimed.')
    }
    checkAttempt(attempt)
    const { errorCode = 'failed', error = reason ?? 'The run failed.' } = change
    if (to === 'succeeded') return this.completeJob(session, tenant, id, { attempt, result })
    if (to === 'failed') return this.failJob(session, tenant, id, { attempt, errorCode, error, retryable: false })
    const followUp = to === 'cancelled' ? 'cancel' : 'handBack'
    return this.#end(session, job, {
      end: {
        id,
        tenant_id: tenant,
        attempt,
        to_state: to,
        reason: storableText(reason ?? (to === 'queued' ? 'handed back' : 'cancelled'), reasonLength),
        failed: false,
      },
      followUp,
    })
  }

  /**
   * Says how far a run is. Refused when the run does not hold the job any more; it never goes back.
   *
   * @throws TransitionRefusedError; JobServiceError JOB_NOT_FOUND, JOB_INPUT_INVALID
   */
  async updateProgress(
    session: Session,
    tenant: TenantId,
    id: string,
    { attempt, done, total }: HeldRun & { readonly done: number; readonly total?: number },
  ): Promise<Job> {
    checkAttempt(attempt)
    checkWhole('done', done, 0, Number.MAX_SAFE_INTEGER)
    if (total !== undefined) checkWhole('total', total, 0, Number.MAX_SAFE_INTEGER)
    const job = isId(id) ? await store.writeProgress(session, tenant, id, attempt, done, total ?? null) : undefined
    if (job) return job
    throw new TransitionRefusedError(await this.getJob(session, tenant, id), 'running', attempt)
  }

  /**
   * running → succeeded.
   *
   * @throws TransitionRefusedError when another run holds the job by now; JobServiceError JOB_RESULT_INVALID
   */
  async completeJob(
    session: Session,
    tenant: TenantId,
    id: string,
    { attempt, result }: HeldRun & { readonly result?: unknown },
  ): Promise<Job> {
    checkAttempt(attempt)
    requireStorable(result, 'result', 'JOB_RESULT_INVALID')
    const job = await this.getJob(session, tenant, id)
    return this.#end(session, job, {
      end: { id, tenant_id: tenant, attempt, to_state: 'succeeded', reason: 'succeeded', result, failed: false },
      followUp: 'complete',
    })
  }

  /**
   * running → queued when the job has attempts left, else → failed and a dead letter; → cancelled when that had been
   * asked for.
   *
   * @throws TransitionRefusedError when another run holds the job by now
   */
  async failJob(
    session: Session,
    tenant: TenantId,
    id: string,
    { attempt, errorCode, error, retryable = true }: Failure,
  ): Promise<Job> {
    checkAttempt(attempt)
    const job = await this.getJob(session, tenant, id)
    return this.#end(
      session,
      job,
      failureOf({ ...job, cancelRequested: job.cancelRequestedAt !== null, attempt }, { errorCode, error, retryable }),
    )
  }

  /**
   * Cancels a job that waits; asks the worker of a job that runs to stop, which it does within seconds.
   *
   * Cancelling a cancelled job does nothing.
   *
   * @throws TransitionRefusedError when the job has ended otherwise
   */
  async cancelJob(session: Session, tenant: TenantId, id: string, reason = 'cancelled by request'): Promise<Job> {
    const why = storableText(reason, reasonLength)
    for (;;) {
      const job = await this.getJob(session, tenant, id)
      if (job.state === 'cancelled' || (job.state === 'running' && job.cancelRequestedAt)) return job
      if (isFinal(job.state)) throw new TransitionRefusedError(job, 'cancelled')
      const changed =
        job.state === 'queued'
          ? await this.#cancelQueued(session, job, why)
          : await store.requestCancel(session, tenant, id, why)
      // It was claimed or handed back in between.
      if (changed) return changed
    }
  }

  /** The delivery first, as claiming does: the two cannot wait for each other. Undone together when the job was claimed. */
  async #cancelQueued(session: Session, job: Job, reason: string): Promise<Job | undefined> {
    const claimed = new Error('claimed meanwhile')
    try {
      return await session.transaction(async (tx) => {
        await this.queue.cancel(tx, job.type, [job.id])
        const cancelled = await store.cancelQueued(tx, job.tenantId, job.id, reason)
        if (!cancelled) throw claimed
        if (job.batchId !== null) await advanceBatches(tx, [job.batchId])
        return cancelled
      })
    } catch (error) {
      if (error === claimed) return undefined
      throw error
    }
  }

  /**
   * failed → queued, by a person: with all its attempts again. Reopens its batch.
   *
   * @throws TransitionRefusedError unless the job has failed; JobServiceError JOB_DUPLICATE when a live job has its key
   */
  async retryJob(session: Session, tenant: TenantId, id: string, reason = 'retried by request'): Promise<Job> {
    const before = await this.getJob(session, tenant, id)
    try {
      return await session.transaction(async (tx) => {
        const job = await store.requeueFailed(tx, tenant, id, storableText(reason, reasonLength))
        if (!job) throw new TransitionRefusedError(await this.getJob(tx, tenant, id), 'queued')
        await this.queue.redeliver(tx, job.type, [deliveryOf(job)])
        if (job.batchId !== null) await reopenBatch(tx, tenant, job.batchId)
        return job
      })
    } catch (error) {
      if ((error as { code?: unknown }).code !== '23505') throw error
      throw new JobServiceError('JOB_DUPLICATE', `A live job with the key "${before.dedupeKey}" is there already.`, {
        cause: error,
      })
    }
  }

  /** Deletes jobs and batches that have ended long ago, in bounded chunks. */
  applyRetention(
    session: Session,
    options: RetentionOptions,
  ): Promise<{ readonly jobs: number; readonly batches: number }> {
    return applyRetention(session, options)
  }

  async #list(
    session: Session,
    tenant: TenantId,
    filter: JobFilter,
    request: PageRequest,
    order: 'newest' | 'oldest',
  ): Promise<Page<Job>> {
    const { limit, after } = readPage(request, invalidInput)
    if (filter.batchId !== undefined && !isId(filter.batchId)) throw batchNotFound(filter.batchId)
    if (filter.state !== undefined && !jobStates.includes(filter.state)) {
      throw invalidInput(`"${filter.state as string}" is not a state of a job.`)
    }
    if (filter.type !== undefined) checkText('type', filter.type, 63)
    const wanted = filter.domain === undefined ? filter : { ...filter, domain: canonicalHost(filter.domain).host }
    return pageById(await store.selectJobs(session, tenant, wanted, order, after, limit + 1), limit)
  }

  async #end(session: Session, job: Job, settlement: Settlement): Promise<Job> {
    const { end } = settlement
    return session.transaction(async (tx) => {
      const [moved] = await settle(tx, this.queue, [settlement])
      const now = await this.getJob(tx, job.tenantId, job.id)
      if (!moved) throw new TransitionRefusedError(now, end.to_state, end.attempt)
      if (job.batchId !== null) await advanceBatches(tx, [job.batchId])
      return now
    })
  }
}

function checkAttempt(attempt: unknown): void {
  checkWhole('attempt', attempt, 0, 2 ** 31 - 1)
}

/** How a run ends that failed. */
export function failureOf(
  run: Pick<Job, 'id' | 'tenantId' | 'attempt' | 'failures' | 'maxAttempts'> & { readonly cancelRequested: boolean },
  { errorCode, error, retryable }: { readonly errorCode: string; readonly error: string; readonly retryable: boolean },
): Settlement {
  const { failures, maxAttempts, cancelRequested } = run
  const state = afterFailure({ failures, maxAttempts, retryable, cancelRequested })
  const exhausted = failures + 1 >= maxAttempts
  const reason = { queued: 'retry', cancelled: 'cancelled', failed: retryable ? 'no attempts left' : 'failed for good' }
  return {
    end: {
      id: run.id,
      tenant_id: run.tenantId,
      attempt: run.attempt,
      to_state: state as 'queued' | 'failed' | 'cancelled',
      reason: reason[state as keyof typeof reason],
      error_code: storableText(errorCode, 100) || 'unknown',
      error: storableText(error, errorLength),
      failed: state !== 'cancelled',
    },
    followUp: state === 'cancelled' ? 'cancel' : state === 'failed' && !exhausted ? 'bury' : 'fail',
  }
}
