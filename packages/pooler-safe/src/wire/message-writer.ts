/** A parameter value as it goes on the wire: text, bytes or null. */
export type WireValue = string | Buffer | null

const parse = 0x50
const bind = 0x42
/** Of the unnamed portal. */
const describeMessage = Buffer.from([0x44, 0, 0, 0, 6, 0x50, 0])
/** Of the unnamed portal, all rows. */
export const executeMessage = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
/** What Bind takes besides its values: type, length, two empty names, three counts. */
const bindBytes = 13
/** What Parse takes besides its text: type, length, an empty name, the end of the text, a count. */
const parseBytes = 9
const slabBytes = 8_192
/** Longer texts are faster to write in one native call than letter by letter. */
const shortText = 40

/**
 * Serialises messages of the extended protocol one behind the other.
 *
 * The writer of pg makes a buffer for every message. This one makes one for many requests, and what a request takes is cut
 * out of it. Values are text without format codes: none given means text for all parameters and all columns.
 */
export class MessageWriter {
  #buffer: Buffer = empty
  #start = 0
  #end = 0

  /** Bytes that were written and not taken yet. */
  get bytes(): number {
    return this.#end - this.#start
  }

  /** The bytes that were written and not taken yet. They stay what they are only as long as nothing else is written. */
  written(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end)
  }

  /** Cuts off what was written. It is not touched again. */
  take(): Buffer {
    const taken = this.written()
    this.#start = this.#end
    return taken
  }

  /** Forgets what was written and not taken. */
  drop(): void {
    this.#end = this.#start
  }

  /** Parse of the unnamed statement. */
  parse(text: string): void {
    const buffer = this.#reserve(parseBytes + mostBytes(text))
    const start = this.#end
    buffer[start] = parse
    buffer[start + 5] = 0
    let at = start + 6
    at += writeText(buffer, text, at)
    buffer[at] = 0
    this.#end = writeInt16(buffer, 0, at + 1)
    writeInt32(buffer, this.#end - start - 1, start + 1)
  }

  /** Bind of the first `count` values to the unnamed statement. */
  bind(values: readonly WireValue[], count: number): void {
    let most = bindBytes
    let binary = false
    for (let index = 0; index < count; index += 1) {
      const value = values[index] ?? null
      most += 4
      if (value === null) continue
      if (typeof value === 'string') most += mostBytes(value)
      else {
        most += value.length
        binary = true
      }
    }
    const buffer = this.#reserve(binary ? most + 2 * count : most)
    const start = this.#end
    buffer[start] = bind
    buffer[start + 5] = 0
    buffer[start + 6] = 0
    let at = start + 7
    if (binary) {
      at = writeInt16(buffer, count, at)
      for (let index = 0; index < count; index += 1) {
        const value = values[index] ?? null
        at = writeInt16(buffer, value === null || typeof value === 'string' ? 0 : 1, at)
      }
    } else at = writeInt16(buffer, 0, at)
    at = writeInt16(buffer, count, at)
    for (let index = 0; index < count; index += 1) at = writeValue(buffer, values[index] ?? null, at)
    this.#end = writeInt16(buffer, 0, at)
    writeInt32(buffer, this.#end - start - 1, start + 1)
  }

  /** Describe of the unnamed portal. */
  describe(): void {
    this.append(describeMessage)
  }

  /** Execute of the unnamed portal. */
  execute(): void {
    this.append(executeMessage)
  }

  /** A message that is serialised already. */
  append(message: Buffer): void {
    this.#reserve(message.length).set(message, this.#end)
    this.#end += message.length
  }

  #reserve(bytes: number): Buffer {
    if (this.#end + bytes <= this.#buffer.length) return this.#buffer
    const kept = this.bytes
    const larger = Buffer.allocUnsafeSlow(Math.max(slabBytes, 2 * (kept + bytes)))
    this.#buffer.copy(larger, 0, this.#start, this.#end)
    this.#buffer = larger
    this.#start = 0
    this.#end = kept
    return larger
  }
}

const empty = Buffer.alloc(0)

function mostBytes(text: string): number {
  return text.length > shortText ? Buffer.byteLength(text) : text.length * 3
}

function writeValue(buffer: Buffer, value: WireValue, start: number): number {
  if (value === null) return writeInt32(buffer, -1, start)
  const at = start + 4
  const size = typeof value === 'string' ? writeText(buffer, value, at) : value.copy(buffer, at)
  writeInt32(buffer, size, start)
  return at + size
}

function writeText(buffer: Buffer, text: string, at: number): number {
  const { length } = text
  if (length > shortText) return buffer.write(text, at)
  for (let index = 0; index < length; index += 1) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) return buffer.write(text, at)
    buffer[at + index] = code
  }
  return length
}

function writeInt16(buffer: Buffer, value: number, at: number): number {
  buffer[at] = value >>> 8
  buffer[at + 1] = value
  return at + 2
}

function writeInt32(buffer: Buffer, value: number, at: number): number {
  buffer[at] = value >>> 24
  buffer[at + 1] = value >>> 16
  buffer[at + 2] = value >>> 8
  buffer[at + 3] = value
  return at + 4
}
