import { createHash } from 'node:crypto'
import { ApiError } from '../errors/api-error.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface RateLimitOptions {
  /** Requests that may come at once. Default 200. */
  readonly burst?: number
  /** Requests a second that are made good. Default 100. */
  readonly perSecond?: number
}

/**
 * A token bucket for each API token, in the memory of the process: with several processes each has its own, so the limit of
 * all is that number times as high.
 *
 * It stands before the database is asked who the token is, so it protects that as well.
 */
export class RateLimiter {
  readonly #buckets: TokenBuckets

  constructor({ burst = 200, perSecond = 100 }: RateLimitOptions = {}) {
    this.#buckets = new TokenBuckets({ burst, perSecond })
  }

  /**
   * Takes one; says in headers how many are left.
   *
   * @throws ApiError RATE_LIMITED
   */
  take(token: string): Readonly<Record<string, string>> {
    const buckets = this.#buckets
    const before = buckets.take(createHash('sha256').update(token).digest('base64'))
    const left = before >= 1 ? before - 1 : before
    const headers = {
      'ratelimit-limit': String(buckets.burst),
      'ratelimit-remaining': String(Math.floor(left)),
      'ratelimit-reset': String(buckets.secondsUntil(buckets.burst - left)),
    }
    if (before >= 1) return headers
    const waitSeconds = buckets.secondsUntil(1 - left)
    throw new ApiError('RATE_LIMITED', 'This token has sent too many requests.', {
      hint: `Wait ${waitSeconds} seconds.`,
      headers: { ...headers, 'retry-after': String(waitSeconds) },
    })
  }
}
