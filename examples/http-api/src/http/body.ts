import { within } from '@pooler-safe/example-foundation'
import { ApiError } from '../errors/api-error.ts'

export interface BodyRules {
  readonly maxBytes: number
  /** How long nothing may come, in milliseconds. */
  readonly idleMs: number
}

/** The media type of a request without its parameters, in lower case. */
export function mediaTypeOf(request: Request): string {
  return request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/**
 * The body as it comes, until it is too large or nothing comes any more.
 *
 * @throws ApiError BODY_TOO_LARGE, BODY_TIMED_OUT
 */
export async function* limitedBody(request: Request, { maxBytes, idleMs }: BodyRules): AsyncGenerator<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  let bytes = 0
  const source: AsyncIterable<Uint8Array> = request.body ?? emptyBody()
  const chunks = source[Symbol.asyncIterator]()
  let isOver = false
  try {
    while (!isOver) {
      const next = await within(idleMs, chunks.next())
      if (!next) throw timedOut(idleMs)
      if (next.done === true) {
        isOver = true
        continue
      }
      bytes += next.value.byteLength
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      yield next.value
    }
  } finally {
    // It may be waiting for what never comes.
    if (!isOver) chunks.return?.().catch(() => undefined)
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** The whole of a body that is small enough. */
export async function readBody(request: Request, rules: BodyRules): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limitedBody(request, rules)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * Checks that a body is of one of these types, in UTF-8, and not compressed.
 *
 * @throws ApiError MEDIA_TYPE_UNSUPPORTED
 */
export function requireMediaType(request: Request, types: readonly string[]): void {
  const type = mediaTypeOf(request)
  if (!types.includes(type)) {
    throw new ApiError('MEDIA_TYPE_UNSUPPORTED', `The body is ${type === '' ? 'of no type' : type.slice(0, 100)}.`, {
      hint: `Send ${types.join(', ')}, and say so in Content-Type.`,
      headers: { 'accept-post': types.join(', ') },
    })
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(request.headers.get('content-type') ?? '')?.[1] ?? 'utf-8'
  if (!/^(utf-?8|us-ascii)$/i.test(charset)) {
    throw new ApiError('MEDIA_TYPE_UNSUPPORTED', `The body is in ${charset.slice(0, 50)}.`, { hint: 'Send UTF-8.' })
  }
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity'
  if (encoding !== 'identity' && encoding !== '') {
    throw new ApiError('MEDIA_TYPE_UNSUPPORTED', 'The body is compressed.', {
      hint: 'Send it as it is, without Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    })
  }
}

// What is left of the body is not read: the client connection cannot be used again.
const closed = { headers: { connection: 'close' } }

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`, closed)
}

function timedOut(idleMs: number): ApiError {
  return new ApiError('BODY_TIMED_OUT', `Nothing more of the body came for ${idleMs / 1_000} seconds.`, closed)
}
