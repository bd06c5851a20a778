/** What a {@link ServiceError} carries besides its code and message. */
export interface ServiceErrorDetails {
  /** What to do about it, in one sentence. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/**
 * The base of every error that a service raises by itself.
 *
 * `code` is stable and what callers branch on; errors of the database and of `pooler-safe` pass through unchanged, or are
 * the `cause`.
 */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError'
  readonly code: string
  readonly hint: string | undefined

  constructor(code: string, message: string, { hint, cause }: ServiceErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.hint = hint
  }
}

/** The message of an error and what to do about it, as one text for people. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { hint } = error as { hint?: unknown }
  return typeof hint === 'string' ? `${error.message} ${hint}` : error.message
}

/** The stable word of an error: its own `code` (Node, SQLSTATE, ours), or its class. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && code !== '' ? code : error.name
}
