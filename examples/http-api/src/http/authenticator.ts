import { authenticate, ServiceError, type Authentication } from '@pooler-safe/example-foundation'
import { createHash } from 'node:crypto'
import type { Session } from 'pooler-safe'
import { ApiError } from '../errors/api-error.ts'
import { TokenBuckets } from './token-buckets.ts'

export interface FailedLoginOptions {
  /** Failed authentications that may come from one address at once. Default 30. */
  readonly burst?: number
  /** Those a second that are made good. Default 0.5. */
  readonly perSecond?: number
  /** How long a token that is not valid is refused without asking the database again, in milliseconds. Default 5,000. */
  readonly rememberMs?: number
}

/** Tokens that are remembered of either kind; the oldest are forgotten first. */
const mostTokens = 10_000
/** A token that was valid lately is not locked out by the failures of others behind the same address. */
const trustMs = 600_000

/**
 * Finds out who has a token, and ends the guessing of strangers: too many failures from an address, and it has to wait.
 *
 * Tokens are looked up by their SHA-256, so the time that takes says nothing about a secret.
 */
export class Authenticator {
  readonly #failures: TokenBuckets
  readonly #rememberMs: number
  readonly #invalid = new Map<string, number>()
  readonly #valid = new Map<string, number>()

  constructor({ burst = 30, perSecond = 0.5, rememberMs = 5_000 }: FailedLoginOptions = {}) {
    this.#failures = new TokenBuckets({ burst, perSecond })
    this.#rememberMs = rememberMs
  }

  /**
   * Lets a request come as far as the database.
   *
   * @throws ApiError TOO_MANY_FAILED_LOGINS
   */
  admit(token: string, address: string): void {
    const left = this.#failures.left(networkOf(address))
    if (left >= 1 || (this.#valid.get(hashOf(token)) ?? 0) > performance.now()) return
    const waitSeconds = this.#failures.secondsUntil(1 - left)
    throw new ApiError('TOO_MANY_FAILED_LOGINS', 'Too many tokens from this address were not valid.', {
      hint: `Wait ${waitSeconds} seconds.`,
      headers: { 'retry-after': String(waitSeconds) },
    })
  }

  /** @throws ServiceError TOKEN_INVALID */
  async authenticate(session: Session, token: string, address: string): Promise<Authentication> {
    const now = performance.now()
    const hash = hashOf(token)
    const origin = networkOf(address)
    if ((this.#invalid.get(hash) ?? 0) > now) {
      this.#failures.take(origin)
      throw invalid()
    }
    try {
      const auth = await authenticate(session, token)
      remember(this.#valid, hash, now + trustMs)
      return auth
    } catch (error) {
      if (!(error instanceof ServiceError) || error.code !== 'TOKEN_INVALID') throw error
      this.#valid.delete(hash)
      remember(this.#invalid, hash, now + this.#rememberMs)
      this.#failures.take(origin)
      throw error
    }
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64')
}

function invalid(): ServiceError {
  return new ServiceError('TOKEN_INVALID', 'The token is not valid.', { hint: 'Make a new one if it has expired.' })
}

function remember(tokens: Map<string, number>, hash: string, until: number): void {
  tokens.delete(hash)
  tokens.set(hash, until)
  const [oldest] = tokens.keys()
  if (tokens.size > mostTokens && oldest !== undefined) tokens.delete(oldest)
}

/** An IPv4 address itself; of IPv6 the /64, which is what one subscriber has. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
  if (!plain.includes(':')) return plain
  const [before = '', after] = plain.toLowerCase().split('::')
  const head = before === '' ? [] : before.split(':')
  if (after === undefined) return head.slice(0, 4).join(':')
  const tail = after === '' ? [] : after.split(':')
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0')
  return [...head, ...zeros, ...tail].slice(0, 4).join(':')
}
