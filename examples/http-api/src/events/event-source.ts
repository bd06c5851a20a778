import { isId, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { Pace } from './pace.ts'
import { readProgress, type ProgressReading, type ProgressRow } from './progress-rows.ts'
import { Subscription } from './subscription.ts'
import { tooManyStreams, topicKey, topicName, topicNotFound, type Topic } from './topic.ts'

export interface EventSourceOptions {
  /** The database, on the URL of the pooler. */
  readonly session: Session
  readonly logger: Logger
  /** Pause between two looks at the rows, in milliseconds. Default 1,000. */
  readonly pollMs?: number
  /** Streams at most; more are refused. Default 2,000. */
  readonly maxStreams?: number
}

export interface SubscribeOptions {
  /** Of who is authenticated. */
  readonly tenant: TenantId
  /** What to tell about; at most 20. */
  readonly topics: readonly Topic[]
  /** What the client saw last: it is told what has changed since. */
  readonly lastEventId?: string | undefined
}

/** What the source does at the moment. */
export interface EventSourceStats {
  /** Subscriptions that are open. */
  readonly streams: number
  /** Different rows that they are about. */
  readonly topics: number
  /** Statements that were sent since the start. */
  readonly statements: number
}

/**
 * Tells about progress: any number of streams share one look at the rows.
 *
 * An event is the state of a row, not a step on the way: who misses some has missed nothing once the next one comes. So a
 * slow client costs no memory, and one that comes back, to whatever process and after whatever failure, gets what changed.
 */
export interface EventSource extends AsyncDisposable {
  /**
   * Begins to tell. The first look is taken before it resolves.
   *
   * @throws ServiceError EVENT_TOPIC_NOT_FOUND when a topic is not the tenant's; TOO_MANY_STREAMS
   */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  stats(): EventSourceStats
  /** Ends every stream. */
  close(): Promise<void>
}

/** A row that somebody listens to. */
interface Watched {
  readonly tenant: TenantId
  readonly topic: Topic
  readonly subscriptions: Set<Subscription>
}

/** Opens a source of events. One for each process is enough; nothing is asked while nobody listens. */
export function createEventSource(options: EventSourceOptions): EventSource {
  return new PollingEventSource(options)
}

class PollingEventSource implements EventSource {
  readonly #session: Session
  readonly #logger: Logger
  readonly #pollMs: number
  readonly #maxStreams: number
  readonly #watched = new Map<string, Watched>()
  readonly #subscriptions = new Set<Subscription>()
  readonly #pace = new Pace()
  /** The jobs of tenants as they were counted last, and how long that is good for those who begin to listen. */
  readonly #counts = new Map<string, { readonly row: Promise<ProgressRow | undefined>; until: number }>()
  #statements = 0
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined
  #failing = false
  #closed = false

  constructor({ session, logger, pollMs = 1_000, maxStreams = 2_000 }: EventSourceOptions) {
    this.#session = session
    this.#logger = logger
    this.#pollMs = pollMs
    this.#maxStreams = maxStreams
  }

  async subscribe({ tenant, topics, lastEventId }: SubscribeOptions): Promise<Subscription> {
    if (this.#closed || this.#subscriptions.size >= this.#maxStreams) throw tooManyStreams()
    const named = new Map(topics.map((topic) => [topicName(topic), topic]))
    const bad = topics.find((topic) => topic.id !== undefined && !isId(topic.id))
    if (bad) throw topicNotFound(bad)
    const subscription = new Subscription([...named.keys()], lastEventId, () =>
      this.#remove(tenant, subscription, named),
    )
    // Listens before it looks: a change in between is seen by one of the two.
    this.#subscriptions.add(subscription)
    for (const topic of named.values()) this.#watch(tenant, topic).subscriptions.add(subscription)
    try {
      const { rows } = await this.#read(
        [...named.values()].filter(({ kind }) => kind !== 'jobs').map((topic) => ({ tenant, topic })),
      )
      for (const [name, topic] of named) {
        const row = topic.kind === 'jobs' ? await this.#count(tenant, topic) : rows.get(topicKey(tenant, topic))
        if (!row) throw topicNotFound(topic)
        subscription.offer(name, row)
      }
    } catch (error) {
      subscription.close()
      throw error
    }
    this.#schedule()
    return subscription
  }

  stats(): EventSourceStats {
    return { streams: this.#subscriptions.size, topics: this.#watched.size, statements: this.#statements }
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#timer)
    for (const subscription of this.#subscriptions) subscription.close()
    await this.#looking
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #watch(tenant: TenantId, topic: Topic): Watched {
    const key = topicKey(tenant, topic)
    const known = this.#watched.get(key)
    if (known) return known
    const watched = { tenant, topic, subscriptions: new Set<Subscription>() }
    this.#watched.set(key, watched)
    return watched
  }

  #remove(tenant: TenantId, subscription: Subscription, named: ReadonlyMap<string, Topic>): void {
    this.#subscriptions.delete(subscription)
    for (const topic of named.values()) {
      const key = topicKey(tenant, topic)
      const watched = this.#watched.get(key)
      watched?.subscriptions.delete(subscription)
      if (watched?.subscriptions.size !== 0) continue
      this.#watched.delete(key)
      this.#counts.delete(key)
    }
    if (this.#watched.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #schedule(): void {
    if (this.#closed || this.#timer !== undefined || this.#watched.size === 0) return
    this.#timer = setTimeout(() => {
      this.#looking = this.#look().finally(() => {
        this.#timer = undefined
        this.#schedule()
      })
    }, this.#pollMs)
  }

  async #look(): Promise<void> {
    const watched = [...this.#watched.values()].filter(({ topic }) => this.#pace.isDue(topic.kind))
    try {
      const { rows, tookMs } = await this.#read(watched)
      for (const [kind, ms] of tookMs) this.#pace.took(kind, ms)
      for (const { tenant, topic, subscriptions } of watched) {
        const key = topicKey(tenant, topic)
        const row = rows.get(key)
        if (topic.kind === 'jobs' && this.#counts.has(key)) {
          this.#counts.set(key, { row: Promise.resolve(row), until: this.#pace.dueAt('jobs') })
        }
        // A row that is gone was tidied up: there is nothing more to be told.
        for (const subscription of subscriptions) subscription.offer(topicName(topic), row)
      }
      if (this.#failing) this.#logger.info('the event source sees the database again')
      this.#failing = false
    } catch (error) {
      // Streams stay open and are told when the database is back.
      if (!this.#failing) this.#logger.warn({ err: error }, 'the event source cannot see the database')
      this.#failing = true
    }
  }

  /** Counting takes time when there are many: one is enough for all who begin to listen meanwhile. */
  #count(tenant: TenantId, topic: Topic): Promise<ProgressRow | undefined> {
    const key = topicKey(tenant, topic)
    const known = this.#counts.get(key)
    if (known && known.until > performance.now()) return known.row
    const row = this.#read([{ tenant, topic }]).then(({ rows, tookMs }) => {
      this.#pace.took('jobs', tookMs.get('jobs') ?? 0)
      return rows.get(key)
    })
    const entry = { row, until: Number.POSITIVE_INFINITY }
    this.#counts.set(key, entry)
    row.then(
      () => (entry.until = this.#pace.dueAt('jobs')),
      () => (entry.until = 0),
    )
    return row
  }

  async #read(wanted: readonly { readonly tenant: TenantId; readonly topic: Topic }[]): Promise<ProgressReading> {
    const { rows, tookMs } = await readProgress(this.#session, wanted)
    this.#statements += tookMs.size
    return { rows, tookMs }
  }
}
