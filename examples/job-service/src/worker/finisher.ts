import { codeOf, explain, wait, type Logger } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { JobQueue } from '../queue/job-queue.ts'
import { settle, type Settlement } from '../service/settle.ts'
import type { MovedJob } from '../store/runs.ts'

export interface FinisherOptions {
  readonly session: Session
  readonly queue: JobQueue
  readonly logger: Logger
  /** Runs that one transaction ends at most. */
  readonly atOnce: number
  /** Told what became of each run: `moved` is undefined when it did not hold its job any more. */
  readonly onSettled: (settlement: Settlement, moved: MovedJob | undefined) => void
}

const pauses = { firstMs: 100, longestMs: 5_000 }

/**
 * Writes the ends of runs: all that have come together while the last write was under way, in one transaction.
 *
 * What cannot be written because the database is away is written later; what the database refuses to store does not keep
 * the others from being written.
 */
export class Finisher {
  readonly #options: FinisherOptions
  #waiting: Settlement[] = []
  #writing: Promise<void> | undefined
  #abort = new AbortController()

  constructor(options: FinisherOptions) {
    this.#options = options
  }

  /** Ends that are not written yet. */
  get backlog(): number {
    return this.#waiting.length
  }

  add(settlement: Settlement): void {
    this.#waiting.push(settlement)
    this.#writing ??= this.#write().finally(() => (this.#writing = undefined))
  }

  /** Resolves when everything that was added is written. */
  async drained(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Stops trying. What is not written is left to the recovery of lost runs. */
  giveUp(): void {
    this.#abort.abort()
  }

  async #write(): Promise<void> {
    // Handlers that end in this turn of the event loop belong together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0 && !this.#abort.signal.aborted) {
      const some = this.#waiting.splice(0, this.#options.atOnce)
      await this.#settle(some)
    }
  }

  async #settle(settlements: readonly Settlement[]): Promise<void> {
    const { session, queue, logger, onSettled } = this.#options
    for (let pauseMs = pauses.firstMs; ; pauseMs = Math.min(pauseMs * 2, pauses.longestMs)) {
      try {
        const moved = await settle(session, queue, settlements)
        const byId = new Map(moved.map((job) => [job.id, job]))
        for (const settlement of settlements) onSettled(settlement, byId.get(settlement.end.id))
        return
      } catch (error) {
        if (isRefusal(error)) return this.#settleApart(settlements, error)
        logger.warn({ err: error }, `the end of ${settlements.length} runs could not be written yet: ${explain(error)}`)
        // Writing again is safe also when the first time went through: the attempt does not hold its job any more then.
        if (await wait(pauseMs * (0.5 + Math.random()), this.#abort.signal)) continue
        for (const settlement of settlements) onSettled(settlement, undefined)
        return
      }
    }
  }

  /** One of them is at fault: each by itself, and that one as failed. */
  async #settleApart(settlements: readonly Settlement[], error: unknown): Promise<void> {
    const [only, ...others] = settlements
    if (only && others.length === 0) return this.#settleRefused(only, error)
    const half = Math.ceil(settlements.length / 2)
    await this.#settle(settlements.slice(0, half))
    await this.#settle(settlements.slice(half))
  }

  async #settleRefused(settlement: Settlement, error: unknown): Promise<void> {
    const { logger, onSettled } = this.#options
    const { id, tenant_id, attempt } = settlement.end
    logger.error({ err: error, job: id }, `the database refused the end of a run: ${explain(error)}`)
    if (settlement.end.error_code === 'end_refused') {
      onSettled(settlement, undefined)
      return
    }
    await this.#settle([
      {
        end: {
          id,
          tenant_id,
          attempt,
          to_state: 'failed',
          reason: 'failed for good',
          error_code: 'end_refused',
          error: `The database refused what the run returned (${codeOf(error)}).`,
          failed: true,
        },
        followUp: 'bury',
      },
    ])
  }
}

/** SQLSTATE classes 22 and 23: the data are at fault, and will be the next time. */
function isRefusal(error: unknown): boolean {
  return /^2[23]...$/.test(codeOf(error))
}
