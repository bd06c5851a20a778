import type pg from 'pg'
import { originals } from '../client/originals.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { toError } from '../errors/to-error.ts'
import { quoteChannel } from './channel-name.ts'

/** One who listens on a channel. */
export interface Subscriber {
  readonly channel: string
  readonly onPayload: (payload: string) => unknown
  readonly onGap: (gap: ListenGap) => unknown
}

/** A time in which notifications may have been lost. */
export interface ListenGap {
  readonly channel: string
  /** When the connection was last known to be alive. */
  readonly since: Date
  /** Why it ended. */
  readonly cause: Error
}

export interface ListenerTiming {
  /** How long to wait before connecting again, doubled with every failure. */
  readonly reconnectMs: number
  readonly longestReconnectMs: number
  /** How often the server is asked whether it is still there: a connection can die without a word. */
  readonly heartbeatMs: number
}

export const listenerTiming: ListenerTiming = { reconnectMs: 200, longestReconnectMs: 10_000, heartbeatMs: 20_000 }

/** A connection that every channel listens on. */
interface Live {
  readonly client: pg.Client
  /** Channels for which LISTEN was confirmed. */
  readonly channels: Set<string>
  aliveAt: Date
  heartbeat: NodeJS.Timeout | undefined
}

/**
 * Keeps one session for all channels of a database, and makes a new one when it is lost.
 *
 * PostgreSQL remembers nothing for who is not listening. So after a new LISTEN is confirmed, every subscriber is told that
 * there was a gap: what was missed has to be read from tables.
 */
export class Listener {
  readonly #config: pg.ClientConfig
  readonly #onError: (error: Error) => void
  readonly #timing: ListenerTiming
  readonly #subscribers = new Set<Subscriber>()
  /** Those to whom LISTEN was confirmed: only they can miss something. */
  readonly #listening = new Set<Subscriber>()
  #live: Live | undefined
  /** Since when, and why, there is no connection. */
  #lost: { readonly since: Date; readonly cause: Error } | undefined
  /** Changes of the connection and its channels, one after the other. */
  #turn: Promise<unknown> = Promise.resolve()
  #retry: NodeJS.Timeout | undefined
  #failures = 0
  #closed = false

  constructor(config: pg.ClientConfig, onError: (error: Error) => void, timing = listenerTiming) {
    this.#config = config
    this.#onError = onError
    this.#timing = timing
  }

  /** Resolves when the server has confirmed that it listens. Rejects, and forgets the subscriber, when it cannot. */
  async add(subscriber: Subscriber): Promise<void> {
    this.#subscribers.add(subscriber)
    try {
      await this.#inTurn(() => this.#reconcile(false))
      this.#listening.add(subscriber)
    } catch (error) {
      this.#subscribers.delete(subscriber)
      throw error
    }
  }

  /** Stops at once; the server is told in the background of the promise. */
  async remove(subscriber: Subscriber): Promise<void> {
    if (!this.#subscribers.delete(subscriber)) return
    this.#listening.delete(subscriber)
    await this.#inTurn(() => this.#reconcile(true)).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#subscribers.clear()
    this.#listening.clear()
    clearTimeout(this.#retry)
    await this.#inTurn(() => this.#disconnect())
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /** Makes the server listen on what the subscribers want, and on nothing else. */
  async #reconcile(quietly: boolean): Promise<void> {
    const wanted = new Set([...this.#subscribers].map(({ channel }) => channel))
    if (wanted.size === 0) {
      clearTimeout(this.#retry)
      this.#lost = undefined
      await this.#disconnect()
      return
    }
    if (quietly && !this.#live) return
    const kept = this.#live
    try {
      await this.#apply(kept ?? (await this.#connect()), wanted)
    } catch (error) {
      if (!kept) throw error
      // It had died, and this was the first to notice.
      this.#ended(kept, toError(error))
      void kept.client.end().catch(() => undefined)
      await this.#apply(await this.#connect(), wanted)
    }
    clearTimeout(this.#retry)
    this.#tellGap()
  }

  async #apply(live: Live, wanted: ReadonlySet<string>): Promise<void> {
    for (const channel of wanted) {
      if (live.channels.has(channel)) continue
      await live.client.query(`listen ${quoteChannel(channel)}`)
      live.channels.add(channel)
    }
    for (const channel of live.channels) {
      if (wanted.has(channel)) continue
      await live.client.query(`unlisten ${quoteChannel(channel)}`)
      live.channels.delete(channel)
    }
  }

  async #connect(): Promise<Live> {
    if (this.#closed) throw closed()
    const client = new originals.Client(this.#config)
    const live: Live = { client, channels: new Set(), aliveAt: new Date(), heartbeat: undefined }
    let failure: Error | undefined
    client.on('error', (error) => (failure ??= error))
    client.on('notification', ({ channel, payload = '' }) => this.#deliver(channel, payload))
    client.once('end', () => {
      this.#ended(live, failure ?? new Error('The session of the listener ended.'))
    })
    try {
      await client.connect()
    } catch (error) {
      void client.end().catch(() => undefined)
      throw connectFailed(error)
    }
    this.#live = live
    this.#failures = 0
    live.heartbeat = setInterval(() => void this.#beat(live), this.#timing.heartbeatMs)
    return live
  }

  async #disconnect(): Promise<void> {
    const live = this.#live
    this.#live = undefined
    clearInterval(live?.heartbeat)
    await live?.client.end().catch(() => undefined)
  }

  /** A second beat that is due before the first was answered means that nobody is there any more. */
  async #beat(live: Live): Promise<void> {
    const stream = (live.client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream
    const timer = setTimeout(() => stream.destroy(), this.#timing.heartbeatMs / 2)
    try {
      await live.client.query('select')
      live.aliveAt = new Date()
    } catch {
      // The end of the connection says so too.
    } finally {
      clearTimeout(timer)
    }
  }

  #ended(live: Live, cause: Error): void {
    clearInterval(live.heartbeat)
    if (this.#live !== live) return
    this.#live = undefined
    this.#lost ??= { since: live.aliveAt, cause }
    this.#reconnectLater()
  }

  #reconnectLater(): void {
    if (this.#closed || this.#subscribers.size === 0) return
    const { reconnectMs, longestReconnectMs } = this.#timing
    const most = Math.min(longestReconnectMs, reconnectMs * 2 ** this.#failures)
    this.#failures += 1
    clearTimeout(this.#retry)
    // Many processes lose the same server at once: they must not come back at once.
    this.#retry = setTimeout(() => void this.#reconnect(), most / 2 + (Math.random() * most) / 2)
  }

  async #reconnect(): Promise<void> {
    try {
      await this.#inTurn(() => this.#reconcile(false))
    } catch (error) {
      this.#onError(toError(error))
      if (!this.#live) this.#reconnectLater()
    }
  }

  #deliver(channel: string, payload: string): void {
    if (this.#live) this.#live.aliveAt = new Date()
    for (const subscriber of [...this.#subscribers]) {
      if (subscriber.channel === channel) this.#call(() => subscriber.onPayload(payload))
    }
  }

  #tellGap(): void {
    const lost = this.#lost
    this.#lost = undefined
    if (!lost) return
    for (const subscriber of [...this.#listening]) {
      this.#call(() => subscriber.onGap({ channel: subscriber.channel, ...lost }))
    }
  }

  /** What a subscriber throws must not reach the parser of the protocol, or the next subscriber. */
  #call(action: () => unknown): void {
    const failed = (error: unknown): void => {
      this.#onError(toError(error))
    }
    try {
      // A callback that is async after all must not end the process.
      Promise.resolve(action()).catch(failed)
    } catch (error) {
      failed(error)
    }
  }
}

export function closed(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_CLOSED', 'The database handle was closed.', { outcome: 'not-executed' })
}

export function connectFailed(error: unknown): PoolerSafeError {
  const { code, message } = toError(error) as NodeJS.ErrnoException
  return new PoolerSafeError(
    'POOLER_SAFE_CONNECT_FAILED',
    `The direct URL could not be connected to: ${message || (code ?? 'unknown reason')}`,
    { outcome: 'not-executed', hint: 'Check host and port of directUrl, and that PostgreSQL is up.', cause: error },
  )
}
