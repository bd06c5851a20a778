import { whyNotStorable } from '@pooler-safe/example-foundation'
import { JobServiceError, type JobErrorCode } from './errors.ts'

/** More than this belongs into a file or a table of its own, and its name into the job. */
export const maxJsonBytes = 1_000_000

/**
 * Makes sure that a value can be stored as `jsonb`: PostgreSQL takes no NUL character and no half of a surrogate pair.
 *
 * @throws JobServiceError with the given code
 */
export function requireStorable(value: unknown, what: string, code: JobErrorCode): void {
  const why = whyNotStorable(value, maxJsonBytes)
  if (why !== undefined) throw new JobServiceError(code, `The ${what} cannot be stored as JSON: ${why}.`)
}
