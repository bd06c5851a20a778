import { z, type RouteConfig } from '@hono/zod-openapi'
import { problemSchema } from '../schemas/common.ts'
import { isOnce } from './is-once.ts'
import type { OperationOptions } from './operation.ts'

/** What an answer consists of: a schema of JSON, media types of something else, or nothing. */
export interface AnswerDocument {
  readonly description: string
  readonly schema?: z.ZodType
  readonly types?: readonly string[]
  /** It says where to find what was made. */
  readonly hasLocation?: boolean
  /** It may say where the next page is. */
  readonly isPage?: boolean
}

export type Answers = Readonly<Record<number, AnswerDocument>>

const problems: Readonly<Record<number, string>> = {
  400: 'The path, the query or the JSON cannot be read.',
  401: 'The token is missing, unknown, expired or revoked.',
  403: 'The token does not allow this.',
  404: 'There is no such thing, or it is not yours.',
  409: 'It is not in a state in which this is possible, or the same Idempotency-Key is in use.',
  413: 'The body is too large.',
  415: 'The body is of another type than what is taken.',
  422: 'The body, or something it names, cannot be used.',
  429: 'The token has sent too many requests.',
  503: 'The database or the pooler is away; try again.',
}

/** The place of an operation in the OpenAPI document. */
export function documentOf(options: OperationOptions<z.ZodObject, z.ZodObject, z.ZodType>): RouteConfig {
  const { id, method, path, tag, summary, description, scope, params, query, body, streamedBody, answers } = options
  const isKeyed = isOnce(options) || (streamedBody !== undefined && options.isIdempotent === true)
  const errors = new Set([
    ...[400, 401, 403, 429, 500, 503],
    ...(params ? [404] : []),
    ...(body ? [413, 415, 422] : []),
    ...(streamedBody ? [413, 415] : []),
    ...(isKeyed ? [409, 422] : []),
    ...(options.errors ?? []),
  ])
  return {
    method,
    path,
    operationId: id,
    tags: [tag],
    summary,
    description: `${description === undefined ? '' : `${description}\n\n`}Needs the scope \`${scope}\`.`,
    security: [{ bearer: [] }],
    request: {
      ...(params ? { params } : {}),
      ...(query ? { query } : {}),
      ...(isKeyed ? { headers: z.object({ 'Idempotency-Key': idempotencyKey }) } : {}),
      ...(body ? { body: { required: true, content: { 'application/json': { schema: body } } } } : {}),
      ...(streamedBody ? { body: { required: true, content: contentOf(streamedBody) } } : {}),
    },
    responses: {
      ...Object.fromEntries(Object.entries(answers).map(([status, answer]) => [status, answerDocument(answer)])),
      ...Object.fromEntries([...errors].sort((a, b) => a - b).map((status) => [status, problemDocument(status)])),
    },
  }
}

const idempotencyKey = z
  .string()
  .min(1)
  .max(200)
  .optional()
  .openapi({ description: 'The same request with the same key is done once, and answered alike for a day.' })

function answerDocument({ description, schema, types = [], hasLocation, isPage }: AnswerDocument) {
  const headers = {
    ...(hasLocation === true ? { Location: { schema: { type: 'string' as const } } } : {}),
    ...(isPage === true
      ? { Link: { description: 'The next page, with rel="next".', schema: { type: 'string' as const } } }
      : {}),
  }
  return {
    description,
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
    ...(schema || types.length > 0
      ? { content: { ...contentOf(types), ...(schema ? { 'application/json': { schema } } : {}) } }
      : {}),
  }
}

function contentOf(types: readonly string[]) {
  // JSON that is written while it is read has no schema here: it is a list of what pages of the same have.
  return Object.fromEntries(
    types.map((type) => [type, { schema: type.endsWith('json') ? {} : { type: 'string' as const } }]),
  )
}

function problemDocument(status: number) {
  return {
    description: problems[status] ?? 'Something went wrong here.',
    content: { 'application/problem+json': { schema: problemSchema } },
  }
}
