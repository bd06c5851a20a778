import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'

/** Every `code` that the API raises by itself, with the status it is answered with. */
export const apiStatuses = {
  /** The path or the query cannot be used. */
  REQUEST_INVALID: 400,
  BODY_MALFORMED: 400,
  TOKEN_MISSING: 401,
  ROUTE_NOT_FOUND: 404,
  TOKEN_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  /** Nothing more of the body came. */
  BODY_TIMED_OUT: 408,
  /** Another request with the same key is under way. */
  IDEMPOTENCY_KEY_IN_USE: 409,
  BODY_TOO_LARGE: 413,
  MEDIA_TYPE_UNSUPPORTED: 415,
  /** The body is JSON, but not what the operation takes. */
  BODY_INVALID: 422,
  /** The key was used for another request. */
  IDEMPOTENCY_KEY_REUSED: 422,
  /** Jobs of that type are made by operations of their own. */
  JOB_TYPE_INTERNAL: 422,
  RATE_LIMITED: 429,
  TOO_MANY_FAILED_LOGINS: 429,
  EVENT_TOPIC_NOT_FOUND: 404,
  TOO_MANY_STREAMS: 503,
} as const

export type ApiErrorCode = keyof typeof apiStatuses

/** What is wrong with one field. */
export interface FieldProblem {
  /** Such as `domains.3` or `limit`. */
  readonly field: string
  readonly message: string
}

export interface ApiErrorDetails extends ServiceErrorDetails {
  readonly fields?: readonly FieldProblem[] | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export class ApiError extends ServiceError {
  override readonly name = 'ApiError'
  declare readonly code: ApiErrorCode
  readonly fields: readonly FieldProblem[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ApiErrorCode, message: string, { fields = [], headers = {}, ...details }: ApiErrorDetails = {}) {
    super(code, message, details)
    this.fields = fields
    this.headers = headers
  }
}
