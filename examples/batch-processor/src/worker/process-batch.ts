import { explain, newId, wait, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import type { JobService } from '@pooler-safe/example-job-service'
import type { Database, Transaction } from 'pooler-safe'
import type { BatchState, ItemCounts } from '../batch.ts'
import { batchNotFound } from '../errors.ts'
import { longestRunMs } from '../jobs.ts'
import type { ItemProcessor, ItemProcessors } from '../processor.ts'
import { announceEnd } from '../service/announce.ts'
import { leaveBatch, lockBatch, type LockedBatch } from '../store/batches.ts'
import * as items from '../store/items.ts'
import { ItemRun } from './run-item.ts'

export interface BatchRunOptions {
  /** The job that asks for it: items of its earlier runs are taken over at once. */
  readonly jobId?: string
  /** Stops the run; what is not done is handed back. */
  readonly signal?: AbortSignal
  /** Told how many items have ended, of how many. */
  readonly progress?: (done: number, total: number) => void
  /** How long an item is held when nothing is heard of its run. Default 30,000. */
  readonly leaseMs?: number
  /** Longest pause between two looks at the batch, so how soon running items hear of a cancellation. Default 500. */
  readonly lookMs?: number
  /** How long a processor may go on after its signal fired. Default 2,000. */
  readonly abandonMs?: number
  /** After this the run leaves the rest to a new job. Default one hour. */
  readonly longestRunMs?: number
}

export interface BatchRunResult {
  /** Why it left the batch. */
  readonly left: 'ended' | 'paused' | 'continued'
  readonly state: BatchState
  /** Items that this run ended. */
  readonly ended: number
}

interface Tools {
  readonly database: Database
  readonly jobs: JobService
  readonly processors: ItemProcessors
  readonly logger: Logger
  readonly enqueue: (tx: Transaction) => Promise<void>
}

/** What a look at the batch brought. */
interface Turn {
  readonly batch: LockedBatch
  readonly claimed: readonly items.ClaimedItem[]
  readonly left: BatchRunResult['left'] | undefined
  /** Items whose end it wrote. */
  readonly done: number
}

/** Ends written by one statement. */
const endsAtOnce = 500
const failurePause = { firstMs: 100, longestMs: 5_000 }

export async function processBatch(
  tools: Tools,
  tenant: TenantId,
  batchId: string,
  options: BatchRunOptions,
): Promise<BatchRunResult> {
  return new BatchRun(tools, tenant, batchId, options).run()
}

/**
 * One run of a batch. It goes in turns; a turn is one short transaction that locks the row of the batch, writes the ends
 * of items, and claims as many as the limits allow. Items are processed between turns, while nothing is held in the
 * database but a lease on their rows.
 */
class BatchRun {
  readonly #tools: Tools
  readonly #tenant: TenantId
  readonly #batchId: string
  readonly #options: Required<Omit<BatchRunOptions, 'jobId' | 'signal' | 'progress'>>
  readonly #progress: (done: number, total: number) => void
  readonly #signal: AbortSignal | undefined
  readonly #jobId: string | null
  readonly #runner = newId()
  readonly #logger: Logger
  readonly #active = new Map<number, ItemRun>()
  readonly #startedAt = performance.now()
  #ends: items.ItemEnd[] = []
  #news: (() => void) | undefined
  #ended = 0
  #leasedAt = performance.now()
  #tookLostAt = Number.NEGATIVE_INFINITY
  /** The last turn failed: what it did is not known. */
  #isUnsure = false
  #isFirst = true

  constructor(tools: Tools, tenant: TenantId, batchId: string, options: BatchRunOptions) {
    this.#tools = tools
    this.#tenant = tenant
    this.#batchId = batchId
    this.#options = {
      leaseMs: options.leaseMs ?? 30_000,
      lookMs: options.lookMs ?? 500,
      abandonMs: options.abandonMs ?? 2_000,
      longestRunMs: options.longestRunMs ?? longestRunMs,
    }
    this.#progress = options.progress ?? (() => undefined)
    this.#signal = options.signal
    this.#jobId = options.jobId ?? null
    this.#logger = tools.logger.child({ batch: batchId })
  }

  async run(): Promise<BatchRunResult> {
    const stop = (): void => this.#stop('handed back')
    this.#signal?.addEventListener('abort', stop, { once: true })
    try {
      for (let failures = 0; ;) {
        let turn: Turn
        try {
          turn = await this.#turn()
          failures = 0
        } catch (error) {
          if (error === this.#signal?.reason || (error as { code?: unknown }).code === 'BATCH_NOT_FOUND') throw error
          failures += 1
          this.#isUnsure = true
          // A run that is told to end does not wait for a database that is away: leases run out by themselves.
          if (this.#signal?.aborted && failures > 3) throw this.#signal.reason
          await this.#pauseAfter(failures, error)
          continue
        }
        if (turn.left !== undefined) return { left: turn.left, state: turn.batch.state, ended: this.#ended }
        this.#begin(turn)
        this.#tell(turn.batch.counts)
        await this.#untilNews()
      }
    } finally {
      this.#signal?.removeEventListener('abort', stop)
      this.#stop('handed back')
    }
  }

  async #turn(): Promise<Turn> {
    const ends = this.#ends.slice(0, endsAtOnce)
    const now = performance.now()
    const isLeaseDue = now - this.#leasedAt > this.#options.leaseMs / 3
    const isLossDue = now - this.#tookLostAt > Math.min(this.#options.leaseMs / 2, 5_000)
    const turn = await this.#tools.database.transaction(
      async (tx) => {
        const locked = await lockBatch(tx, this.#tenant, this.#batchId)
        if (!locked) throw batchNotFound(this.#batchId)
        const written = await this.#writeEnds(tx, ends)
        let { finished } = written
        if (isLossDue) {
          // An earlier run of the same job has lost it; a later one may take over from this one.
          const lost = await items.takeLost(tx, this.#batchId, this.#isFirst ? this.#jobId : null, this.#runner)
          if (lost.taken > 0) this.#logger.warn(`took ${lost.taken} items from runs that were not heard of`)
          finished ||= lost.finished
        }
        if (isLeaseDue) await items.extendLeases(tx, this.#batchId, this.#runner, this.#options.leaseMs)
        if (finished) await announceEnd(tx, this.#tools.jobs, this.#tenant, locked)
        const batch = ends.length > 0 || isLossDue ? await this.#again(tx) : locked
        // What a failed turn claimed is ours as well, and has to be begun.
        const held = this.#isUnsure ? await items.selectHeld(tx, this.#batchId, this.#runner) : []
        const adopted = held.filter((one) => this.#active.get(one.ordinal)?.claimed.attempts !== one.attempts)
        const claimed = [...adopted, ...(await this.#claim(tx, batch, ends.length, adopted.length))]
        const left = claimed.length > 0 ? undefined : await this.#leave(tx, batch, ends.length)
        return { batch, claimed, left, done: written.done }
      },
      { retries: 2 },
    )
    this.#isUnsure = false
    this.#isFirst = false
    this.#ended += turn.done
    this.#ends = this.#ends.slice(ends.length)
    for (const { ordinal } of ends) this.#active.delete(ordinal)
    if (isLeaseDue) this.#leasedAt = now
    if (isLossDue) this.#tookLostAt = now
    if (this.#signal?.aborted && turn.left === undefined && this.#active.size === 0) throw this.#signal.reason
    return turn
  }

  async #writeEnds(
    tx: Transaction,
    ends: readonly items.ItemEnd[],
  ): Promise<{ readonly done: number; readonly finished: boolean }> {
    if (ends.length === 0) return { done: 0, finished: false }
    const { ended, finished } = await items.endItems(tx, this.#batchId, ends)
    if (ended.length < ends.length) {
      this.#logger.warn(`${ends.length - ended.length} items were taken from this run before their end was written`)
    }
    return { done: ended.filter(({ state }) => state !== 'queued').length, finished }
  }

  async #again(tx: Transaction): Promise<LockedBatch> {
    const batch = await lockBatch(tx, this.#tenant, this.#batchId)
    if (!batch) throw batchNotFound(this.#batchId)
    return batch
  }

  /** The batch is locked, so nobody claims meanwhile: what runs plus what is claimed is never more than the limit. */
  async #claim(
    tx: Transaction,
    batch: LockedBatch,
    ending: number,
    adopted: number,
  ): Promise<readonly items.ClaimedItem[]> {
    if (!this.#mayClaim(batch)) return []
    const own = this.#active.size - ending + adopted
    const limit = Math.min(batch.maxConcurrent - batch.counts.running, batch.maxConcurrent - own, batch.counts.queued)
    if (limit <= 0) return []
    return items.claimItems(tx, {
      batchId: this.#batchId,
      jobId: this.#jobId,
      runner: this.#runner,
      leaseMs: this.#options.leaseMs,
      limit,
      maxPerDomain: batch.maxPerDomain,
    })
  }

  #mayClaim({ sealed, paused, cancelRequested }: LockedBatch): boolean {
    return sealed && !paused && !cancelRequested && this.#signal?.aborted !== true && !this.#isLong
  }

  get #isLong(): boolean {
    return performance.now() - this.#startedAt > this.#options.longestRunMs
  }

  /** Leaves the batch when there is nothing to do for this run; whoever changes that afterwards makes a new job. */
  async #leave(tx: Transaction, batch: LockedBatch, ending: number): Promise<Turn['left']> {
    if (this.#active.size > ending || this.#ends.length > ending) return undefined
    const left = batch.finishedAt ? 'ended' : batch.paused ? 'paused' : this.#isLong ? 'continued' : undefined
    if (left === undefined || (left === 'continued' && this.#signal?.aborted)) return undefined
    await leaveBatch(tx, this.#batchId, this.#jobId)
    if (left === 'continued') await this.#tools.enqueue(tx)
    return left
  }

  #begin({ batch, claimed }: Turn): void {
    const processor = this.#tools.processors[batch.kind] ?? missingProcessor(batch.kind)
    for (const one of claimed) {
      const run = new ItemRun(one, {
        batch,
        tenant: this.#tenant,
        processor,
        session: this.#tools.database,
        logger: this.#logger.child({ host: one.host }),
        jobId: this.#jobId,
        abandonMs: this.#options.abandonMs,
      })
      this.#active.set(one.ordinal, run)
      void run.perform().then((end) => {
        this.#ends.push(end)
        this.#news?.()
      })
    }
    if (batch.cancelRequested) this.#stop('cancelled')
    if (this.#signal?.aborted) this.#stop('handed back')
  }

  #stop(why: 'cancelled' | 'handed back'): void {
    for (const run of this.#active.values()) run.stop(why)
    this.#news?.()
  }

  #tell({ total, queued, running }: ItemCounts): void {
    this.#progress(total - queued - running, total)
  }

  /** Waits until an item has ended or it is time to look again. */
  async #untilNews(): Promise<void> {
    if (this.#ends.length === 0) {
      const news = new AbortController()
      this.#news = () => news.abort()
      await wait(this.#options.lookMs, news.signal)
      this.#news = undefined
    }
    // Items that end in this turn of the event loop belong together.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async #pauseAfter(failures: number, error: unknown): Promise<void> {
    const pauseMs = Math.min(failurePause.firstMs * 2 ** (failures - 1), failurePause.longestMs)
    this.#logger.warn({ err: error }, `a turn of the batch failed, pausing: ${explain(error)}`)
    await wait(pauseMs * (0.5 + Math.random()))
  }
}

function missingProcessor(kind: string): ItemProcessor {
  return () => {
    const error = new Error(`This worker has no processor "${kind}".`)
    return Promise.reject(Object.assign(error, { code: 'processor_unknown', retryable: false }))
  }
}
