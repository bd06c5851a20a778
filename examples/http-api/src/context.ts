import type { Logger, Metrics } from '@pooler-safe/example-foundation'
import type { Platform } from '@pooler-safe/example-platform'
import type { EventSource } from './events/index.ts'
import type { JobCounts } from './job-counts.ts'
import type { Authenticator } from './http/authenticator.ts'
import type { RateLimiter } from './http/rate-limit.ts'

/** Sizes of bodies, in bytes, and how slow they may be. */
export interface BodyLimits {
  /** Of JSON. Default 1,000,000. */
  readonly json: number
  /** Of JSON that is a list of sites or of ids. Default 20,000,000. */
  readonly list: number
  /** Of what is streamed. Default 1,000,000,000. */
  readonly stream: number
  /** A body of which nothing came for so long, in milliseconds, is not waited for. Default 60,000. */
  readonly idleMs: number
}

/** What operations are done with. */
export interface ApiContext {
  readonly platform: Platform
  readonly logger: Logger
  readonly metrics: Metrics
  readonly events: EventSource
  readonly counts: JobCounts
  readonly limiter: RateLimiter
  readonly authenticator: Authenticator
  readonly limits: BodyLimits
  /** How long an Idempotency-Key is known, in milliseconds. */
  readonly keepKeysMs: number
  readonly heartbeatMs: number
  readonly stallMs: number
  readonly metricsToken: string | undefined
}
