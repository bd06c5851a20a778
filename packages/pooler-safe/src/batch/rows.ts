import { maxParameters, tooManyParameters, wireValue } from '../client/parameters.ts'
import { executeMessage, MessageWriter, type WireValue } from '../wire/message-writer.ts'
import type { Step } from './step.ts'

/**
 * Bind and Execute for each of several rows of one statement, serialised one behind the other.
 *
 * A step and an array for every row were most of the work of `executeMany`.
 */
export class Rows {
  /** The statement that all rows are values of. In a list of steps it stands once for each row. */
  readonly model: Step
  /** How many values the rows have together. */
  parameters = 0
  readonly #writer = new MessageWriter()
  /** Where each row ends. */
  readonly #ends: number[] = []
  /** The values of the row at hand. */
  readonly #values: WireValue[] = []

  constructor(model: Step) {
    this.model = model
  }

  get count(): number {
    return this.#ends.length
  }

  get bytes(): number {
    return this.#writer.bytes
  }

  /** The steps that the rows are. */
  steps(): Step[] {
    return new Array<Step>(this.count).fill(this.model)
  }

  /** One row alone. */
  at(index: number): Rows {
    const one = new Rows(this.model)
    one.#writer.append(this.#writer.written().subarray(this.#ends[index - 1] ?? 0, this.#ends[index] ?? 0))
    one.#ends.push(one.bytes)
    return one
  }

  /** Bind of the first row: Describe goes behind it. */
  firstBind(): Buffer {
    return this.#writer.written().subarray(0, this.#endOfFirstBind())
  }

  /** What is behind the Bind of the first row. */
  rest(): Buffer {
    return this.#writer.written().subarray(this.#endOfFirstBind())
  }

  /**
   * Serialises one row. One that cannot be leaves the others as they were.
   *
   * @throws PoolerSafeError POOLER_SAFE_TOO_MANY_PARAMETERS, POOLER_SAFE_BAD_VALUE
   */
  add(row: readonly unknown[]): void {
    const { length } = row
    if (length > maxParameters) throw tooManyParameters(length)
    for (let index = 0; index < length; index += 1) this.#values[index] = wireValue(row[index], index)
    this.#writer.bind(this.#values, length)
    this.#writer.execute()
    this.#ends.push(this.#writer.bytes)
    this.parameters += length
  }

  #endOfFirstBind(): number {
    return (this.#ends[0] ?? 0) - executeMessage.length
  }
}
