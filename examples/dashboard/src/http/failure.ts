import { codeOf, ServiceError } from '@pooler-safe/example-foundation'
import { RequestRefused } from './refused.ts'

/** What a page says instead of what was asked for. */
export interface Failure {
  readonly status: 404 | 403 | 409 | 413 | 422 | 500 | 503
  readonly title: string
  readonly message: string
  readonly hint: string | undefined
  /** Nobody foresaw it: it belongs into the log. */
  readonly isUnexpected: boolean
}

const conflicts = /_(REFUSED|CONFLICT|SEALED|DUPLICATE|UNFINISHED)$|_NOT_COMPARABLE$/
const outages = /^(08|57P|53|ECONN|EPIPE|POOLER_SAFE_(CONNECT|CHECKOUT|TIMEOUT|OUTCOME|CLOSED))/

/** What an error means to who is looking. Errors of the services speak for themselves; of others nothing is told. */
export function failureOf(error: unknown): Failure {
  if (error instanceof RequestRefused) {
    return {
      status: error.status,
      title: 'Not accepted',
      message: error.message,
      hint: error.hint,
      isUnexpected: false,
    }
  }
  if (error instanceof ServiceError) {
    const { code, message, hint } = error
    const known = { message, hint, isUnexpected: false }
    if (code.endsWith('_NOT_FOUND')) return { ...known, status: 404, title: 'Not found' }
    if (code === 'SCOPE_MISSING') return { ...known, status: 403, title: 'Not allowed' }
    if (conflicts.test(code)) return { ...known, status: 409, title: 'Not possible now' }
    if (code === 'BATCH_TOO_LARGE') return { ...known, status: 413, title: 'Too large' }
    return { ...known, status: 422, title: 'Not valid' }
  }
  const isOutage = outages.test(codeOf(error))
  return {
    status: isOutage ? 503 : 500,
    title: isOutage ? 'The database does not answer' : 'Something went wrong',
    message: isOutage
      ? 'What you asked for could not be read.'
      : 'The page could not be made. It was noted in the log.',
    hint: 'Load the page again in a moment.',
    isUnexpected: true,
  }
}
