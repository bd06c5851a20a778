import { pipeline, Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { Unreadable } from './unreadable.ts'

/** A stream whose first bytes are known. */
interface Peeked {
  readonly head: Uint8Array
  readonly all: AsyncGenerator<Uint8Array, void, undefined>
}

const chunkBytes = 64 * 1024
/** A file that was compressed by hand and once more by the server. */
const layersAtMost = 2

async function peek(source: AsyncIterable<Uint8Array>, bytes: number): Promise<Peeked> {
  const iterator = source[Symbol.asyncIterator]()
  const read: Uint8Array[] = []
  let length = 0
  let isOver = false
  while (length < bytes && !isOver) {
    const next = await iterator.next()
    isOver = next.done === true
    if (next.done || next.value.length === 0) continue
    read.push(next.value)
    length += next.value.length
  }
  const all = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* read.splice(0)
      while (!isOver) {
        const next = await iterator.next()
        if (next.done) return
        yield next.value
      }
    } finally {
      await iterator.return?.()
    }
  }
  return { head: Buffer.concat(read).subarray(0, bytes), all: all() }
}

/** What the reader of a stream learns while it reads. */
export interface ByteCount {
  /** Whether the bytes were compressed by gzip: said by themselves, whatever name or header says. */
  gzip: boolean
  /** Bytes so far, after decompression. */
  bytes: number
}

/**
 * Decompresses what is compressed and counts it.
 *
 * Nothing is read ahead of the consumer but a chunk; leaving the loop closes the source.
 *
 * @throws Unreadable `too_large` at the limit, `truncated` or `malformed` when gzip does not end or is damaged
 */
export async function* plainBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  count: ByteCount,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of unwrap(source, 0, count)) {
    count.bytes += chunk.length
    if (count.bytes > maxBytes) {
      throw new Unreadable('too_large', `The file has more than ${maxBytes} bytes without compression.`)
    }
    // Whoever hands over a whole file at once would have it decoded at once.
    for (let at = 0; at < chunk.length; at += chunkBytes) yield chunk.subarray(at, at + chunkBytes)
  }
}

async function* unwrap(
  source: AsyncIterable<Uint8Array>,
  layer: number,
  count: ByteCount,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { head, all } = await peek(source, 2)
  if (head[0] !== 0x1f || head[1] !== 0x8b) return yield* all
  if (layer === layersAtMost) {
    await all.return()
    throw new Unreadable('not_sitemap', 'The file is compressed more than twice.')
  }
  count.gzip = true
  yield* unwrap(gunzip(all), layer + 1, count)
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const plain = createGunzip({ chunkSize: chunkBytes })
  // The error reaches the loop below through the stream.
  pipeline(Readable.from(source, { objectMode: true, highWaterMark: 1 }), plain, () => undefined)
  try {
    for await (const chunk of plain) yield chunk as Buffer
  } catch (error) {
    throw gzipFailure(error) ?? error
  }
}

function gzipFailure(error: unknown): Unreadable | undefined {
  const { code } = error as { code?: unknown }
  if (code === 'Z_BUF_ERROR') return new Unreadable('truncated', 'The compressed file ends too early.')
  if (typeof code !== 'string' || !code.startsWith('Z_')) return undefined
  return new Unreadable('malformed', 'The compressed file is damaged.')
}
