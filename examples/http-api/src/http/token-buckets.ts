export interface TokenBucketOptions {
  /** What may be taken at once. */
  readonly burst: number
  /** What is made good in a second. */
  readonly perSecond: number
}

interface Bucket {
  readonly left: number
  readonly at: number
}

/** Names that are remembered; the one that was not seen for longest is forgotten first. */
const mostBuckets = 10_000

/** Token buckets by name, in the memory of the process. */
export class TokenBuckets {
  readonly burst: number
  readonly #perMs: number
  readonly #buckets = new Map<string, Bucket>()

  constructor({ burst, perSecond }: TokenBucketOptions) {
    this.burst = burst
    this.#perMs = perSecond / 1_000
  }

  /** What is left under a name, without taking any. */
  left(name: string, now: number = performance.now()): number {
    const known = this.#buckets.get(name)
    return known ? Math.min(this.burst, known.left + (now - known.at) * this.#perMs) : this.burst
  }

  /** Takes one if there is one. Says what was left before. */
  take(name: string, now: number = performance.now()): number {
    const left = this.left(name, now)
    this.#buckets.delete(name)
    this.#buckets.set(name, { left: left >= 1 ? left - 1 : left, at: now })
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > mostBuckets && oldest !== undefined) this.#buckets.delete(oldest)
    return left
  }

  /** Seconds until so much has been made good, at least 1. */
  secondsUntil(missing: number): number {
    return Math.max(1, Math.ceil(missing / this.#perMs / 1_000))
  }
}
