import type { Duplex } from 'node:stream'

/** How much of a large request is handed to the socket at once. */
const pieceBytes = 65_536

/**
 * Writes a large request piece by piece, each when the socket has taken the one before, while answers go on being read: a
 * writer that stops reading and a server that stops reading would wait for each other.
 *
 * No piece starts with the last buffer, which is the Sync: some poolers drop what follows a write that starts with one.
 *
 * @returns whether everything has left already; otherwise `done` is called when it has
 */
export function writeInPieces(stream: Duplex, buffers: Buffer[], done: () => void): boolean {
  const last = buffers.splice(-2)
  buffers.push(Buffer.concat(last))
  const pieces = cut(buffers)
  const pump = (): boolean => {
    for (;;) {
      if (stream.destroyed) return true
      const { value: piece } = pieces.next()
      if (!piece) return true
      if (stream.write(piece)) continue
      stream.once('drain', () => {
        if (pump()) done()
      })
      return false
    }
  }
  return pump()
}

function* cut(buffers: readonly Buffer[]): Generator<Buffer, undefined> {
  let piece: Buffer[] = []
  let bytes = 0
  for (const buffer of buffers) {
    if (bytes > 0 && bytes + buffer.length > pieceBytes) {
      yield Buffer.concat(piece, bytes)
      piece = []
      bytes = 0
    }
    let rest = buffer
    while (rest.length > 2 * pieceBytes) {
      yield rest.subarray(0, pieceBytes)
      rest = rest.subarray(pieceBytes)
    }
    piece.push(rest)
    bytes += rest.length
  }
  if (bytes > 0) yield Buffer.concat(piece, bytes)
}
