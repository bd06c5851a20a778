import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { ApiContext } from '../context.ts'
import { ApiError } from '../errors/api-error.ts'
import type { ApiVariables } from '../http/variables.ts'
import { referencePage } from '../reference/page.ts'
import { problemSchema } from '../schemas/common.ts'

const tag = 'System'
const status = (word: string) => z.strictObject({ status: z.literal(word) })
const readyTimeoutMs = 3_000

/** What needs no token: how the process is, and what it can do. */
export function registerSystem(app: OpenAPIHono<ApiVariables>, api: ApiContext): void {
  const document = (id: string, path: string, summary: string, content: object, more: object = {}): void => {
    app.openAPIRegistry.registerPath({
      method: 'get',
      path,
      operationId: id,
      tags: [tag],
      summary,
      security: [],
      responses: { 200: { description: 'So it is.', content }, ...more },
    })
  }
  document('getHealth', '/healthz', 'Whether the process answers', {
    'application/json': { schema: status('ok') },
  })
  app.get('/healthz', (context) => context.json({ status: 'ok' }))

  const problem = { content: { 'application/problem+json': { schema: problemSchema } } }
  document(
    'getReadiness',
    '/readyz',
    'Whether the database can be reached through the pooler',
    { 'application/json': { schema: status('ready') } },
    { 503: { description: 'It cannot.', ...problem } },
  )
  app.get('/readyz', async (context) => {
    await api.platform.database.query('select 1', [], { timeoutMs: readyTimeoutMs })
    return context.json({ status: 'ready' })
  })

  document(
    'getMetrics',
    '/metrics',
    'Metrics in the text format of Prometheus',
    { 'text/plain': { schema: { type: 'string' } } },
    { 401: { description: 'The process was given a token for this, and it is another.', ...problem } },
  )
  app.get('/metrics', async (context) => {
    const { metrics, metricsToken } = api
    if (metricsToken !== undefined && !isBearer(context.req.header('authorization'), metricsToken)) {
      throw new ApiError('TOKEN_MISSING', 'The metrics need the token that the process was given for them.')
    }
    return context.body(await metrics.text(), 200, { 'content-type': metrics.contentType })
  })

  document('getOpenApi', '/openapi.json', 'This document', { 'application/json': { schema: { type: 'object' } } })
  document('getReference', '/reference', 'This document as a page', { 'text/html': { schema: { type: 'string' } } })
  // Built when it is first asked for: every operation is registered by then.
  let text: string | undefined
  let page: ReturnType<typeof referencePage> | undefined
  const read = () => openApiDocument(app)
  app.get('/openapi.json', (context) => {
    text ??= JSON.stringify(read())
    return context.body(text, 200, { 'content-type': 'application/json' })
  })
  app.get('/reference', (context) => {
    page ??= referencePage(read())
    return context.body(page.html, 200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': page.contentSecurityPolicy,
    })
  })
}

export function openApiDocument(app: OpenAPIHono<ApiVariables>) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'pooler-safe services',
      version: '1.0.0',
      description:
        'Jobs, batches of sites, scans of sites, sitemaps and places, behind a transaction-mode pooler. Errors are problem details (RFC 9457) with a stable `code`.',
    },
    servers: [{ url: '/' }],
    security: [{ bearer: [] }],
  })
}

function isBearer(header: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  // Of hashes, so that neither the time nor the length tells anything.
  return timingSafeEqual(digest(header ?? ''), digest(`Bearer ${token}`))
}
