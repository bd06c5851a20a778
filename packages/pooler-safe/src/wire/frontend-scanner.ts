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

const plain = new Map<string, FrontendMessage>()

/** A message of this type that names nothing; Describe and Close are then of the portal. */
function withoutNames(type: string): FrontendMessage {
  const known = plain.get(type)
  if (known) return known
  const message = { type, name: '', statement: '', kind: type === 'D' || type === 'C' ? 'P' : '' }
  plain.set(type, message)
  return message
}

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
        else if (this.#remaining <= chunk.length - at && this.#isPlain(chunk, at)) {
          at += this.#remaining
          this.#remaining = 0
          this.#namesLeft = 0
          this.#finish()
        }
        continue
      }
      const take = Math.min(this.#remaining, chunk.length - at)
      if (this.#namesLeft > 0) this.#collect(chunk, at, take)
      at += take
      this.#remaining -= take
      if (this.#remaining === 0) this.#finish()
    }
  }

  /** The usual case, decided without keeping anything: a whole message that names nothing. */
  #isPlain(body: Uint8Array, at: number): boolean {
    switch (this.#type) {
      case 0x50:
        return body[at] === 0
      case 0x42:
        return body[at] === 0 && body[at + 1] === 0
      case 0x44:
      case 0x43:
        return body[at] === 0x50 && body[at + 1] === 0
      default:
        return true
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
    const named = this.#prefix.length > 0
    const message = named ? withNames(type, this.#prefix) : withoutNames(type)
    this.#header = 0
    this.#length = 0
    if (named) this.#prefix = []
    this.#namesLeft = 0
    this.#onMessage(message)
  }
}

function withNames(type: string, prefix: readonly number[]): FrontendMessage {
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
