import { pipeline, type Readable, type Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { FetchError, toFetchError } from './fetch-error.ts'

export const acceptedEncodings = 'gzip, br, zstd, deflate'

type Bytes = AsyncIterable<Uint8Array>

const chunkSize = 64 * 1024
const decoders: Readonly<Record<string, (source: Bytes) => Bytes>> = {
  gzip: (source) => through(source, createGunzip({ chunkSize })),
  'x-gzip': (source) => through(source, createGunzip({ chunkSize })),
  br: (source) => through(source, createBrotliDecompress({ chunkSize })),
  // The window that RFC 9659 lets a server count on.
  zstd: (source) =>
    through(source, createZstdDecompress({ chunkSize, params: { [constants.ZSTD_d_windowLogMax]: 23 } })),
  deflate: inflateEither,
}
/** More layers than anybody sends are an attack: each multiplies. */
const maxLayers = 2
/** What arrives is limited as well: endless compressed emptiness decompresses to nothing. */
const compressedSlackBytes = 64 * 1024

export interface LimitedBodyOptions {
  readonly url: string
  readonly contentEncoding: string
  /** Limit of what comes out. */
  readonly maxBytes: number
}

/**
 * The bytes of a body, decompressed, and no more of them than `maxBytes`.
 *
 * Memory stays at a few chunks, whatever a bomb would unpack to.
 *
 * @throws FetchError too_large, parse, connect
 */
export async function* limitedBody(source: Readable, options: LimitedBodyOptions): AsyncGenerator<Uint8Array> {
  const { url, maxBytes } = options
  try {
    const arriving = limit(source, maxBytes + compressedSlackBytes, options)
    const decoded = layersOf(options).reduce<Bytes>((from, decode) => decode(from), arriving)
    yield* limit(decoded, maxBytes, options)
  } catch (error) {
    throw toFetchError(error, url)
  } finally {
    source.destroy()
  }
}

async function* limit(source: Bytes, maxBytes: number, options: LimitedBodyOptions): AsyncGenerator<Uint8Array> {
  let bytes = 0
  for await (const chunk of source) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(options)
    yield chunk
  }
}

export function tooLarge({ url, maxBytes }: Pick<LimitedBodyOptions, 'url' | 'maxBytes'>): FetchError {
  const hint = 'Raise maxBytes if it is wanted.'
  return new FetchError('too_large', `${url}: the body is larger than ${maxBytes} bytes.`, { url, hint })
}

/** @throws FetchError parse for an encoding that is not read here */
function layersOf({ url, contentEncoding }: LimitedBodyOptions): ((source: Bytes) => Bytes)[] {
  const names = contentEncoding
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  const unknown = names.find((name) => !Object.hasOwn(decoders, name))
  if (unknown !== undefined || names.length > maxLayers) {
    const what = unknown === undefined ? `${names.length} times` : `as "${unknown.slice(0, 40)}"`
    throw new FetchError('parse', `${url}: the body is compressed ${what}, which is not read here.`, { url })
  }
  // The last one was applied last.
  return names.toReversed().flatMap((name) => decoders[name] ?? [])
}

function through(source: Bytes, decoder: Transform): Bytes {
  // An error of any part ends every part; the reader of the decoder sees it.
  return pipeline(source, decoder, () => undefined)
}

/** `deflate` means zlib by the standard, and raw by some servers. */
async function* inflateEither(source: Bytes): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]()
  const first = await chunks.next()
  if (first.done) return
  const isZlib = ((first.value[0] ?? 0) & 0x0f) === 8
  const all = async function* (): AsyncGenerator<Uint8Array> {
    yield first.value
    yield* { [Symbol.asyncIterator]: () => chunks }
  }
  yield* through(all(), isZlib ? createInflate({ chunkSize }) : createInflateRaw({ chunkSize }))
}
