/**
 * What ends one request: the caller, the client that closes, and a time limit whose pauses do not count.
 *
 * The signal's reason is the error to throw.
 */
export class RequestScope implements Disposable {
  readonly #controller = new AbortController()
  readonly #outer: readonly AbortSignal[]
  readonly #onTimeout: () => unknown
  readonly #interrupted: (event: Event) => void
  #leftMs: number
  #timer: NodeJS.Timeout | undefined
  #startedAt = 0

  constructor(limitMs: number, outer: readonly AbortSignal[], onTimeout: () => unknown) {
    this.#leftMs = limitMs
    this.#outer = outer
    this.#onTimeout = onTimeout
    this.#interrupted = ({ target }) => this.#controller.abort((target as AbortSignal).reason)
    for (const signal of outer) {
      if (signal.aborted) this.#controller.abort(signal.reason)
      signal.addEventListener('abort', this.#interrupted, { once: true })
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The time runs. */
  start(): void {
    if (this.#timer) return
    this.#startedAt = performance.now()
    this.#timer = setTimeout(() => this.#controller.abort(this.#onTimeout()), Math.max(0, this.#leftMs))
  }

  /** The time stands still: we wait for our turn, not for the site. */
  pause(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#leftMs -= performance.now() - this.#startedAt
  }

  [Symbol.dispose](): void {
    this.pause()
    for (const signal of this.#outer) signal.removeEventListener('abort', this.#interrupted)
  }
}
