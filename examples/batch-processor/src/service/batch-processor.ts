import {
  isId,
  type Logger,
  type TenantId,
  pageOf,
  readNumberedPage,
  readPage,
  type Page,
  type PageRequest,
} from '@pooler-safe/example-foundation'
import type { JobService } from '@pooler-safe/example-job-service'
import type { Database, Session, Transaction } from 'pooler-safe'
import {
  batchStates,
  itemStates,
  type Batch,
  type BatchFilter,
  type BatchItem,
  type BatchProgress,
  type BatchStatus,
  type ItemFilter,
  type RejectedLine,
} from '../batch.ts'
import { BatchError, batchNotFound, invalidInput, refused } from '../errors.ts'
import { exportBatch, type ExportFormat } from '../export/export-batch.ts'
import { readSite } from '../input/site.ts'
import type { InputLine } from '../input/lines.ts'
import { processJob } from '../jobs.ts'
import { requireBatchTables } from '../migrate.ts'
import type { NewBatch } from '../options.ts'
import type { ItemProcessors } from '../processor.ts'
import * as store from '../store/batches.ts'
import { selectItems, selectRejects } from '../store/items.ts'
import { processBatch, type BatchRunOptions, type BatchRunResult } from '../worker/process-batch.ts'
import { announceEnd } from './announce.ts'
import {
  addInput,
  addStreamedInput,
  addWholeInput,
  digestOf,
  makeBatch,
  readInput,
  reportOf,
  sealed,
  type DomainInput,
  type InitiatedBatch,
} from './make-batch.ts'
import { progressOf } from './progress.ts'

export interface BatchProcessorOptions {
  readonly database: Database
  /** Has to know `batchJobTypes`. */
  readonly jobs: JobService
  /** What items are processed with, by the `kind` of the batch. */
  readonly processors: ItemProcessors
  readonly logger: Logger
}

/**
 * The operations on batches.
 *
 * Every one that takes a session runs in it: on a transaction it commits or rolls back with it. Every one takes the tenant,
 * and sees and touches nothing of another. Those named `…WithOwnSession` open their own.
 */
export class BatchProcessor {
  readonly processors: ItemProcessors
  readonly #database: Database
  readonly #jobs: JobService
  readonly #logger: Logger

  private constructor({ database, jobs, processors, logger }: BatchProcessorOptions) {
    this.processors = processors
    this.#database = database
    this.#jobs = jobs
    this.#logger = logger
  }

  /** @throws ServiceError DATABASE_NOT_MIGRATED; TypeError when the job service does not know `batchJobTypes` */
  static async open(options: BatchProcessorOptions): Promise<BatchProcessor> {
    if (!options.jobs.types.has(processJob)) throw new TypeError('The job service has to be opened with batchJobTypes.')
    await requireBatchTables(options.database)
    return new BatchProcessor(options)
  }

  // Making

  /**
   * Makes a batch of the sites that an input names, and the job that works on it: one transaction, all or nothing.
   *
   * `domains` is a text with a site in each line, a text that is a JSON array, or such an array: of texts, or of objects
   * with a `domain`, `url`, `host` or `website`. A few round trips for each thousand lines.
   *
   * @throws BatchError BATCH_INPUT_INVALID, BATCH_EMPTY when no line names a site, BATCH_KIND_UNKNOWN,
   * BATCH_IDEMPOTENCY_CONFLICT, BATCH_TOO_LARGE, TENANT_UNKNOWN
   */
  async initiateBatchProcessing(
    session: Session,
    tenant: TenantId,
    domains: DomainInput,
    options: NewBatch = {},
  ): Promise<InitiatedBatch> {
    const lines = readInput(domains)
    const digest = digestOf(lines, options)
    return session.transaction(async (tx) => {
      const { batch, created } = await makeBatch(tx, tenant, this.processors, options, digest)
      if (!created) return { batch, created, report: await reportOf(tx, tenant, batch) }
      await addWholeInput(tx, tenant, batch.id, lines)
      const started = await this.startBatch(tx, tenant, batch.id)
      return { batch: started, created, report: await reportOf(tx, tenant, started) }
    })
  }

  /**
   * Makes an empty batch that takes items until `startBatch`. The same key again returns the batch of the first time.
   *
   * @throws BatchError BATCH_INPUT_INVALID, BATCH_KIND_UNKNOWN, TENANT_UNKNOWN
   */
  async createBatch(session: Session, tenant: TenantId, options: NewBatch = {}): Promise<Batch> {
    return (await makeBatch(session, tenant, this.processors, options, null)).batch
  }

  /**
   * Adds lines to a batch that takes items. Adding the same lines twice changes nothing.
   *
   * @throws BatchError BATCH_SEALED, BATCH_NOT_FOUND
   */
  async addLines(session: Session, tenant: TenantId, id: string, lines: readonly InputLine[]): Promise<void> {
    await this.getBatch(session, tenant, id)
    await addInput(session, tenant, id, lines)
  }

  /**
   * No more items: makes the job that works on the batch.
   *
   * @throws BatchError BATCH_EMPTY, BATCH_SEALED, BATCH_NOT_FOUND
   */
  async startBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    return this.#change(session, tenant, id, async (tx, batch) => {
      if (batch.sealed) throw sealed(id)
      if (batch.counts.total === 0) {
        throw new BatchError('BATCH_EMPTY', 'No line of the input names a site.', {
          hint: `${batch.lines.invalid} lines are not valid.`,
        })
      }
      await store.sealBatch(tx, id)
      await this.#enqueue(tx, tenant, id)
    })
  }

  /**
   * Makes a batch from an input that comes line by line, in transactions of a thousand lines each; what is in memory is
   * one of them. Nothing is run before the last line was read. With an idempotency key, an input that broke off is gone on
   * with by sending it again.
   *
   * @throws BatchError; whatever the input throws: then the batch stays open without a job
   */
  async importBatchWithOwnSession(
    tenant: TenantId,
    lines: AsyncIterable<InputLine>,
    options: NewBatch & { readonly signal?: AbortSignal } = {},
  ): Promise<InitiatedBatch> {
    const { signal, ...wanted } = options
    const { batch, created } = await makeBatch(this.#database, tenant, this.processors, wanted, null)
    if (!batch.sealed) {
      await addStreamedInput(this.#database, tenant, batch.id, lines, signal)
      await this.startBatch(this.#database, tenant, batch.id)
    }
    const now = await this.getBatch(this.#database, tenant, batch.id)
    return { batch: now, created, report: await reportOf(this.#database, tenant, now) }
  }

  // Reading

  /** @throws BatchError BATCH_NOT_FOUND, also when it is another tenant's */
  async getBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    const batch = isId(id) ? await store.findBatch(session, tenant, id) : undefined
    if (!batch) throw batchNotFound(id)
    return batch
  }

  /**
   * Everything about a batch: state, counts, progress, times, rate, ETA, the most frequent errors, and a page of its items.
   * One round trip, one snapshot, whatever the size of the batch: the counts are changed by the statements that change items.
   *
   * @throws BatchError BATCH_NOT_FOUND, BATCH_INPUT_INVALID
   */
  async getBatchStatus(
    session: Session,
    tenant: TenantId,
    id: string,
    page: PageRequest<number> = {},
    filter: ItemFilter = {},
  ): Promise<BatchStatus> {
    const { limit, after } = readNumberedPage(page, invalidInput)
    checkItemFilter(filter)
    const reading = isId(id)
      ? await store.readBatch(session, tenant, id, { filter, after, limit: limit + 1 })
      : undefined
    if (!reading) throw batchNotFound(id)
    const { activeMs, items, ...batch } = reading
    return {
      ...batch,
      ...progressOf({ ...batch, activeMs }),
      items: pageOf(items, limit, ({ ordinal }) => ordinal),
    }
  }

  /** How far a batch is, for those who ask often. One round trip. */
  async getBatchProgress(session: Session, tenant: TenantId, id: string): Promise<BatchProgress> {
    const reading = isId(id) ? await store.readProgress(session, tenant, id) : undefined
    if (!reading) throw batchNotFound(id)
    return progressOf(reading)
  }

  /** The items of a batch in the order of the input. */
  async listBatchItems(
    session: Session,
    tenant: TenantId,
    id: string,
    page: PageRequest<number> = {},
    filter: ItemFilter = {},
  ): Promise<Page<BatchItem, number>> {
    checkItemFilter(filter)
    const { limit, after } = readNumberedPage(page, invalidInput)
    await this.getBatch(session, tenant, id)
    const rows = await selectItems(session, tenant, id, filter, after, limit + 1)
    return pageOf(rows, limit, ({ ordinal }) => ordinal)
  }

  /** The lines of the input that became no item, with the reason. */
  async listRejectedLines(
    session: Session,
    tenant: TenantId,
    id: string,
    page: PageRequest<number> = {},
  ): Promise<Page<RejectedLine, number>> {
    const { limit, after } = readNumberedPage(page, invalidInput)
    await this.getBatch(session, tenant, id)
    return pageOf(await selectRejects(session, tenant, id, after, limit + 1), limit, ({ line }) => line)
  }

  /** The tenant's batches that fulfil every condition, newest first. */
  async listBatches(
    session: Session,
    tenant: TenantId,
    filter: BatchFilter = {},
    page: PageRequest = {},
  ): Promise<Page<Batch>> {
    const { limit, after } = readPage(page, invalidInput)
    if (filter.state !== undefined && !batchStates.includes(filter.state)) {
      throw invalidInput(`"${filter.state as string}" is not a state of a batch.`)
    }
    for (const time of [filter.createdFrom, filter.createdBefore]) {
      if (time !== undefined && Number.isNaN(time.getTime())) throw invalidInput('The time is not valid.')
    }
    const wanted = filter.host === undefined ? filter : { ...filter, host: readSite(filter.host).host }
    return pageOf(await store.selectBatches(session, tenant, wanted, after, limit + 1), limit, ({ id }) => id)
  }

  /**
   * The whole batch as a file, part by part: what is in memory is a page of items, and no transaction is open meanwhile.
   *
   * @throws BatchError BATCH_NOT_FOUND, BATCH_INPUT_INVALID, when the first part is asked for
   */
  async *exportBatch(session: Session, tenant: TenantId, id: string, format: ExportFormat): AsyncGenerator<string> {
    const batch = await this.getBatch(session, tenant, id)
    yield* exportBatch(batch, format, (after, limit) => selectItems(session, tenant, id, {}, after, limit))
  }

  // Steering

  /**
   * No item is begun from now on; those that run go on to their end.
   *
   * @throws BatchError BATCH_TRANSITION_REFUSED unless it is queued or running
   */
  async pauseBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    return this.#change(session, tenant, id, async (tx, batch) => {
      if (!batch.sealed || batch.finishedAt || batch.cancelRequested) throw refused(id, batch.state, 'paused')
      await store.setPaused(tx, id)
    })
  }

  /** @throws BatchError BATCH_TRANSITION_REFUSED unless it is paused */
  async resumeBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    return this.#change(session, tenant, id, async (tx, batch) => {
      if (batch.state !== 'paused') throw refused(id, batch.state, 'resumed')
      await store.clearPaused(tx, id)
      if (!batch.worked) await this.#enqueue(tx, tenant, id)
    })
  }

  /**
   * Cancels every item that waits, at once; no item is begun from the commit on. Items that run are told to stop. What was
   * achieved stays. A batch that still takes items takes none any more.
   *
   * @throws BatchError BATCH_TRANSITION_REFUSED when it has ended
   */
  async cancelBatch(session: Session, tenant: TenantId, id: string): Promise<Batch> {
    return this.#change(session, tenant, id, async (tx, batch) => {
      if (batch.finishedAt) throw refused(id, batch.state, 'cancelled')
      if (!batch.sealed) await store.sealBatch(tx, id)
      await store.cancelQueued(tx, id)
      // Nothing runs that could end it later.
      if (batch.counts.running === 0) await announceEnd(tx, this.#jobs, tenant, batch)
    })
  }

  /**
   * Runs failed items again, all of them or those with one error; nothing else. The batch begins a new round.
   *
   * @throws BatchError BATCH_TRANSITION_REFUSED when there are none, or the batch is being cancelled
   */
  async retryFailedItems(
    session: Session,
    tenant: TenantId,
    id: string,
    { errorCode }: { readonly errorCode?: string } = {},
  ): Promise<Batch> {
    return this.#change(session, tenant, id, async (tx, batch) => {
      if (batch.cancelRequested && !batch.finishedAt) throw refused(id, 'being cancelled', 'retried')
      const requeued = await store.requeueFailed(tx, id, errorCode)
      if (requeued === 0) {
        throw new BatchError('BATCH_TRANSITION_REFUSED', `Batch ${id} has no such failed item to be retried.`)
      }
      if (batch.finishedAt) await store.beginRound(tx, id, batch.finishedAt)
      if (!batch.worked && (!batch.paused || batch.finishedAt)) await this.#enqueue(tx, tenant, id)
    })
  }

  /** Deletes batches that ended before then, with everything of theirs. Says how many. */
  async deleteFinishedBatches(
    session: Session,
    tenant: TenantId,
    endedBefore: Date,
    { limit = 100 }: { readonly limit?: number } = {},
  ): Promise<number> {
    if (Number.isNaN(endedBefore.getTime())) throw invalidInput('endedBefore is not a valid time.')
    return store.deleteFinished(session, tenant, endedBefore, limit)
  }

  // Working

  /**
   * Works on a batch until it has ended, is paused, or the signal fires, in transactions of its own: none is open while an
   * item is processed. Any number of these may work on one batch; together they hold its limits.
   *
   * @throws whatever the signal's reason is, after everything that is not done was handed back
   */
  processBatchWithOwnSession(tenant: TenantId, id: string, options: BatchRunOptions = {}): Promise<BatchRunResult> {
    if (!isId(id)) throw batchNotFound(id)
    return processBatch(
      {
        database: this.#database,
        jobs: this.#jobs,
        processors: this.processors,
        logger: this.#logger,
        enqueue: (tx) => this.#enqueue(tx, tenant, id),
      },
      tenant,
      id,
      options,
    )
  }

  /** Makes jobs for batches that have something to do and no job. Workers do so by themselves. Says how many. */
  async recoverUnworkedWithOwnSession(): Promise<number> {
    const found = await store.selectUnworked(this.#database, 100)
    let recovered = 0
    for (const { id, tenantId: tenant } of found) {
      await this.#database.transaction(async (tx) => {
        const batch = await store.lockBatch(tx, tenant, id)
        if (!batch || batch.worked || batch.finishedAt || batch.paused) return
        await this.#enqueue(tx, tenant, id)
        recovered += 1
      })
    }
    return recovered
  }

  /** Changes a batch while its row is locked, and returns it as it is then. */
  async #change(
    session: Session,
    tenant: TenantId,
    id: string,
    change: (tx: Transaction, batch: store.LockedBatch) => Promise<void>,
  ): Promise<Batch> {
    return session.transaction(async (tx) => {
      const batch = isId(id) ? await store.lockBatch(tx, tenant, id) : undefined
      if (!batch) throw batchNotFound(id)
      await change(tx, batch)
      return this.getBatch(tx, tenant, id)
    })
  }

  /** Makes the job that works on a batch; commits with whatever made it necessary. */
  async #enqueue(tx: Transaction, tenant: TenantId, id: string): Promise<void> {
    const { job } = await this.#jobs.createJob(tx, tenant, { type: processJob, payload: { batchId: id } })
    await store.setJob(tx, id, job.id)
  }
}

function checkItemFilter({ state }: ItemFilter): void {
  if (state !== undefined && !itemStates.includes(state)) {
    throw invalidInput(`"${state as string}" is not a state of an item.`)
  }
}
