import { wait, type Logger } from '@pooler-safe/example-foundation'

/** How something stands: another version means that its page looks different. */
export interface Reading {
  readonly version: string
  /** Nothing will happen to it any more. */
  readonly ended: boolean
}

export interface HubOptions {
  readonly logger: Logger
  /** Pause between two looks at the same thing. */
  readonly everyMs: number
}

interface Watched {
  readonly listeners: Set<(reading: Reading | Error) => void>
  last: Reading | undefined
}

/**
 * Looks at things for everybody who is interested in them: once in a while, however many they are, and not at all when
 * nobody is.
 */
export class LiveHub {
  readonly #options: HubOptions
  readonly #watched = new Map<string, Watched>()

  constructor(options: HubOptions) {
    this.#options = options
  }

  /** How many things are looked at. */
  get size(): number {
    return this.#watched.size
  }

  /**
   * Tells how something stands: now, and whenever that has changed, until it has ended or the signal fires. Who names the
   * same key gets what one reading brings.
   *
   * @throws what the reading throws: the thing is gone, or the database does not answer
   */
  async *watch(key: string, read: () => Promise<Reading>, signal: AbortSignal): AsyncGenerator<Reading> {
    const waiting: (Reading | Error)[] = []
    let wake: (() => void) | undefined
    const listener = (reading: Reading | Error): void => {
      // Who is slow gets the latest, not everything.
      waiting.splice(0, waiting.length, reading)
      wake?.()
    }
    const stop = (): void => wake?.()
    signal.addEventListener('abort', stop, { once: true })
    const watched = this.#join(key, read, listener)
    try {
      while (!signal.aborted) {
        const next = waiting.shift()
        if (next instanceof Error) throw next
        if (next) {
          yield next
          if (next.ended) return
          continue
        }
        await new Promise<void>((resolve) => (wake = resolve))
      }
    } finally {
      signal.removeEventListener('abort', stop)
      watched.listeners.delete(listener)
    }
  }

  #join(key: string, read: () => Promise<Reading>, listener: (reading: Reading | Error) => void): Watched {
    const known = this.#watched.get(key)
    if (known) {
      known.listeners.add(listener)
      if (known.last) listener(known.last)
      return known
    }
    const watched: Watched = { listeners: new Set([listener]), last: undefined }
    this.#watched.set(key, watched)
    void this.#look(key, read, watched)
    return watched
  }

  async #look(key: string, read: () => Promise<Reading>, watched: Watched): Promise<void> {
    const { everyMs, logger } = this.#options
    const tell = (news: Reading | Error): void => {
      for (const listener of watched.listeners) listener(news)
    }
    try {
      while (watched.listeners.size > 0) {
        const reading = await read()
        const isNews = watched.last?.version !== reading.version || watched.last.ended !== reading.ended
        watched.last = reading
        if (isNews) tell(reading)
        if (reading.ended) return
        await wait(everyMs)
      }
    } catch (error) {
      logger.debug({ err: error, key }, 'a live reading failed')
      tell(error instanceof Error ? error : new Error(String(error)))
    } finally {
      // Whoever comes now begins anew.
      this.#watched.delete(key)
    }
  }
}
