import type pg from 'pg'
import { originals } from '../client/originals.ts'
import { verifyDirect } from '../endpoint/verify.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import type { CheckedDatabaseOptions } from '../options/database-options.ts'
import { Limit } from '../session/limit.ts'
import { checkChannel } from './channel-name.ts'
import { closed, connectFailed, Listener, type ListenGap, type Subscriber } from './listener.ts'

/** Options of `direct.listen`. */
export interface ListenOptions {
  /** Why this cannot go through the pooler. It is part of the `application_name`, where who runs the server finds it. */
  readonly reason: string
  /**
   * Told when notifications may have been lost: the connection had ended, and listens again. Read what was missed from tables.
   */
  readonly onGap?: (gap: ListenGap) => void
  /** Ends the subscription when it fires. */
  readonly signal?: AbortSignal
}

/** What `direct.listen` returns. */
export interface Subscription extends AsyncDisposable {
  readonly channel: string
  /** Ends the subscription. No payload arrives after the call; the server is told when it resolves. */
  unlisten(): Promise<void>
}

/** Options of `direct.session`. */
export interface DirectSessionOptions {
  /** How long the session may last, in milliseconds. Its connection is closed then, which ends what runs. */
  readonly timeoutMs?: number
  /** Closes the connection when it fires. */
  readonly signal?: AbortSignal
}

/**
 * What needs a session, over `directUrl`: PostgreSQL itself, or a pooler in session mode.
 *
 * The first use finds out whether the URL really gives a session, with connections of its own.
 */
export interface Direct {
  /**
   * Listens on a channel.
   *
   * All channels of a database share one connection. It is made anew when it is lost, and then `onGap` says so. Payloads arrive
   * in the order in which they were sent; what `onPayload` throws goes to the `onError` of the database.
   *
   * @throws PoolerSafeError POOLER_SAFE_NO_DIRECT_URL, POOLER_SAFE_WRONG_ENDPOINT when `directUrl` leads to a transaction-mode
   * pooler, POOLER_SAFE_CONNECT_FAILED
   * @example
   * ```ts
   * const subscription = await live.direct.listen('job_done', (payload) => report(payload), {
   *   reason: 'push to browsers',
   *   onGap: ({ since }) => report(`look for jobs done since ${since.toISOString()}`),
   * })
   * ```
   */
  listen(channel: string, onPayload: (payload: string) => void, options: ListenOptions): Promise<Subscription>

  /**
   * Runs `work` with a session of its own: an unguarded `pg.Client`, for session locks, migrations, and whatever else leaves
   * something behind. Its connection is closed afterwards, and nothing stays.
   *
   * @example
   * ```ts
   * await live.direct.session('migrations', async (client) => {
   *   await client.query('select pg_advisory_lock(1)')
   *   await client.query('create table if not exists audit (account int)')
   * })
   * ```
   */
  session<T>(reason: string, work: (client: pg.Client) => Promise<T>, options?: DirectSessionOptions): Promise<T>
}

/** How much of a reason fits into an `application_name`, which PostgreSQL cuts off at 63 bytes. */
const maxNameBytes = 63

export class DirectConnections implements Direct {
  readonly #options: CheckedDatabaseOptions
  readonly #onError: (error: Error) => void
  #listener: Listener | undefined
  #verified: Promise<void> | undefined
  readonly #sessions = new Set<Promise<unknown>>()
  #closed = false

  constructor(options: CheckedDatabaseOptions, onError: (error: Error) => void) {
    this.#options = options
    this.#onError = onError
  }

  async listen(channel: string, onPayload: (payload: string) => void, options: ListenOptions): Promise<Subscription> {
    const { reason, onGap, signal } = checkListen(channel, onPayload, options)
    const limit = Limit.of({ signal })
    limit?.dispose()
    limit?.check('not-executed')
    const config = await this.#config(reason)
    const listener = (this.#listener ??= new Listener(config, this.#onError))
    const subscriber: Subscriber = { channel, onPayload, onGap: onGap ?? (() => undefined) }
    await listener.add(subscriber)
    const unlisten = async (): Promise<void> => {
      signal?.removeEventListener('abort', abort)
      await listener.remove(subscriber)
    }
    const abort = (): void => void unlisten()
    if (signal?.aborted) await unlisten()
    else signal?.addEventListener('abort', abort, { once: true })
    return { channel, unlisten, [Symbol.asyncDispose]: unlisten }
  }

  async session<T>(
    reason: string,
    work: (client: pg.Client) => Promise<T>,
    options: DirectSessionOptions = {},
  ): Promise<T> {
    const unknown = Object.keys(options).find((key) => key !== 'timeoutMs' && key !== 'signal')
    if (unknown !== undefined) throw badOption(unknown, 'is not an option of direct.session()')
    checkReason(reason)
    const limit = Limit.of(options)
    const running = this.#session(reason, work, limit).finally(() => limit?.dispose())
    this.#sessions.add(running)
    try {
      return await running
    } finally {
      this.#sessions.delete(running)
    }
  }

  /** Ends the subscriptions, and waits for the sessions that are running. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#listener?.close()
    await Promise.allSettled([...this.#sessions])
  }

  async #session<T>(reason: string, work: (client: pg.Client) => Promise<T>, limit: Limit | undefined): Promise<T> {
    const config = await this.#config(reason)
    limit?.check('not-executed')
    const client = new originals.Client(config)
    // What runs on it rejects; an error while nothing does must not end the process.
    client.on('error', () => undefined)
    try {
      return await untilFired(limit, client, async () => {
        await client.connect().catch((error: unknown) => {
          throw connectFailed(error)
        })
        return await work(client)
      })
    } finally {
      await client.end().catch(() => undefined)
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw closed()
  }

  async #config(reason: string): Promise<pg.ClientConfig> {
    const { directUrl, pool } = this.#options
    if (directUrl === undefined) throw noDirectUrl()
    this.#checkOpen()
    this.#verified ??= verifyDirect(this.#options).catch((error: unknown) => {
      this.#verified = undefined
      throw error
    })
    await this.#verified
    this.#checkOpen()
    const { password, ssl, types, connectionTimeoutMillis, application_name: name = 'pooler-safe' } = pool
    return {
      connectionString: directUrl,
      keepAlive: true,
      application_name: cut(`${name}: ${reason}`),
      ...(password !== undefined && { password }),
      ...(ssl !== undefined && { ssl }),
      ...(types !== undefined && { types }),
      ...(connectionTimeoutMillis !== undefined && { connectionTimeoutMillis }),
    }
  }
}

function untilFired<T>(limit: Limit | undefined, client: pg.Client, work: () => Promise<T>): Promise<T> {
  if (!limit) return work()
  return new Promise<T>((resolve, reject) => {
    limit.onFire(() => {
      if (!limit.fired) return
      reject(limit.fired('unknown'))
      const { stream } = (client as unknown as { connection: { stream: { destroy(): void } } }).connection
      stream.destroy()
    })
    work().then(resolve, reject)
  })
}

function checkListen(channel: unknown, onPayload: unknown, options: ListenOptions | undefined): ListenOptions {
  checkChannel(channel)
  if (typeof onPayload !== 'function') throw badOption('onPayload', 'must be a function')
  if (typeof options !== 'object' || (options as unknown) === null) throw badOption('options', 'must be an object')
  for (const key of Object.keys(options)) {
    if (!['reason', 'onGap', 'signal'].includes(key)) throw badOption(key, 'is not an option of direct.listen()')
  }
  checkReason(options.reason)
  return options
}

function checkReason(reason: unknown): void {
  if (typeof reason === 'string' && reason.trim() !== '') return
  throw badOption('reason', 'must say why a session is needed', 'Each one holds a connection of the server.')
}

function cut(name: string): string {
  const printable = name.replaceAll(/[^\x20-\x7e]/g, '?')
  return printable.slice(0, maxNameBytes)
}

function noDirectUrl(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_NO_DIRECT_URL', 'db.direct needs a session, and no directUrl was given.', {
    outcome: 'not-executed',
    hazard: 'listen',
    hint: 'Pass directUrl to createDatabase: the URL of PostgreSQL itself, or of a pooler in session mode.',
  })
}
