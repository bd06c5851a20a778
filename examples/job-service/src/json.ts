import { JobServiceError, type JobErrorCode } from './errors.ts'

/** More than this belongs into a file or a table of its own, and its name into the job. */
export const maxJsonBytes = 1_000_000

/**
 * Makes sure that a value can be stored as `jsonb`: PostgreSQL takes no NUL character and no half of a surrogate pair.
 *
 * @throws JobServiceError with the given code
 */
export function requireStorable(value: unknown, what: string, code: JobErrorCode): void {
  const refuse = (why: string, cause?: unknown): JobServiceError =>
    new JobServiceError(code, `The ${what} cannot be stored as JSON: ${why}.`, { cause })
  let text: unknown
  try {
    text = JSON.stringify(value)
  } catch (error) {
    throw refuse(error instanceof Error ? error.message.split('\n', 1).join('') : 'it cannot be serialised', error)
  }
  if (typeof text !== 'string') return
  if (Buffer.byteLength(text) > maxJsonBytes) throw refuse(`it has more than ${maxJsonBytes} bytes`)
  const escapes = text.includes('\\u') ? text.replaceAll('\\\\', '') : ''
  if (escapes.includes('\\u0000')) throw refuse('it contains a NUL character')
  // JSON.stringify writes a surrogate as an escape only when its other half is missing.
  if (/\\ud[89a-f]/i.test(escapes)) throw refuse('it contains half of a surrogate pair')
}

/** A text that PostgreSQL can store, of bounded length. */
export function storableText(text: string, maxLength: number): string {
  return text.toWellFormed().replaceAll('\0', '�').slice(0, maxLength).toWellFormed()
}
