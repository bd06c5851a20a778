import type { TenantId } from '@pooler-safe/example-foundation'
import type { Database } from 'pooler-safe'
import { isFinal, type Batch, type Job, type JobEvent, type JobService } from '../index.ts'
import { fileOf } from './file-jobs.ts'
import type { Happening, RunningFile } from './progress.ts'

/** A job whose every event is told. */
export interface WatchedJob {
  readonly id: string
  readonly name: string
}

export interface JobWatchOptions {
  readonly service: JobService
  readonly database: Database
  readonly tenant: TenantId
  readonly batchId: string
  readonly watched: readonly WatchedJob[]
}

const happeningsKept = 50
const rateWindowMs = 2_000
const runningShown = 20

/** Looks at the jobs of a batch again and again, through the pooler, and remembers what is worth telling. */
export class JobWatch {
  readonly #options: JobWatchOptions
  readonly #startedAt = performance.now()
  readonly #lastEvent = new Map<string, number>()
  readonly #failedRuns = new Set<string>()
  readonly #ended = new Set<string>()
  #ran = new Map<string, string>()
  #happenings: Happening[] = []
  #unread: Happening[] = []
  #samples: { readonly at: number; readonly ended: number }[] = [{ at: this.#startedAt, ended: 0 }]
  #batch: Batch
  #running: RunningFile[] = []

  constructor(options: JobWatchOptions, batch: Batch) {
    this.#options = options
    this.#batch = batch
  }

  get batch(): Batch {
    return this.#batch
  }

  get running(): readonly RunningFile[] {
    return this.#running
  }

  get elapsedMs(): number {
    return performance.now() - this.#startedAt
  }

  /** Oldest first. */
  get happenings(): readonly Happening[] {
    return this.#happenings
  }

  /** What happened since this was asked last. */
  takeNew(): readonly Happening[] {
    return this.#unread.splice(0)
  }

  /** Ended jobs per second in the last two seconds. */
  get jobsPerSecond(): number {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || last.at === first.at) return 0
    return ((last.ended - first.ended) * 1_000) / (last.at - first.at)
  }

  /** True when a run of that job has failed by now. */
  hasFailedRun(id: string): boolean {
    return this.#failedRuns.has(id)
  }

  note(text: string): void {
    this.#tell({ atMs: this.elapsedMs, kind: 'note', text })
  }

  /** Looks. A handful of statements, whatever the size of the batch. */
  async look(): Promise<void> {
    const { service, database, tenant, batchId, watched } = this.#options
    const page = await service.getJobsForBatch(database, tenant, batchId, { limit: runningShown }, { state: 'running' })
    this.#running = page.items.map((job) => ({
      name: fileOf(job.payload).name,
      attempt: job.attempt,
      done: job.progressDone,
      total: job.progressTotal ?? undefined,
    }))
    const told = new Set(watched.map(({ id }) => id))
    const running = new Map(page.items.map((job) => [job.id, fileOf(job.payload).name]))
    const gone = [...this.#ran.keys()].filter((id) => !running.has(id) && !told.has(id))
    this.#ran = running
    for (const id of gone) this.#tellEnd(await service.getJob(database, tenant, id))
    for (const job of watched) if (!this.#ended.has(job.id)) await this.#tellEvents(job)
    this.#batch = await service.batches.getBatch(database, tenant, batchId)
    this.#sample()
  }

  #sample(): void {
    const { succeeded, failed, cancelled } = this.#batch.counts
    const now = performance.now()
    this.#samples.push({ at: now, ended: succeeded + failed + cancelled })
    this.#samples = this.#samples.filter(({ at }) => now - at <= rateWindowMs || at === this.#startedAt)
    const [first, second] = this.#samples
    if (first && second && now - second.at > rateWindowMs / 2 && now - first.at > rateWindowMs) this.#samples.shift()
  }

  #tellEnd(job: Job): void {
    const { name } = fileOf(job.payload)
    const atMs = this.elapsedMs
    if (job.state === 'succeeded') this.#tell({ atMs, kind: 'done', text: name })
    else if (job.error !== null) {
      this.#tell({ atMs, kind: job.state === 'failed' ? 'failed' : 'retry', text: `${name}: ${job.error}` })
    }
  }

  async #tellEvents({ id, name }: WatchedJob): Promise<void> {
    const { service, database, tenant } = this.#options
    const events = await service.getJobEvents(database, tenant, id)
    const seen = this.#lastEvent.get(id) ?? 0
    const fresh = events.filter((event) => event.id > seen)
    if (fresh.length === 0) return
    this.#lastEvent.set(id, fresh.at(-1)?.id ?? seen)
    const job = await service.getJob(database, tenant, id)
    for (const event of fresh) this.#tellEvent(name, event, job)
    if (isFinal(job.state)) this.#ended.add(id)
  }

  #tellEvent(name: string, event: JobEvent, job: Job): void {
    const atMs = this.elapsedMs
    const error = job.errorCode ?? 'failed'
    if (event.reason === 'retry') {
      this.#failedRuns.add(event.jobId)
      this.#tell({ atMs, kind: 'retry', text: `${name}: attempt ${event.attempt} failed (${error}), queued again` })
    } else if (event.toState === 'failed') {
      const text = `${name}: attempt ${event.attempt} failed (${error}), given up: ${event.reason}`
      this.#tell({ atMs, kind: 'failed', text })
    } else if (event.toState === 'succeeded') {
      this.#tell({ atMs, kind: 'done', text: `${name}: succeeded at attempt ${event.attempt}` })
    }
  }

  #tell(happening: Happening): void {
    this.#happenings = [...this.#happenings, happening].slice(-happeningsKept)
    this.#unread.push(happening)
  }
}
