import { codeOf, ServiceError } from '@pooler-safe/example-foundation'
import { ApiError, type FieldProblem } from './api-error.ts'
import { whyUnavailable } from './availability.ts'
import { statusOf } from './statuses.ts'

/** An error as clients read it (RFC 9457). */
export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  /** A stable word to branch on. */
  readonly code: string
  readonly hint?: string
  /** What is wrong with which field. */
  readonly errors?: readonly FieldProblem[]
  /** To be named when asking for help. */
  readonly requestId: string
}

export interface ProblemAnswer {
  readonly problem: Problem
  readonly headers: Readonly<Record<string, string>>
  /** A fault of ours, to be logged with everything that is known. */
  readonly isFault: boolean
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  408: 'Too slow',
  409: 'Conflict',
  413: 'Too large',
  415: 'Media type not supported',
  422: 'Cannot be processed',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available',
}

/** Makes the answer to an error. What is not meant for clients stays out of it. */
export function problemOf(error: unknown, requestId: string): ProblemAnswer {
  const unavailable = whyUnavailable(error)
  if (unavailable === 'unknown') {
    return answer(503, requestId, {
      code: 'OUTCOME_UNKNOWN',
      detail: 'The database went away before it had confirmed: what was asked for may or may not have been done.',
      hint: 'Send the request again with the same Idempotency-Key; without one, look first.',
      headers: { 'retry-after': '1' },
    })
  }
  if (unavailable === 'away') {
    return answer(503, requestId, {
      code: 'DATABASE_UNAVAILABLE',
      detail: 'The database cannot be reached at the moment. Nothing was changed.',
      headers: { 'retry-after': '1' },
    })
  }
  const code = codeOf(error)
  const status = error instanceof ServiceError ? statusOf(code) : undefined
  if (!(error instanceof ServiceError) || status === undefined) {
    return { ...answer(500, requestId, { code: 'INTERNAL', detail: 'Something went wrong here.' }), isFault: true }
  }
  const { fields = [], headers = {} } = error instanceof ApiError ? error : {}
  return answer(status, requestId, {
    code,
    detail: error.message,
    hint: error.hint,
    fields,
    headers: {
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="pooler-safe"' } : {}),
      ...(status === 503 ? { 'retry-after': '5' } : {}),
      ...headers,
    },
  })
}

function answer(
  status: number,
  requestId: string,
  {
    code,
    detail,
    hint,
    fields = [],
    headers = {},
  }: {
    readonly code: string
    readonly detail: string
    readonly hint?: string | undefined
    readonly fields?: readonly FieldProblem[]
    readonly headers?: Readonly<Record<string, string>>
  },
): ProblemAnswer {
  const problem = {
    type: `urn:pooler-safe:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titles[status] ?? 'Error',
    status,
    detail: detail.toWellFormed(),
    code,
    ...(hint === undefined ? {} : { hint: hint.toWellFormed() }),
    ...(fields.length === 0 ? {} : { errors: fields }),
    requestId,
  }
  return { problem, headers, isFault: false }
}

export function problemResponse({ problem, headers }: ProblemAnswer): Response {
  return new Response(JSON.stringify(problem), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...headers },
  })
}
