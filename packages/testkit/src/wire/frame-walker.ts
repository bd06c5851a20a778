const headerBytes = 5

/**
 * Walks the frames of one byte stream in the order they arrive, whatever the chunks are, without copying bodies.
 *
 * A frame is a type byte, a length that counts itself, and a body (PostgreSQL protocol 3, "Message Formats").
 * Use: while bytes are left, `readHeader` until it says the header is complete, judge `type` and `bodyLength`,
 * call `enterBody`, then `skipBody` until `bodyLeft` is 0.
 */
export class FrameWalker {
  /** The five bytes of the current header; overwritten by the next one. */
  readonly header = Buffer.alloc(headerBytes)
  /** Type byte of the current frame. */
  type = 0
  /** Bytes of the current frame's body. Negative when the length on the wire was less than four. */
  bodyLength = 0
  /** Bytes of the body that have not been walked over yet. */
  bodyLeft = 0
  /** True when the current header did not start in the chunk it ended in. */
  headerWasSplit = false
  #filled = 0

  /** True between two frames: nothing of the next one has arrived. */
  get atBoundary(): boolean {
    return this.bodyLeft === 0 && this.#filled === 0
  }

  /** True when a header is complete and `enterBody` has not been called for it. */
  hasHeader(): boolean {
    return this.#filled === headerBytes
  }

  /** Reads header bytes from `offset` on; answers the offset after them. Check `hasHeader()` afterwards. */
  readHeader(chunk: Buffer, offset: number): number {
    if (this.#filled === 0 && chunk.length - offset >= headerBytes) {
      chunk.copy(this.header, 0, offset, offset + headerBytes)
      this.headerWasSplit = false
      this.#filled = headerBytes
      this.#parse()
      return offset + headerBytes
    }
    const taken = Math.min(headerBytes - this.#filled, chunk.length - offset)
    this.headerWasSplit = this.#filled > 0
    chunk.copy(this.header, this.#filled, offset, offset + taken)
    this.#filled += taken
    if (this.#filled === headerBytes) this.#parse()
    return offset + taken
  }

  /** Accepts the header: from now on `bodyLeft` bytes belong to this frame. */
  enterBody(): void {
    this.#filled = 0
    this.bodyLeft = this.bodyLength
  }

  /** Walks over body bytes from `offset` on; answers the offset after them. */
  skipBody(chunk: Buffer, offset: number): number {
    const taken = Math.min(this.bodyLeft, chunk.length - offset)
    this.bodyLeft -= taken
    return offset + taken
  }

  #parse(): void {
    this.type = this.header[0] ?? 0
    this.bodyLength = this.header.readInt32BE(1) - 4
  }
}
