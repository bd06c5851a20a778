interface Waiter {
  readonly delayMs: number
  readonly start: () => void
}

interface Host {
  active: number
  readonly waiting: Waiter[]
  /** When the last request began, or what the host asked for. */
  lastStart: number
  notBefore: number
  timer: NodeJS.Timeout | undefined
}

export interface HostTurnsOptions {
  /** Requests under way at one host. */
  readonly concurrency: number
  /** Between the beginnings of two requests to one host. */
  readonly delayMs: number
}

/** Entries of hosts that have nothing to do; more are swept. */
const keptIdle = 1_000

/** Lets requests to one host through one after the other, as politely as asked; hosts do not wait for one another. */
export class HostTurns {
  readonly #hosts = new Map<string, Host>()
  readonly #concurrency: number
  readonly #delayMs: number

  constructor({ concurrency, delayMs }: HostTurnsOptions) {
    this.#concurrency = concurrency
    this.#delayMs = delayMs
  }

  /**
   * Waits for a turn. The function that it resolves with ends the turn.
   *
   * @throws the reason of the signal, when it fires first
   */
  async take(name: string, signal: AbortSignal, delayMs = 0): Promise<() => void> {
    signal.throwIfAborted()
    const host = this.#host(name)
    await new Promise<void>((resolve, reject) => {
      const interrupted = (): void => {
        host.waiting.splice(host.waiting.indexOf(waiter), 1)
        reject(signal.reason as Error)
      }
      const waiter: Waiter = {
        delayMs: Math.max(delayMs, this.#delayMs),
        start: () => {
          signal.removeEventListener('abort', interrupted)
          resolve()
        },
      }
      signal.addEventListener('abort', interrupted, { once: true })
      host.waiting.push(waiter)
      this.#advance(host)
    })
    let ended = false
    return () => {
      if (ended) return
      ended = true
      host.active -= 1
      this.#advance(host)
    }
  }

  /** Nothing starts at this host for so long. */
  hold(name: string, ms: number): void {
    const host = this.#host(name)
    host.notBefore = Math.max(host.notBefore, performance.now() + ms)
  }

  /** How long this host asked us to stay away, from now. */
  heldMs(name: string): number {
    return Math.max(0, (this.#hosts.get(name)?.notBefore ?? 0) - performance.now())
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name)
    if (!host) {
      if (this.#hosts.size >= keptIdle) this.#sweep()
      host = { active: 0, waiting: [], lastStart: Number.NEGATIVE_INFINITY, notBefore: 0, timer: undefined }
      this.#hosts.set(name, host)
    }
    return host
  }

  #advance(host: Host): void {
    clearTimeout(host.timer)
    host.timer = undefined
    for (let [next] = host.waiting; next && host.active < this.#concurrency; [next] = host.waiting) {
      const pauseMs = Math.max(host.notBefore, host.lastStart + next.delayMs) - performance.now()
      if (pauseMs > 0) {
        host.timer = setTimeout(() => this.#advance(host), Math.ceil(pauseMs))
        return
      }
      host.waiting.shift()
      host.active += 1
      host.lastStart = performance.now()
      next.start()
    }
  }

  #sweep(): void {
    const now = performance.now()
    for (const [name, host] of this.#hosts) {
      const idle = host.active === 0 && host.waiting.length === 0
      if (idle && host.notBefore < now && host.lastStart + 60_000 < now) this.#hosts.delete(name)
    }
  }
}
