/** A frontend message, as far as the guard needs to understand it. */
export interface FrontendMessage {
  /** The type byte as a letter. */
  readonly type: string
  /** Parse, Describe, Close: the name. Bind: the portal. Otherwise empty. */
  readonly name: string
  /** Bind: the statement. Otherwise empty. */
  readonly statement: string
  /** Describe and Close: `S` or `P`. Otherwise empty. */
  readonly kind: string
}

/** Names longer than this are cut; they are only looked at for being empty, and shown in a message. */
const longestName = 1_024

/** Parse, Describe and Close start with one name, Bind with two. */
function namesAtStart(type: number): number {
  if (type === 0x42) return 2
  return type === 0x50 || type === 0x44 || type === 0x43 ? 1 : 0
}

/**
 * Splits what a client writes into messages of PostgreSQL's frontend protocol, wherever the writes are cut.
 *
 * Bodies are skipped unread, apart from the names that Parse, Bind, Describe and Close start with.
 */
export class FrontendScanner {
  readonly #onMessage: (message: FrontendMessage) => void
  #type = 0
  #header = 0
  #length = 0
  #remaining = 0
  #prefix: number[] = []
  /** How many zero-terminated names of the body are still to come. */
  #namesLeft = 0

  constructor(onMessage: (message: FrontendMessage) => void) {
    this.#onMessage = onMessage
  }

  /** True between two messages. */
  get atBoundary(): boolean {
    return this.#header === 0
  }

  /** Reads the next bytes. Messages are reported when they are complete. */
  scan(chunk: Uint8Array): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#header < 5) {
        at = this.#readHeader(chunk, at)
        if (this.#header < 5) return
        if (this.#remaining === 0) this.#finish()
        continue
      }
      const take = Math.min(this.#remaining, chunk.length - at)
      if (this.#namesLeft > 0) this.#collect(chunk, at, take)
      at += take
      this.#remaining -= take
      if (this.#remaining === 0) this.#finish()
    }
  }

  #readHeader(chunk: Uint8Array, from: number): number {
    let at = from
    while (at < chunk.length && this.#header < 5) {
      const byte = chunk[at] ?? 0
      if (this.#header === 0) this.#type = byte
      else this.#length = this.#length * 256 + byte
      this.#header += 1
      at += 1
    }
    if (this.#header === 5) {
      this.#remaining = Math.max(0, this.#length - 4)
      this.#namesLeft = namesAtStart(this.#type)
    }
    return at
  }

  #collect(chunk: Uint8Array, from: number, count: number): void {
    for (let at = from; at < from + count && this.#namesLeft > 0; at += 1) {
      const byte = chunk[at] ?? 0
      // Describe and Close start with a letter, which is never zero.
      if (byte === 0) this.#namesLeft -= 1
      if (byte === 0 || this.#prefix.length < longestName) this.#prefix.push(byte)
    }
  }

  #finish(): void {
    const type = String.fromCharCode(this.#type)
    const message = this.#prefix.length > 0 ? named(type, this.#prefix) : { type, name: '', statement: '', kind: '' }
    this.#header = 0
    this.#length = 0
    this.#prefix = []
    this.#namesLeft = 0
    this.#onMessage(message)
  }
}

function named(type: string, prefix: readonly number[]): FrontendMessage {
  const bytes = Uint8Array.from(prefix)
  const kind = type === 'D' || type === 'C' ? String.fromCharCode(bytes[0] ?? 0) : ''
  const start = kind === '' ? 0 : 1
  const end = bytes.indexOf(0, start)
  const name = text(bytes, start, end)
  const statement = type === 'B' && end >= 0 ? text(bytes, end + 1, bytes.indexOf(0, end + 1)) : ''
  return { type, name, statement, kind }
}

function text(bytes: Uint8Array, start: number, end: number): string {
  return new TextDecoder().decode(bytes.subarray(start, end < 0 ? undefined : end))
}
