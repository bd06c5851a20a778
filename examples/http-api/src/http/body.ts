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
  // What is refused is not cancelled: that would end the client connection before the answer has arrived.
  const body = request.body as ReadableStream<Uint8Array> | null
  if (!body) return
  const chunks = body.values({ preventCancel: true })
  try {
    for (;;) {
      const next = await within(idleMs, chunks.next())
      if (!next) throw timedOut(idleMs)
      if (next.done) return
      bytes += next.value.byteLength
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      yield next.value
    }
  } finally {
    // It may be waiting for what never comes.
    chunks.return?.().catch(() => undefined)
  }
}

const discardMs = 1_000
const discardBytes = 64_000_000

/**
 * Reads what is left of a body that was refused, for a while: a client that is still sending when the client connection is
 * closed does not see the answer. Says whether that was all, so that the client connection can be used again.
 */
export async function discardRest(request: Request): Promise<boolean> {
  const body = request.body as ReadableStream<Uint8Array> | null
  if (!body) return true
  if (body.locked) return false
  const reader = body.getReader()
  const endAt = performance.now() + discardMs
  let bytes = 0
  try {
    while (bytes < discardBytes) {
      const next = await within(endAt - performance.now(), reader.read())
      if (!next) return false
      if (next.done) return true
      bytes += next.value.byteLength
    }
    return false
  } catch {
    return false
  }
}

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

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`)
}

function timedOut(idleMs: number): ApiError {
  return new ApiError('BODY_TIMED_OUT', `Nothing more of the body came for ${idleMs / 1_000} seconds.`)
}
