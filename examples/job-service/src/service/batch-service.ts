import {
  isId,
  newId,
  pageById,
  readPage,
  storableText,
  type Page,
  type PageRequest,
  type TenantId,
} from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { batchNotFound, batchRefused, invalidInput, JobServiceError } from '../errors.ts'
import type { Batch, NewJob } from '../job.ts'
import { checkText } from '../job-type.ts'
import { requireStorable } from '../json.ts'
import * as store from '../store/batches.ts'
import type { CreatedJob } from './create-jobs.ts'
import type { JobService } from './job-service.ts'
import { beforeAllIds } from './before-all-ids.ts'

export interface NewBatch {
  /** What the batch is for, such as `file.measure`. */
  readonly kind: string
  readonly options?: Readonly<Record<string, unknown>>
  /** Its jobs. With them the batch takes no others and ends with the last; without, it takes jobs until `completeBatch`. */
  readonly jobs?: readonly Omit<NewJob, 'batchId'>[]
}

export interface CreatedBatch {
  readonly batch: Batch
  readonly jobs: readonly CreatedJob[]
}

const jobsAtOnce = 500

/**
 * The operations on batches: groups of jobs with a result of their own.
 *
 * What a batch has achieved is always counted from its jobs, in the statement that says so. Nobody writes a count.
 */
export class BatchService {
  readonly #jobs: JobService

  constructor(jobs: JobService) {
    this.#jobs = jobs
  }

  /** Adds a batch, with its jobs if they are known, in one transaction. */
  async createBatch(session: Session, tenant: TenantId, { kind, options = {}, jobs }: NewBatch): Promise<CreatedBatch> {
    checkText('kind', kind, 100)
    requireStorable(options, 'options of a batch', 'JOB_INPUT_INVALID')
    const id = newId()
    return session.transaction(async (tx) => {
      await insertBatch(tx, tenant, id, kind, options)
      const created = jobs
        ? await this.#jobs.createJobs(
            tx,
            tenant,
            jobs.map((job) => ({ ...job, batchId: id })),
          )
        : []
      if (jobs) {
        await store.sealBatch(tx, tenant, id)
        await store.advanceBatches(tx, [id])
      }
      return { batch: await this.getBatch(tx, tenant, id), jobs: created }
    })
  }

  /** @throws JobServiceError BATCH_NOT_FOUND, also when it is another tenant's */
  async getBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    const batch = isId(id) ? await store.findBatch(session, tenant, id) : undefined
    if (!batch) throw batchNotFound(id)
    return batch
  }

  /** The tenant's batches, newest first. */
  async listBatches(session: Session, tenant: TenantId, page: PageRequest = {}): Promise<Page<Batch>> {
    const { limit, after } = readPage(page, invalidInput)
    return pageById(await store.selectBatches(session, tenant, after, limit + 1), limit)
  }

  /**
   * Brings the state of a batch up to what its jobs say. Workers do so by themselves; it does no harm at any time.
   *
   * It takes no counts, so it cannot be told wrong ones.
   */
  async updateBatchProgress(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    const batch = await this.getBatch(session, tenant, id)
    if (batch.finishedAt) return batch
    await store.advanceBatches(session, [id])
    return this.getBatch(session, tenant, id)
  }

  /**
   * Ends a batch that took jobs: as succeeded, partial, failed or cancelled, by what its jobs say. It takes none from now
   * on, even when it is refused because some are still to be run: then it ends with the last of them.
   *
   * @throws JobServiceError BATCH_UNFINISHED, BATCH_TRANSITION_REFUSED when it has ended already
   */
  async completeBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    const before = await this.getBatch(session, tenant, id)
    if (!(await store.sealBatch(session, tenant, id))) throw batchRefused(id, before.state, 'succeeded')
    const batch = await this.updateBatchProgress(session, tenant, id)
    if (batch.finishedAt) return batch
    const { queued, running } = batch.counts
    throw new JobServiceError('BATCH_UNFINISHED', `Batch ${id} has ${queued} queued and ${running} running jobs.`, {
      hint: 'It takes no more jobs, and ends with the last of these.',
    })
  }

  /**
   * Ends a batch as failed whatever its jobs say, then cancels those that have not ended.
   *
   * @throws JobServiceError BATCH_TRANSITION_REFUSED when it has ended already
   */
  async failBatch(
    session: Session,
    tenant: TenantId,
    id: string,
    { errorCode, error }: { readonly errorCode: string; readonly error: string },
  ): Promise<Batch> {
    const before = await this.getBatch(session, tenant, id)
    const [code, text] = [storableText(errorCode, 100), storableText(error, 5_000)]
    if (!(await store.failOpenBatch(session, tenant, id, code, text))) throw batchRefused(id, before.state, 'failed')
    await this.#cancelLive(session, tenant, id)
    return this.getBatch(session, tenant, id)
  }

  async #cancelLive(session: Session, tenant: TenantId, id: string): Promise<void> {
    for (let after = beforeAllIds; ;) {
      const ids = await store.selectBatchJobIds(session, tenant, id, ['queued', 'running'], after, jobsAtOnce)
      for (const job of ids) await this.#cancelUnlessEnded(session, tenant, job)
      const last = ids.at(-1)
      if (last === undefined) return
      after = last
    }
  }

  async #cancelUnlessEnded(session: Session, tenant: TenantId, id: string): Promise<void> {
    try {
      await this.#jobs.cancelJob(session, tenant, id, 'its batch failed')
    } catch (error) {
      if (!(error instanceof JobServiceError) || error.code !== 'JOB_TRANSITION_REFUSED') throw error
    }
  }
}

async function insertBatch(
  tx: Session,
  tenant: TenantId,
  id: string,
  kind: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  try {
    await store.insertBatch(tx, tenant, id, kind, options)
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23503') throw error
    throw new JobServiceError('TENANT_UNKNOWN', `There is no tenant ${tenant}.`, { cause: error })
  }
}
