import { codeOf, redact, type Logger } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { PermanentJobError } from '../errors.ts'
import { requireStorable } from '../json.ts'
import { failureOf } from '../service/job-service.ts'
import type { Settlement } from '../service/settle.ts'
import type { Beat, ClaimedJob } from '../store/runs.ts'
import { RunStopped, type JobHandler, type StopReason } from './handler.ts'

const stopMessages: Readonly<Record<StopReason, string>> = {
  cancelled: 'The job was cancelled.',
  timeout: 'The run took too long.',
  lost: 'The job was taken from this worker.',
  shutdown: 'The worker is shutting down.',
}

export interface RunOptions {
  readonly claimed: ClaimedJob
  readonly handler: JobHandler
  readonly timeoutMs: number
  /** How long a handler may go on after its signal fired. */
  readonly abandonMs: number
  readonly leaseMs: number
  readonly session: Session
  readonly logger: Logger
}

/** One run of one job by this worker, from its claim to what is to be written about its end. */
export class Run {
  readonly claimed: ClaimedJob
  readonly #options: RunOptions
  readonly #controller = new AbortController()
  #stopped: StopReason | undefined
  #leaseEnds: number
  #done = 0
  #total: number | undefined
  #isReported = true

  constructor(options: RunOptions) {
    this.#options = options
    this.claimed = options.claimed
    this.#leaseEnds = performance.now() + options.leaseMs
  }

  get stopped(): StopReason | undefined {
    return this.#stopped
  }

  /** Progress was made that no beat has carried yet. */
  get hasNews(): boolean {
    return !this.#isReported
  }

  /** Tells the handler to stop. The first reason counts, but losing the job overrules any. */
  stop(why: StopReason): void {
    if (this.#stopped !== undefined && why !== 'lost') return
    this.#stopped = why
    this.#controller.abort(new RunStopped(why, stopMessages[why]))
  }

  /** What the next beat says. */
  beat(): Beat {
    this.#isReported = true
    const { id, attempt } = this.claimed
    return { id, attempt, progress_done: this.#done, progress_total: this.#total ?? null }
  }

  /** A beat arrived that was sent at `sentAt` (`performance.now()`). */
  heard(sentAt: number): void {
    this.#leaseEnds = Math.max(this.#leaseEnds, sentAt + this.#options.leaseMs)
  }

  /** Nobody has heard of this run for so long that another may have the job: it must not go on. */
  get isOverdue(): boolean {
    return performance.now() > this.#leaseEnds
  }

  /** Runs the handler. Resolves, always, with what to write; undefined when the job is not ours any more. */
  async perform(): Promise<Settlement | undefined> {
    const timer = setTimeout(() => this.stop('timeout'), this.#options.timeoutMs)
    try {
      const result = await this.#handled()
      requireStorable(result, 'result', 'JOB_RESULT_INVALID')
      return this.#stopped === 'lost' ? undefined : this.#succeeded(result)
    } catch (error) {
      return this.#failed(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The handler's result, or the reason to stop when the handler does not care about its signal. */
  async #handled(): Promise<unknown> {
    const { handler, session, logger, abandonMs } = this.#options
    const { signal } = this.#controller
    let timer: NodeJS.Timeout | undefined
    let onAbort: (() => void) | undefined
    const abandoned = new Promise<never>((_resolve, reject) => {
      onAbort = (): void => {
        timer = setTimeout(() => {
          logger.warn({ job: this.claimed.id }, 'a handler goes on although its signal fired; it is abandoned')
          reject(signal.reason as Error)
        }, abandonMs)
      }
      signal.addEventListener('abort', onAbort)
    })
    // A handler that throws before its first await rejects like any other.
    const context = { job: this.claimed, signal, session, logger, progress: this.#progress }
    try {
      return await Promise.race([Promise.resolve(context).then(handler), abandoned])
    } finally {
      clearTimeout(timer)
      if (onAbort) signal.removeEventListener('abort', onAbort)
    }
  }

  readonly #progress = (done: number, total?: number): void => {
    const whole = (value: number): number => Math.max(0, Math.min(Math.trunc(value) || 0, Number.MAX_SAFE_INTEGER))
    this.#done = Math.max(this.#done, whole(done))
    if (total !== undefined) this.#total = Math.max(whole(total), this.#done)
    this.#isReported = false
  }

  #succeeded(result: unknown): Settlement {
    const { id, tenantId, attempt } = this.claimed
    const { progress_done, progress_total } = this.beat()
    return {
      end: {
        id,
        tenant_id: tenantId,
        attempt,
        to_state: 'succeeded',
        reason: 'succeeded',
        result,
        failed: false,
        progress_done,
        progress_total,
      },
      followUp: 'complete',
    }
  }

  #failed(error: unknown): Settlement | undefined {
    const { id, tenantId, attempt } = this.claimed
    const { progress_done, progress_total } = this.beat()
    if (this.#stopped === 'lost') return undefined
    if (this.#stopped === 'shutdown') {
      const end = {
        id,
        tenant_id: tenantId,
        attempt,
        to_state: 'queued',
        reason: 'handed back',
        failed: false,
      } as const
      return { end: { ...end, progress_done, progress_total }, followUp: 'handBack' }
    }
    const { end, followUp } = failureOf(
      { ...this.claimed, cancelRequested: this.#stopped === 'cancelled' },
      {
        errorCode: this.#stopped ?? codeOf(error),
        error: this.#stopped
          ? stopMessages[this.#stopped]
          : redact(error instanceof Error ? error.message : String(error)),
        retryable: !isPermanent(error),
      },
    )
    return { end: { ...end, progress_done, progress_total }, followUp }
  }
}

/** Another run could not end otherwise: the handler said so, or its result cannot be stored. */
function isPermanent(error: unknown): boolean {
  return error instanceof PermanentJobError || codeOf(error) === 'JOB_RESULT_INVALID'
}
