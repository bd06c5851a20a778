import { pgUtils } from '../client/pg-internals.ts'
import { badParameter, maxParameters, tooManyParameters } from '../client/parameters.ts'
import type { Step, WireValue } from './step.ts'

const bind = 0x42
/** Execute of the unnamed portal, all rows. */
const executeMessage = Buffer.from([0x45, 0, 0, 0, 9, 0, 0, 0, 0, 0])
/** What Bind takes besides its values: type, length, two empty names, three counts. */
const bindBytes = 13
const firstBytes = 4_096
/** Longer texts are faster to write in one native call than letter by letter. */
const shortText = 40

/**
 * Bind and Execute for each of several rows of one statement, serialised one behind the other.
 *
 * The writer of pg makes a buffer for every message, and a step is an object for every row: that was most of the work of
 * `executeMany`. Text needs no format codes: none given means text for all parameters and all columns.
 */
export class Rows {
  /** The statement that all rows are values of. In a list of steps it stands once for each row. */
  readonly model: Step
  /** How many values the rows have together. */
  parameters = 0
  #buffer: Buffer
  #bytes = 0
  /** Where each row ends. */
  readonly #ends: number[] = []
  /** The values of the row at hand. */
  readonly #values: WireValue[] = []

  constructor(model: Step, buffer: Buffer = Buffer.allocUnsafe(firstBytes)) {
    this.model = model
    this.#buffer = buffer
  }

  get count(): number {
    return this.#ends.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The steps that the rows are. */
  steps(): Step[] {
    return new Array<Step>(this.count).fill(this.model)
  }

  /** One row alone. */
  at(index: number): Rows {
    const one = new Rows(this.model, this.#buffer.subarray(this.#ends[index - 1] ?? 0, this.#ends[index] ?? 0))
    one.#bytes = one.#buffer.length
    one.#ends.push(one.#bytes)
    return one
  }

  /** Bind of the first row: Describe goes behind it. */
  firstBind(): Buffer {
    return this.#buffer.subarray(0, this.#endOfFirstBind())
  }

  /** What is behind the Bind of the first row. */
  rest(): Buffer {
    return this.#buffer.subarray(this.#endOfFirstBind(), this.#bytes)
  }

  /**
   * Serialises one row. One that cannot be leaves the others as they were.
   *
   * @throws PoolerSafeError POOLER_SAFE_TOO_MANY_PARAMETERS, POOLER_SAFE_BAD_VALUE
   */
  add(row: readonly unknown[]): void {
    const { length } = row
    if (length > maxParameters) throw tooManyParameters(length)
    const values = this.#values
    let most = bindBytes + executeMessage.length
    let binary = false
    for (let index = 0; index < length; index += 1) {
      const value = wireValue(row[index], index)
      values[index] = value
      if (typeof value === 'string')
        most += 4 + (value.length > shortText ? Buffer.byteLength(value) : value.length * 3)
      else if (value === null) most += 4
      else {
        most += 4 + value.length
        binary = true
      }
    }
    if (binary) most += 2 * length
    if (this.#bytes + most > this.#buffer.length) this.#grow(most)
    this.#write(values, length, binary)
    this.parameters += length
  }

  #write(values: readonly WireValue[], length: number, binary: boolean): void {
    const buffer = this.#buffer
    const start = this.#bytes
    buffer[start] = bind
    buffer[start + 5] = 0
    buffer[start + 6] = 0
    let at = start + 7
    if (binary) {
      at = writeInt16(buffer, length, at)
      for (let index = 0; index < length; index += 1) {
        const value = values[index] ?? null
        at = writeInt16(buffer, value === null || typeof value === 'string' ? 0 : 1, at)
      }
    } else at = writeInt16(buffer, 0, at)
    at = writeInt16(buffer, length, at)
    for (let index = 0; index < length; index += 1) at = writeValue(buffer, values[index] ?? null, at)
    at = writeInt16(buffer, 0, at)
    writeInt32(buffer, at - start - 1, start + 1)
    buffer.set(executeMessage, at)
    this.#bytes = at + executeMessage.length
    this.#ends.push(this.#bytes)
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#buffer.length, this.#bytes + needed))
    this.#buffer.copy(larger, 0, 0, this.#bytes)
    this.#buffer = larger
  }

  #endOfFirstBind(): number {
    return (this.#ends[0] ?? 0) - executeMessage.length
  }
}

function wireValue(value: unknown, index: number): WireValue {
  // What pg makes of these too, in the usual case without a call.
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  try {
    return pgUtils.prepareValue(value)
  } catch (error) {
    throw badParameter(index, error)
  }
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
