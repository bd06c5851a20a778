import type { Duplex } from 'node:stream'

/** How much of a large request is handed to the socket at once. */
export const pieceBytes = 65_536

/**
 * Writes a large request piece by piece, each when the socket has taken the one before, while answers go on being read: a
 * writer that stops reading and a server that stops reading would wait for each other.
 *
 * The last piece is never a small one, so that none starts with the Sync: some poolers drop what follows a write that does.
 *
 * @returns whether everything has left already; otherwise `done` is called when it has
 */
export function writeInPieces(stream: Duplex, request: Buffer, done: () => void): boolean {
  let rest = request
  const pump = (): boolean => {
    while (rest.length > 0) {
      if (stream.destroyed) return true
      const end = rest.length > 2 * pieceBytes ? pieceBytes : rest.length
      const piece = rest.subarray(0, end)
      rest = rest.subarray(end)
      if (stream.write(piece)) continue
      stream.once('drain', () => {
        if (pump()) done()
      })
      return false
    }
    return true
  }
  return pump()
}
