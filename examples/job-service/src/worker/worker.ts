import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { explain, wait, within, type Logger } from '@pooler-safe/example-foundation'
import { isOutcomeUnknown, type Database } from 'pooler-safe'
import { invalidInput } from '../errors.ts'
import type { JobService } from '../service/job-service.ts'
import { applyRetention, recoverLost, redeliver, sweepBatches } from '../service/maintenance.ts'
import type { Settlement } from '../service/settle.ts'
import { advanceBatches } from '../store/batches.ts'
import { beat, type ClaimedJob, type MovedJob } from '../store/runs.ts'
import { claim, type ClaimResult } from './claim.ts'
import { Finisher } from './finisher.ts'
import type { JobHandler, JobHandlers } from './handler.ts'
import { checkTuning, type CheckedTuning, type WorkerTuning } from './options.ts'
import { Run } from './run.ts'

export interface WorkerOptions extends WorkerTuning {
  readonly database: Database
  readonly service: JobService
  /** What to run, by job type; jobs of other types are left to other workers. */
  readonly handlers: JobHandlers
  readonly logger: Logger
  /** Shown in jobs and events. Has to be of this process alone. Default: host, process id and a random part. */
  readonly name?: string
}

/** What a worker has done since it started. */
export interface WorkerStats {
  readonly claimed: number
  readonly succeeded: number
  /** Failed for good. */
  readonly failed: number
  /** Failed and queued again. */
  readonly retried: number
  readonly cancelled: number
  readonly handedBack: number
  /** Ended without holding the job any more. */
  readonly lost: number
  /** Taken from workers that were not heard of. */
  readonly recovered: number
}

const settledAtOnce = 500
const failurePause = { firstMs: 200, longestMs: 15_000 }
const retentionMs = 3_600_000
/** Between two looks at batches that this worker touched. */
const advanceMs = 250

/**
 * Runs jobs: claims them in batches, runs at most `concurrency` at a time, and writes their ends in batches.
 *
 * Nothing is held in the database while a handler runs but a lease on the row: no transaction, no lock, no backend.
 */
export class Worker {
  readonly name: string
  readonly #options: WorkerOptions
  readonly #tuning: CheckedTuning
  readonly #handlers: ReadonlyMap<string, JobHandler>
  readonly #logger: Logger
  readonly #runs = new Map<string, Run>()
  readonly #finisher: Finisher
  readonly #stopping = new AbortController()
  readonly #stopped = new AbortController()
  readonly #touchedBatches = new Set<string>()
  readonly #stats = {
    claimed: 0,
    succeeded: 0,
    failed: 0,
    retried: 0,
    cancelled: 0,
    handedBack: 0,
    lost: 0,
    recovered: 0,
  }
  #performing = 0
  #slotFreed: (() => void) | undefined
  #loops: Promise<unknown>[] = []
  #ending: Promise<void> | undefined
  #turn = 0

  private constructor(options: WorkerOptions) {
    const { database, service, handlers, logger, name, ...tuning } = options
    this.#options = options
    this.#tuning = checkTuning(tuning)
    this.#handlers = new Map(Object.entries(handlers))
    for (const type of this.#handlers.keys()) {
      if (!service.types.has(type)) throw invalidInput(`There is a handler for "${type}", which is not a job type.`)
    }
    this.name = name ?? `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
    this.#logger = logger.child({ worker: this.name })
    this.#finisher = new Finisher({
      session: database,
      queue: service.queue,
      logger: this.#logger,
      atOnce: settledAtOnce,
      onSettled: (settlement, moved) => this.#settled(settlement, moved),
    })
  }

  /** @throws JobServiceError JOB_INPUT_INVALID */
  static start(options: WorkerOptions): Worker {
    const worker = new Worker(options)
    worker.#loops = [worker.#claiming(), worker.#beating(), worker.#maintaining(), worker.#advancing()]
    return worker
  }

  get stats(): WorkerStats {
    return { ...this.#stats }
  }

  /** Jobs that this worker holds. */
  get held(): number {
    return this.#runs.size
  }

  /**
   * Stops claiming, lets runs go on for the grace period, hands back those that are not done, and resolves when all of it
   * is written. May be called more than once.
   */
  stop(): Promise<void> {
    return (this.#ending ??= this.#end())
  }

  async #end(): Promise<void> {
    const { graceMs, abandonMs } = this.#tuning
    this.#stopping.abort()
    this.#slotFreed?.()
    const claiming = this.#loops[0]
    await claiming
    await this.#waitForRuns(graceMs)
    for (const run of this.#runs.values()) run.stop('shutdown')
    await this.#waitForRuns(abandonMs + 500)
    const written = await within(
      10_000,
      this.#finisher.drained().then(() => true),
    )
    if (!written) this.#finisher.giveUp()
    this.#stopped.abort()
    await Promise.all(this.#loops)
    await this.#advanceTouched()
  }

  async #waitForRuns(ms: number): Promise<void> {
    const end = performance.now() + ms
    while (this.#performing > 0 && performance.now() < end) await wait(Math.min(20, ms))
  }

  // Claiming

  async #claiming(): Promise<void> {
    const { signal } = this.#stopping
    let failures = 0
    for (;;) {
      const limit = await this.#freeSlots()
      if (signal.aborted) return
      try {
        const { jobs, more } = await this.#claim(limit)
        failures = 0
        for (const job of jobs) this.#begin(job)
        if (!more) await wait(this.#tuning.pollMs, signal)
      } catch (error) {
        failures += 1
        await this.#pauseAfter(failures, 'claiming failed', error)
      }
    }
  }

  /** Waits until runs can be started and their ends can be written. */
  async #freeSlots(): Promise<number> {
    const { concurrency } = this.#tuning
    for (;;) {
      const free = concurrency - this.#performing
      const isBehind = this.#finisher.backlog >= concurrency * 4
      if ((free > 0 && !isBehind) || this.#stopping.signal.aborted) return free
      await new Promise<void>((resolve) => (this.#slotFreed = resolve))
    }
  }

  async #claim(limit: number): Promise<ClaimResult> {
    const { database, service } = this.#options
    const request = { types: this.#nextTypes(), limit, worker: this.name, leaseMs: this.#tuning.leaseMs }
    let claimed: ClaimResult | undefined
    try {
      return await claim(database, service.queue, request, (result) => (claimed = result))
    } catch (error) {
      if (!claimed || !isOutcomeUnknown(error)) throw error
      this.#logger.warn({ err: error }, 'whether jobs were claimed is unknown; asking')
      return { jobs: await this.#confirmed(claimed.jobs), more: claimed.more }
    }
  }

  /** Which of these the database knows to be ours. An attempt belongs to one claim alone, so it cannot be mistaken. */
  async #confirmed(jobs: readonly ClaimedJob[]): Promise<ClaimedJob[]> {
    const beats = jobs.map(({ id, attempt }) => ({ id, attempt, progress_done: null, progress_total: null }))
    const answers = await beat(this.#options.database, beats, this.#tuning.leaseMs)
    const ours = new Map(answers.flatMap(({ id, state, attempt }) => (state === 'running' ? [[id, attempt]] : [])))
    return jobs.filter(({ id, attempt }) => ours.get(id) === attempt)
  }

  /** Every type comes first once, so that none starves. */
  #nextTypes(): string[] {
    const types = [...this.#handlers.keys()]
    const at = this.#turn % Math.max(1, types.length)
    this.#turn += 1
    return [...types.slice(at), ...types.slice(0, at)]
  }

  #begin(claimed: ClaimedJob): void {
    const { database, service } = this.#options
    const handler = this.#handlers.get(claimed.type)
    const type = service.types.get(claimed.type)
    if (!handler || !type) return
    const run = new Run({
      claimed,
      handler,
      timeoutMs: type.timeoutMs,
      abandonMs: this.#tuning.abandonMs,
      leaseMs: this.#tuning.leaseMs,
      session: database,
      logger: this.#logger,
    })
    this.#stats.claimed += 1
    this.#performing += 1
    // Whoever gave the job back did not ask this worker: its earlier run is told now, no beat will speak of it any more.
    this.#runs.get(claimed.id)?.stop('lost')
    this.#runs.set(claimed.id, run)
    if (claimed.batchId !== null) this.#touchedBatches.add(claimed.batchId)
    void run.perform().then((settlement) => {
      this.#performing -= 1
      if (settlement) this.#finisher.add(settlement)
      else this.#forget(run)
      this.#slotFreed?.()
    })
  }

  #forget(run: Run): void {
    if (this.#runs.get(run.claimed.id) === run) this.#runs.delete(run.claimed.id)
    this.#stats.lost += 1
  }

  #settled({ end }: Settlement, moved: MovedJob | undefined): void {
    const run = this.#runs.get(end.id)
    if (run?.claimed.attempt === end.attempt) this.#runs.delete(end.id)
    if (!moved) {
      this.#stats.lost += 1
      this.#logger.info({ job: end.id, attempt: end.attempt }, 'a run ended that does not hold its job any more')
    } else {
      if (moved.batchId !== null) this.#touchedBatches.add(moved.batchId)
      if (end.reason === 'handed back') this.#stats.handedBack += 1
      else if (moved.state === 'queued') this.#stats.retried += 1
      else if (moved.state !== 'running') this.#stats[moved.state] += 1
    }
    this.#slotFreed?.()
  }

  // Signs of life

  async #beating(): Promise<void> {
    const { beatMs, leaseMs } = this.#tuning
    const newsMs = Math.min(beatMs, 500)
    let lastFull = performance.now()
    while (await wait(newsMs, this.#stopped.signal)) {
      const isDue = performance.now() - lastFull >= beatMs
      const runs = [...this.#runs.values()].filter((run) => isDue || run.hasNews)
      if (isDue) lastFull = performance.now()
      if (runs.length > 0) await this.#beat(runs, leaseMs)
    }
  }

  async #beat(runs: readonly Run[], leaseMs: number): Promise<void> {
    const sentAt = performance.now()
    try {
      const answers = await beat(
        this.#options.database,
        runs.map((run) => run.beat()),
        leaseMs,
      )
      const byId = new Map(answers.map((answer) => [answer.id, answer]))
      for (const run of runs) {
        // Its end may have been written in the meantime.
        if (this.#runs.get(run.claimed.id) !== run) continue
        const answer = byId.get(run.claimed.id)
        if (answer?.state !== 'running' || answer.attempt !== run.claimed.attempt) {
          run.stop('lost')
          continue
        }
        run.heard(sentAt)
        if (answer.cancelRequested) run.stop('cancelled')
      }
    } catch (error) {
      this.#logger.warn({ err: error }, `a sign of life could not be given: ${explain(error)}`)
      for (const run of runs) if (run.isOverdue) run.stop('lost')
    }
  }

  // Maintenance

  async #maintaining(): Promise<void> {
    const { recoverMs, keepFinishedMs } = this.#tuning
    const { database, service } = this.#options
    const { signal } = this.#stopping
    let deliveriesFrom: string | undefined
    let batchesFrom: string | undefined
    let retainedAt = Number.NEGATIVE_INFINITY
    // Workers that were started together should not look together.
    while (await wait(recoverMs * (0.75 + Math.random() / 2), signal)) {
      try {
        const lost = await recoverLost(database, service.queue)
        this.#stats.recovered += lost.length
        for (const { batchId } of lost) if (batchId !== null) this.#touchedBatches.add(batchId)
        if (lost.length > 0) this.#logger.warn(`took ${lost.length} jobs from workers that were not heard of`)
        const { next, redelivered } = await redeliver(database, service.queue, service.types, deliveriesFrom)
        deliveriesFrom = next
        if (redelivered > 0) this.#logger.warn(`queued ${redelivered} jobs again that the queue did not know`)
        batchesFrom = await sweepBatches(database, batchesFrom)
        if (keepFinishedMs === undefined || performance.now() - retainedAt < retentionMs) continue
        retainedAt = performance.now()
        await applyRetention(database, { endedBefore: new Date(Date.now() - keepFinishedMs), signal })
      } catch (error) {
        this.#logger.warn({ err: error }, `maintenance failed: ${explain(error)}`)
      }
    }
  }

  async #advancing(): Promise<void> {
    while (await wait(advanceMs, this.#stopped.signal)) await this.#advanceTouched()
  }

  async #advanceTouched(): Promise<void> {
    if (this.#touchedBatches.size === 0) return
    const ids = [...this.#touchedBatches]
    this.#touchedBatches.clear()
    try {
      await advanceBatches(this.#options.database, ids)
    } catch (error) {
      for (const id of ids) this.#touchedBatches.add(id)
      this.#logger.warn({ err: error }, `batches could not be advanced: ${explain(error)}`)
    }
  }

  async #pauseAfter(failures: number, what: string, error: unknown): Promise<void> {
    const pauseMs = Math.min(failurePause.firstMs * 2 ** (failures - 1), failurePause.longestMs)
    this.#logger.warn({ err: error }, `${what}, pausing: ${explain(error)}`)
    await wait(pauseMs * (0.5 + Math.random()), this.#stopping.signal)
  }
}
