import { loggerFor, newId, type Logger, type Metrics } from '@pooler-safe/example-foundation'
import type { MiddlewareHandler } from 'hono'
import { Histogram } from 'prom-client'
import type { ApiVariables } from './variables.ts'

/** Gives every request an id, the one that it came with if that can be one; logs it, and measures it. */
export function requestLog(logger: Logger, metrics: Metrics): MiddlewareHandler<ApiVariables> {
  const durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time until an answer began, by operation and status.',
    labelNames: ['operation', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
    registers: [metrics.registry],
  })
  return async (context, next) => {
    const startedAt = performance.now()
    const given = context.req.header('x-request-id') ?? ''
    const requestId = /^[\w.-]{8,128}$/.test(given) ? given : newId()
    context.set('requestId', requestId)
    await next()
    context.header('x-request-id', requestId)
    const { status } = context.res
    const ms = performance.now() - startedAt
    // The path of an unknown route is a stranger's: it would be a label without bounds.
    const operation = context.get('operation') ?? 'none'
    durations.observe({ operation, status: String(status) }, ms / 1_000)
    const auth = context.get('auth')
    loggerFor(logger, { requestId, ...(auth ? { tenantId: auth.tenant } : {}) }).info(
      {
        method: context.req.method,
        operation,
        path: context.req.path,
        status,
        ms: Math.round(ms),
        tokenId: auth?.tokenId,
      },
      'request',
    )
  }
}
