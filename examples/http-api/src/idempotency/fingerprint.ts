import { createHash, type Hash } from 'node:crypto'
import { ApiError } from '../errors/api-error.ts'
import { mediaTypeOf } from '../http/body.ts'

/** What tells two requests with the same key apart, begun with everything but the body. */
export function beginFingerprint(request: Request): Hash {
  const { pathname, search } = new URL(request.url)
  return createHash('sha256').update(JSON.stringify([request.method, pathname, search, mediaTypeOf(request)]))
}

/**
 * The key of a request, if it bears one.
 *
 * @throws ApiError REQUEST_INVALID
 */
export function readKey(request: Request): string | undefined {
  const key = request.headers.get('idempotency-key') ?? undefined
  if (key === undefined || /^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new ApiError('REQUEST_INVALID', 'The Idempotency-Key cannot be used.', {
    fields: [{ field: 'Idempotency-Key', message: 'is not 1 to 200 visible ASCII characters' }],
  })
}

export function keyReused(): ApiError {
  return new ApiError('IDEMPOTENCY_KEY_REUSED', 'The Idempotency-Key was used for another request.', {
    hint: 'Use a new key for a new request.',
  })
}

export function keyInUse(): ApiError {
  return new ApiError('IDEMPOTENCY_KEY_IN_USE', 'A request with this Idempotency-Key is under way.', {
    hint: 'Send it again when that has ended.',
    headers: { 'retry-after': '1' },
  })
}
