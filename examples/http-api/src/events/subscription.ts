import type { ProgressRow } from './progress-rows.ts'

/** What a stream is told: the state of one row. */
export interface ProgressEvent {
  /** What the client has seen with this event, of all topics of its stream; it sends it back as `Last-Event-ID`. */
  readonly id: string
  /** Such as `batch:0193…`. */
  readonly topic: string
  /** The state of the row, as JSON. */
  readonly data: string
  /** Nothing more will happen to this row, unless somebody queues it again. */
  readonly isFinal: boolean
}

const versionLength = 8

/**
 * The topics of one stream, with the latest state of each that was not told yet: however slow the client is, there is no
 * more than that in memory.
 */
export class Subscription {
  /** In the order in which an id names their versions. */
  readonly topics: readonly string[]
  readonly #told: Map<string, string>
  readonly #pending = new Map<string, ProgressRow>()
  readonly #ended = new Set<string>()
  readonly #onClose: () => void
  #wake: (() => void) | undefined
  #closed = false

  constructor(topics: readonly string[], lastEventId: string | undefined, onClose: () => void) {
    this.topics = [...topics].sort()
    this.#told = versionsOf(this.topics, lastEventId)
    this.#onClose = onClose
  }

  /** True once it is closed; what is pending is not told any more. */
  get isClosed(): boolean {
    return this.#closed
  }

  /** True when every topic has come to its end and was told, so that the stream has. */
  get isOver(): boolean {
    return this.#pending.size === 0 && this.#ended.size === this.topics.length
  }

  /** The state of a row, as it was just read; undefined when it is gone. Only what was not told yet becomes an event. */
  offer(topic: string, row: ProgressRow | undefined): void {
    if (this.#closed) return
    const wasOver = this.isOver
    if (row?.isFinal === false) this.#ended.delete(topic)
    else this.#ended.add(topic)
    if (row && this.#told.get(topic) !== row.version) this.#pending.set(topic, row)
    else this.#pending.delete(topic)
    if (this.#pending.size > 0 || this.isOver !== wasOver) this.#wake?.()
  }

  /** The next event that waits; undefined when there is none. */
  take(): ProgressEvent | undefined {
    const [next] = this.#pending
    if (!next || this.#closed) return undefined
    const [topic, { version, data, isFinal }] = next
    this.#pending.delete(topic)
    this.#told.set(topic, version)
    return {
      id: this.topics.map((one) => this.#told.get(one) ?? '-'.repeat(versionLength)).join(''),
      topic,
      data,
      isFinal,
    }
  }

  /** Resolves when there is something to take, the stream is over or closed, or after that time. */
  async changed(limitMs: number): Promise<void> {
    if (this.#pending.size > 0 || this.isOver || this.#closed) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, limitMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  /** Ends it; may be called more than once. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#pending.clear()
    this.#onClose()
    this.#wake?.()
  }
}

/** What a client has seen of each topic. An id of other topics, or of nothing, means that it has seen nothing. */
function versionsOf(topics: readonly string[], id: string | undefined): Map<string, string> {
  if (id?.length !== topics.length * versionLength) return new Map()
  return new Map(topics.map((topic, at) => [topic, id.slice(at * versionLength, (at + 1) * versionLength)]))
}
