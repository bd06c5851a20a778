import { createHash } from 'node:crypto'
import { ApiError } from '../errors/api-error.ts'

export interface RateLimitOptions {
  /** Requests that may come at once. Default 200. */
  readonly burst?: number
  /** Requests a second that are made good. Default 100. */
  readonly perSecond?: number
}

interface Bucket {
  tokens: number
  at: number
}

/** Tokens that are remembered; the one that was not seen for longest is forgotten first. */
const mostBuckets = 10_000

/**
 * A token bucket for each API token, in the memory of the process: with several processes each has its own, so the limit of
 * all is that number times as high.
 *
 * It stands before the database is asked who the token is, so it protects that as well.
 */
export class RateLimiter {
  readonly burst: number
  readonly #perMs: number
  readonly #buckets = new Map<string, Bucket>()

  constructor({ burst = 200, perSecond = 100 }: RateLimitOptions = {}) {
    this.burst = burst
    this.#perMs = perSecond / 1_000
  }

  /**
   * Takes one; says in headers how many are left.
   *
   * @throws ApiError RATE_LIMITED
   */
  take(token: string, now: number = performance.now()): Readonly<Record<string, string>> {
    const key = createHash('sha256').update(token).digest('base64')
    const known = this.#buckets.get(key)
    this.#buckets.delete(key)
    const tokens = known ? Math.min(this.burst, known.tokens + (now - known.at) * this.#perMs) : this.burst
    const isAllowed = tokens >= 1
    const left = isAllowed ? tokens - 1 : tokens
    this.#buckets.set(key, { tokens: left, at: now })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > mostBuckets && oldest !== undefined) this.#buckets.delete(oldest)
    const headers = {
      'ratelimit-limit': String(this.burst),
      'ratelimit-remaining': String(Math.floor(left)),
      'ratelimit-reset': String(Math.ceil((this.burst - left) / this.#perMs / 1_000)),
    }
    if (isAllowed) return headers
    const waitSeconds = Math.max(1, Math.ceil((1 - left) / this.#perMs / 1_000))
    throw new ApiError('RATE_LIMITED', 'This token has sent too many requests.', {
      hint: `Wait ${waitSeconds} seconds.`,
      headers: { ...headers, 'retry-after': String(waitSeconds) },
    })
  }
}
