import type { Duplex } from 'node:stream'
import type { ConnectionInternals } from '../client/pg-internals.ts'
import { CopyQuery } from './copy-query.ts'

/** Above this many bytes that nobody took, the socket is not read. */
const highWaterBytes = 2 ** 20

/** COPY TO STDOUT, read from the socket only as fast as its bytes are taken. */
export class CopyOutQuery extends CopyQuery {
  override readonly ownError = undefined
  override readonly isOutOfStep = false
  #chunks: Buffer[] = []
  #bytes = 0
  #paused: Duplex | undefined
  #unwanted = false
  #over = false
  #wake: (() => void) | undefined

  handleCopyData({ chunk }: { readonly chunk: Buffer }, { stream }: ConnectionInternals): void {
    if (this.#unwanted) return
    // The parser of pg reuses the memory of a message.
    this.#chunks.push(Buffer.from(chunk))
    this.#bytes += chunk.length
    this.#wake?.()
    if (this.#bytes < highWaterBytes || this.#paused) return
    this.#paused = stream
    stream.pause()
  }

  /** What has arrived since the last time; `undefined` when the COPY has ended. */
  async take(): Promise<Buffer | undefined> {
    while (this.#bytes === 0 && !this.#over) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
      this.#wake = undefined
    }
    if (this.#bytes === 0) return undefined
    const taken = Buffer.concat(this.#chunks, this.#bytes)
    this.#forget()
    this.#resume()
    return taken
  }

  /** Nothing more will come: it has settled. */
  finish(): void {
    this.#over = true
    this.#wake?.()
  }

  /** What is still to come is read and thrown away, or the answer to the cancellation would not be seen. */
  override halt(): void {
    this.#unwanted = true
    this.#forget()
    this.#resume()
  }

  #forget(): void {
    this.#chunks = []
    this.#bytes = 0
  }

  #resume(): void {
    this.#paused?.resume()
    this.#paused = undefined
  }
}
