import type { Interruption } from '../client/safe-query.ts'
import { badOption } from '../options/client-options.ts'
import { PoolerSafeError, type Outcome } from '../errors/pooler-safe-error.ts'

export interface LimitOptions {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** A deadline, an AbortSignal or both. Fires once; has to be disposed of. */
export class Limit {
  /** Makes the error, once it has fired. */
  fired: Interruption | undefined
  readonly #signal: AbortSignal | undefined
  readonly #timer: NodeJS.Timeout | undefined
  #listener: (() => void) | undefined

  /** Nothing when there is nothing to limit. */
  static of(options: LimitOptions): Limit | undefined {
    return options.timeoutMs === undefined && options.signal === undefined ? undefined : Limit.always(options)
  }

  /** Also when there is nothing to limit yet. */
  static always({ timeoutMs, signal }: LimitOptions): Limit {
    if (timeoutMs !== undefined) checkMilliseconds('timeoutMs', timeoutMs)
    return new Limit(timeoutMs, signal)
  }

  private constructor(timeoutMs: number | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal
    if (timeoutMs !== undefined) {
      this.#timer = setTimeout(() => this.fire((outcome, cause) => timedOut(timeoutMs, outcome, cause)), timeoutMs)
    }
    if (signal?.aborted) this.#aborted()
    else signal?.addEventListener('abort', this.#aborted, { once: true })
  }

  /** Calls back when it fires, at once if it has. Replaces what was to be called before. */
  onFire(listener: (() => void) | undefined): void {
    this.#listener = listener
    if (this.fired) listener?.()
  }

  /** Throws if it has fired. */
  check(outcome: Outcome): void {
    if (this.fired) throw this.fired(outcome)
  }

  dispose(): void {
    clearTimeout(this.#timer)
    this.#signal?.removeEventListener('abort', this.#aborted)
    this.#listener = undefined
  }

  readonly #aborted = (): void => {
    const reason: unknown = this.#signal?.reason
    this.fire((outcome, cause) => aborted(outcome, cause ?? reason))
  }

  /** Fires for a reason of its own. */
  fire(reason: Interruption): void {
    if (this.fired) return
    this.fired = reason
    this.#listener?.()
  }
}

/** The most that PostgreSQL accepts for a timeout, and setTimeout too. */
export const longestMs = 2_147_483_647

/** @throws PoolerSafeError POOLER_SAFE_BAD_OPTION */
export function checkMilliseconds(name: string, value: unknown): void {
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value <= longestMs) return
  throw badOption(name, `must be a whole number of milliseconds from 1 to ${longestMs}`)
}

/** The error of a deadline that passed. */
export function timedOut(timeoutMs: number, outcome: Outcome, cause: unknown): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_TIMEOUT', `The deadline of ${timeoutMs} ms passed.`, {
    outcome,
    hint: outcome === 'unknown' ? 'The answer was lost: find out what was written before repeating it.' : undefined,
    cause,
  })
}

function aborted(outcome: Outcome, cause: unknown): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_ABORTED', 'The AbortSignal fired.', { outcome, cause })
}
