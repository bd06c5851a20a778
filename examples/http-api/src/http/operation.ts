import { z, type OpenAPIHono } from '@hono/zod-openapi'
import { requireScope, type Authentication, type TenantId } from '@pooler-safe/example-foundation'
import type { Context } from 'hono'
import type { Session } from 'pooler-safe'
import type { ApiContext } from '../context.ts'
import { ApiError } from '../errors/api-error.ts'
import { beginFingerprint, readKey } from '../idempotency/fingerprint.ts'
import { once } from '../idempotency/once.ts'
import { addressOf } from './address.ts'
import { answerOf, respond, type Answer } from './answer.ts'
import { readBody, requireMediaType, type BodyRules } from './body.ts'
import { documentOf, type Answers } from './document.ts'
import { isOnce } from './is-once.ts'
import { parseJson } from './json.ts'
import { readBySchema, readQuery } from './validation.ts'
import type { ApiVariables } from './variables.ts'

const none = z.strictObject({})

/** A request that was authenticated and checked. */
export interface ApiRequest<Params, Query, Body> {
  readonly tenant: TenantId
  readonly auth: Authentication
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** The database; the transaction of the Idempotency-Key when the request bears one. */
  readonly session: Session
  readonly context: Context<ApiVariables>
  readonly api: ApiContext
}

export interface OperationOptions<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> {
  readonly id: string
  readonly method: 'get' | 'post' | 'delete'
  /** With `{name}` for parameters. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly description?: string
  /** What the token has to allow. */
  readonly scope: string
  readonly params?: Params
  readonly query?: Query
  /** JSON. */
  readonly body?: Body
  /** Media types of a body that the operation reads by itself, as it comes. */
  readonly streamedBody?: readonly string[]
  /** Default `json`. */
  readonly limit?: 'json' | 'list'
  /** A request that changes nothing needs no Idempotency-Key. Default: true for what is posted. */
  readonly isIdempotent?: boolean
  /** What of the answer is kept for the same key again. Default: all. */
  readonly keep?: (answer: Answer) => Answer
  /** What is answered when it works. */
  readonly answers: Answers
  /** The errors besides those that every operation has. */
  readonly errors?: readonly number[]
  handle(
    request: ApiRequest<z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Answer | Response | Promise<Answer | Response>
}

/** Something that can be asked of the API. */
export interface Operation {
  readonly id: string
  readonly method: string
  readonly path: string
  register(app: OpenAPIHono<ApiVariables>, api: ApiContext): void
}

/** Defines an operation: its place in the document, and what a request goes through before it is handled. */
export function operation<
  Params extends z.ZodObject = typeof none,
  Query extends z.ZodObject = typeof none,
  Body extends z.ZodType = z.ZodUndefined,
>(options: OperationOptions<Params, Query, Body>): Operation {
  const { id, method, path } = options
  return {
    id,
    method,
    path,
    register(app, api) {
      app.openAPIRegistry.registerPath(documentOf(options))
      app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1'), (context) => run(options, context, api))
    },
  }
}

async function run<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>(
  options: OperationOptions<Params, Query, Body>,
  context: Context<ApiVariables>,
  api: ApiContext,
): Promise<Response> {
  const { platform, limiter, authenticator, limits, keepKeysMs } = api
  const request = context.req.raw
  context.set('operation', options.id)
  const token = bearerOf(request)
  const address = addressOf(context)
  authenticator.admit(token, address)
  for (const [name, value] of Object.entries(limiter.take(token))) context.header(name, value)
  const auth = await authenticator.authenticate(platform.database, token, address)
  context.set('auth', auth)
  requireScope(auth, options.scope)
  // A path parameter that is no id names nothing: the service says so.
  const params = context.req.param() as z.output<Params>
  const query = readBySchema(options.query ?? none, readQuery(request.url), 'REQUEST_INVALID') as z.output<Query>
  if (options.streamedBody) requireMediaType(request, options.streamedBody)
  const bytes = await bodyOf(options, request, { maxBytes: limits[options.limit ?? 'json'], idleMs: limits.idleMs })
  const body = (
    options.body ? readBySchema(options.body, parseJson(bytes), 'BODY_INVALID') : undefined
  ) as z.output<Body>
  const given = { tenant: auth.tenant, auth, params, query, body, context, api }
  const key = isOnce(options) ? readKey(request) : undefined
  if (key === undefined) return respond(context, await options.handle({ ...given, session: platform.database }))
  const { answer, isReplayed } = await once(
    platform.database,
    { tenant: auth.tenant, key, fingerprint: beginFingerprint(request).update(bytes).digest(), keepMs: keepKeysMs },
    async (session) => {
      const first = answerOf(await options.handle({ ...given, session }))
      context.set('answer', first)
      return toKeep(options.keep?.(first) ?? first)
    },
  )
  if (!isReplayed) {
    const first = context.get('answer')
    if (first) return respond(context, first)
  }
  context.header('idempotency-replayed', 'true')
  return respond(context, {
    status: answer.status,
    ...(answer.location === null ? {} : { location: answer.location }),
    json: answer.body ?? undefined,
  })
}

async function bodyOf(
  { body, streamedBody }: Pick<OperationOptions<z.ZodObject, z.ZodObject, z.ZodType>, 'body' | 'streamedBody'>,
  request: Request,
  rules: BodyRules,
): Promise<Buffer> {
  if (streamedBody) return Buffer.alloc(0)
  if (body) requireMediaType(request, ['application/json'])
  const bytes = await readBody(request, body ? rules : { ...rules, maxBytes: 1_000 })
  if (body || /^\s*(\{\s*\})?\s*$/.test(bytes.toString())) return bytes
  throw new ApiError('BODY_INVALID', 'The operation takes no body.')
}

function toKeep({ status, location, json, body }: Answer) {
  const text = json ?? (body === undefined ? null : JSON.stringify(body))
  return { status, location: location ?? null, body: text }
}

/** @throws ApiError TOKEN_MISSING */
function bearerOf(request: Request): string {
  const token = /^bearer +([\x21-\x7e]{1,200})$/i.exec(request.headers.get('authorization') ?? '')?.[1]
  if (token !== undefined) return token
  throw new ApiError('TOKEN_MISSING', 'The request bears no token.', {
    hint: 'Send "Authorization: Bearer pst_…".',
    headers: { 'www-authenticate': 'Bearer realm="pooler-safe"' },
  })
}
