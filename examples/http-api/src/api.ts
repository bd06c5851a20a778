import { OpenAPIHono } from '@hono/zod-openapi'
import { createMetrics, loggerFor, type Logger, type Metrics } from '@pooler-safe/example-foundation'
import type { Platform } from '@pooler-safe/example-platform'
import type { Context } from 'hono'
import { Gauge } from 'prom-client'
import type { ApiContext, BodyLimits } from './context.ts'
import { ApiError } from './errors/api-error.ts'
import { problemOf, problemResponse } from './errors/problem.ts'
import { createEventSource, type EventSource } from './events/index.ts'
import { respond } from './http/answer.ts'
import { discardRest } from './http/body.ts'
import { Authenticator, type FailedLoginOptions } from './http/authenticator.ts'
import { RateLimiter, type RateLimitOptions } from './http/rate-limit.ts'
import { requestLog } from './http/request-log.ts'
import { securityHeaders } from './http/security.ts'
import type { ApiVariables } from './http/variables.ts'
import { JobCounts } from './job-counts.ts'
import { operations } from './routes/operations.ts'
import { registerSystem } from './routes/system.ts'

export interface ApiOptions {
  readonly platform: Platform
  readonly logger: Logger
  /** Default: new ones. */
  readonly metrics?: Metrics
  /** Shared with others in the process. Default: one of its own, which looks once a second. */
  readonly events?: EventSource
  readonly rateLimit?: RateLimitOptions
  /** Of each address. */
  readonly failedLogins?: FailedLoginOptions
  readonly limits?: Partial<BodyLimits>
  /** How long an Idempotency-Key is known, in milliseconds. Default a day. */
  readonly keepKeysMs?: number
  /** Default 15,000. */
  readonly heartbeatMs?: number
  /** A client that takes nothing of its stream for so long is dropped. Default 60,000. */
  readonly stallMs?: number
  /** What `/metrics` has to be asked with. Default: nothing. */
  readonly metricsToken?: string | undefined
}

export type Api = OpenAPIHono<ApiVariables>

/** The API as it is mounted, with the source of its events. */
export interface OpenApi {
  readonly app: Api
  readonly events: EventSource
  readonly metrics: Metrics
}

const usualLimits: BodyLimits = { json: 1_000_000, list: 20_000_000, stream: 1_000_000_000, idleMs: 60_000 }

/**
 * Makes the API of the five services: every operation of theirs, for the tenant of the token that a request bears.
 *
 * It opens nothing but timers of its event source, which run while somebody listens; close that to end every stream.
 */
export function createApi(options: ApiOptions): OpenApi {
  const { platform, logger, rateLimit, limits, keepKeysMs = 86_400_000, metricsToken } = options
  const metrics = options.metrics ?? createMetrics({ service: 'http-api', processMetrics: false })
  const events = options.events ?? createEventSource({ session: platform.database, logger })
  const api: ApiContext = {
    platform,
    logger,
    metrics,
    events,
    counts: new JobCounts(platform),
    limiter: new RateLimiter(rateLimit),
    authenticator: new Authenticator(options.failedLogins),
    limits: { ...usualLimits, ...limits },
    keepKeysMs,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    stallMs: options.stallMs ?? 60_000,
    metricsToken,
  }
  watchStreams(metrics, events)
  const app = new OpenAPIHono<ApiVariables>()
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', { type: 'http', scheme: 'bearer' })
  app.use(requestLog(logger, metrics))
  app.use(async (context, next) => {
    await next()
    // Nobody takes the body of an answer to HEAD: a stream would wait for that for ever.
    if (context.req.method === 'HEAD') await context.res.body?.cancel()
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!context.res.headers.has(name)) context.header(name, value)
    }
  })
  registerSystem(app, api)
  for (const one of operations) one.register(app, api)
  refuseOtherMethods(app)
  const answerError = async (error: unknown, context: Context<ApiVariables>): Promise<Response> => {
    const requestId = context.get('requestId')
    const answer = problemOf(error, requestId)
    const subject = loggerFor(logger, { requestId })
    if (answer.isFault) subject.error({ err: error }, 'a request failed')
    else if (answer.problem.status >= 500) subject.warn({ err: error }, 'a request could not be done')
    if (!(await discardRest(context.req.raw))) context.header('connection', 'close')
    return respond(context, problemResponse(answer))
  }
  app.onError(answerError)
  app.notFound((context) => {
    const hint = 'See /openapi.json.'
    return answerError(new ApiError('ROUTE_NOT_FOUND', 'There is nothing at this path.', { hint }), context)
  })
  return { app, events, metrics }
}

/** What is there for one method is said to be there, whatever method is asked for. */
function refuseOtherMethods(app: Api): void {
  const byPath = Map.groupBy(
    app.routes.filter(({ method }) => method !== 'ALL'),
    ({ path }) => path,
  )
  for (const [path, routes] of byPath) {
    const methods = [...new Set(routes.map(({ method }) => method))]
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
    app.all(path, (context) => {
      if (context.req.method === 'OPTIONS') return context.body(null, 204, { allow })
      throw new ApiError('METHOD_NOT_ALLOWED', `Here are ${allow}.`, { headers: { allow } })
    })
  }
}

function watchStreams(metrics: Metrics, events: EventSource): void {
  new Gauge({
    name: 'event_streams',
    help: 'Streams of events that are open, what they are about, and statements sent for them since the start.',
    labelNames: ['of'],
    registers: [metrics.registry],
    collect() {
      for (const [of, value] of Object.entries(events.stats())) this.set({ of }, value as number)
    },
  })
}
