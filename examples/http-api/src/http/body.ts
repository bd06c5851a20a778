import { ApiError } from '../errors/api-error.ts'

/** The media type of a request without its parameters, in lower case. */
export function mediaTypeOf(request: Request): string {
  return request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase() ?? ''
}

/** The body as it comes, until it is too large. */
export async function* limitedBody(request: Request, maxBytes: number): AsyncGenerator<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBytes) throw tooLarge(maxBytes)
  let bytes = 0
  for await (const chunk of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw tooLarge(maxBytes)
    yield chunk
  }
}

/** The whole of a body that is small enough. */
export async function readBody(request: Request, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of limitedBody(request, maxBytes)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/**
 * Reads JSON in UTF-8.
 *
 * @throws ApiError BODY_MALFORMED
 */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown
  } catch (error) {
    throw new ApiError('BODY_MALFORMED', 'The body is not JSON in UTF-8.', { cause: error })
  }
}

/** @throws ApiError MEDIA_TYPE_UNSUPPORTED */
export function requireMediaType(request: Request, types: readonly string[]): string {
  const type = mediaTypeOf(request)
  if (types.includes(type)) return type
  throw new ApiError('MEDIA_TYPE_UNSUPPORTED', `The body is ${type === '' ? 'of no type' : type.slice(0, 100)}.`, {
    hint: `Send ${types.join(', ')}, and say so in Content-Type.`,
    headers: { 'accept-post': types.join(', ') },
  })
}

function tooLarge(maxBytes: number): ApiError {
  // What is left of the body is not read: the client connection cannot be used again.
  return new ApiError('BODY_TOO_LARGE', `The body has more than ${maxBytes} bytes.`, {
    headers: { connection: 'close' },
  })
}
