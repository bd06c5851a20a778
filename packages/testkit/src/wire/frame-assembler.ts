import { TestkitError } from '../testkit-error.ts'
import { FrameWalker } from './frame-walker.ts'

/** One whole frame: its type byte and its body without the length. */
export interface Frame {
  readonly type: number
  readonly body: Buffer
}

/**
 * Collects whole frames from a byte stream, for dialogues whose frames are small: log-in, and queries of our own.
 * Throws `protocol-violation` for a length below four or above `maxBodyBytes`.
 */
export class FrameAssembler {
  readonly #walker = new FrameWalker()
  readonly #maxBodyBytes: number
  #parts: Buffer[] = []

  constructor(maxBodyBytes = 64 * 1024 * 1024) {
    this.#maxBodyBytes = maxBodyBytes
  }

  /** True when no frame is half read. */
  get atBoundary(): boolean {
    return this.#walker.atBoundary
  }

  /**
   * Reads frames and hands each to `onFrame` until the chunk ends or `onFrame` answers false.
   * Answers the offset after the last byte used, so that the rest can be read by somebody else.
   */
  read(chunk: Buffer, onFrame: (frame: Frame) => boolean): number {
    const walker = this.#walker
    let offset = 0
    while (offset < chunk.length) {
      if (walker.bodyLeft === 0) {
        offset = walker.readHeader(chunk, offset)
        if (!walker.hasHeader()) return offset
        if (walker.bodyLength < 0 || walker.bodyLength > this.#maxBodyBytes) {
          throw new TestkitError(
            'protocol-violation',
            `A message announces a length of ${walker.bodyLength + 4} bytes.`,
          )
        }
        walker.enterBody()
      }
      const start = offset
      offset = walker.skipBody(chunk, offset)
      if (walker.bodyLeft > 0) {
        this.#parts.push(chunk.subarray(start, offset))
        return offset
      }
      let body = chunk.subarray(start, offset)
      if (this.#parts.length > 0) {
        body = Buffer.concat([...this.#parts, body])
        this.#parts = []
      }
      if (!onFrame({ type: walker.type, body })) return offset
    }
    return offset
  }
}
