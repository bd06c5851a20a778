import { codeOf, redact, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { PermanentJobError } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'
import type { Batch } from '../batch.ts'
import type { ItemProcessor } from '../processor.ts'
import { storableText, whyNotStorable } from '@pooler-safe/example-foundation'
import type { ClaimedItem, ItemEnd } from '../store/items.ts'

/** Why an item is told to stop; the `reason` of its signal. */
export class ItemStopped extends Error {
  override readonly name = 'ItemStopped'
  readonly why: 'timeout' | 'cancelled' | 'handed back'

  constructor(why: ItemStopped['why'], message: string) {
    super(message)
    this.why = why
  }
}

export interface ItemRunOptions {
  readonly batch: Batch
  readonly tenant: TenantId
  readonly processor: ItemProcessor
  readonly session: Session
  readonly logger: Logger
  readonly jobId: string | null
  /** How long a processor may go on after its signal fired; then it is abandoned. */
  readonly abandonMs: number
}

const resultBytes = 200_000
const longestDelayMs = 86_400_000

/** One run of one item. */
export class ItemRun {
  readonly claimed: ClaimedItem
  readonly #options: ItemRunOptions
  readonly #controller = new AbortController()

  constructor(claimed: ClaimedItem, options: ItemRunOptions) {
    this.claimed = claimed
    this.#options = options
  }

  /** Tells the processor to stop; the first reason counts. */
  stop(why: 'cancelled' | 'handed back'): void {
    const message = why === 'cancelled' ? 'The batch was cancelled.' : 'The worker hands the item back.'
    this.#controller.abort(new ItemStopped(why, message))
  }

  /** Runs the processor. Resolves, always, with what to write. */
  async perform(): Promise<ItemEnd> {
    const { itemTimeoutMs } = this.#options.batch
    const timer = setTimeout(() => {
      this.#controller.abort(new ItemStopped('timeout', `It took longer than ${itemTimeoutMs} ms.`))
    }, itemTimeoutMs)
    try {
      const result = await this.#processed()
      const why = whyNotStorable(result, resultBytes)
      if (why !== undefined) return this.#failed('result_invalid', `The result cannot be stored: ${why}.`, false)
      return this.#end('succeeded', { result: result ?? null })
    } catch (error) {
      return this.#ended(error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** The result, or the reason to stop when the processor does not care about its signal. */
  async #processed(): Promise<unknown> {
    const { batch, tenant, processor, session, logger, jobId, abandonMs } = this.#options
    const { ordinal, input, host, attempts } = this.claimed
    const { signal } = this.#controller
    const abandoned = Promise.withResolvers<never>()
    abandoned.promise.catch(() => undefined)
    let timer: NodeJS.Timeout | undefined
    const onAbort = (): void => {
      timer = setTimeout(() => abandoned.reject(signal.reason as Error), abandonMs)
    }
    signal.addEventListener('abort', onAbort, { once: true })
    const item = { batchId: batch.id, tenantId: tenant, ordinal, input, host, attempt: attempts }
    const context = { signal, session, logger, options: batch.options, timeoutMs: batch.itemTimeoutMs, jobId }
    try {
      const result = Promise.resolve().then(() => processor(item, context))
      return await Promise.race([result, abandoned.promise])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
  }

  #ended(error: unknown): ItemEnd {
    const { signal } = this.#controller
    const stopped = signal.aborted && signal.reason instanceof ItemStopped ? signal.reason : undefined
    if (stopped?.why === 'handed back') return this.#end('queued', {})
    if (stopped?.why === 'cancelled') return this.#end('cancelled', {})
    if (stopped) return this.#failed('timeout', stopped.message, true)
    const { retryable, retryAfterMs } = (error ?? {}) as { retryable?: unknown; retryAfterMs?: unknown }
    const message = redact(error instanceof Error ? error.message : String(error))
    const isFinal = retryable === false || error instanceof PermanentJobError
    return this.#failed(codeOf(error), message, !isFinal, typeof retryAfterMs === 'number' ? retryAfterMs : undefined)
  }

  #failed(code: string, message: string, retryable: boolean, retryAfterMs?: number): ItemEnd {
    const { maxAttempts, retryDelayMs } = this.#options.batch
    const { failures } = this.claimed
    const again = retryable && failures + 1 < maxAttempts
    const backOff = retryDelayMs * 2 ** Math.min(failures, 20) * (0.5 + Math.random() / 2)
    return this.#end(again ? 'queued' : 'failed', {
      failed: true,
      error_code: storableText(code, 100) || 'unknown',
      error: storableText(message, 5_000),
      ...(again ? { delay_ms: Math.round(Math.min(longestDelayMs, Math.max(backOff, retryAfterMs ?? 0))) } : {}),
    })
  }

  #end(to_state: ItemEnd['to_state'], more: Partial<ItemEnd>): ItemEnd {
    const { ordinal, attempts } = this.claimed
    return { ordinal, attempts, to_state, failed: false, ...more }
  }
}
