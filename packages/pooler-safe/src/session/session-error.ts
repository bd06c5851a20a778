import pg from 'pg'
import { factsOf } from '../errors/facts.ts'
import {
  isPoolerSafeError,
  OutcomeUnknownError,
  PoolerSafeError,
  type PoolerSafeCode,
} from '../errors/pooler-safe-error.ts'

/**
 * The error that a session rejects with: PostgreSQL's own errors and pooler-safe's stay as they are; what `pg` and the
 * socket say in prose becomes a {@link PoolerSafeError} with a code.
 */
export function sessionError(error: unknown): unknown {
  if (isPoolerSafeError(error) || isDatabaseError(error) || !(error instanceof Error)) return error
  const facts = factsOf(error)
  const outcome = facts?.outcome ?? 'unknown'
  const details = { hazard: facts?.hazard, hint: facts?.hint ?? hints[codeFor(error)], cause: error }
  if (outcome === 'unknown') {
    return new OutcomeUnknownError(`The answer was lost: ${error.message}`, details)
  }
  return new PoolerSafeError(codeFor(error), messageFor(error), { ...details, outcome })
}

/** Also those of another copy of `pg`. */
export function isDatabaseError(error: unknown): error is pg.DatabaseError {
  if (error instanceof pg.DatabaseError) return true
  return error instanceof Error && 'severity' in error && 'code' in error && 'routine' in error
}

const hints: Partial<Record<PoolerSafeCode, string>> = {
  POOLER_SAFE_CONNECT_FAILED:
    'Check host and port of the URL, and that the pooler or server is up. Connecting is tried again with the next query.',
  POOLER_SAFE_CHECKOUT_TIMEOUT:
    'All client connections were busy: raise max, shorten transactions, or look for a client that is never released.',
  POOLER_SAFE_CONNECTION_LOST:
    'Nothing was executed, so the unit can be run again; transaction(work, { retries }) does that.',
  POOLER_SAFE_OUTCOME_UNKNOWN: 'Find out through an idempotency key before repeating it.',
  POOLER_SAFE_CLOSED: 'Do not use the database after close().',
}

function codeFor(error: Error): PoolerSafeCode {
  if (factsOf(error)?.outcome === 'unknown') return 'POOLER_SAFE_OUTCOME_UNKNOWN'
  const { message } = error
  if (message === 'Cannot use a pool after calling end on the pool') return 'POOLER_SAFE_CLOSED'
  if (message === 'timeout exceeded when trying to connect') return 'POOLER_SAFE_CHECKOUT_TIMEOUT'
  const { syscall } = error as NodeJS.ErrnoException
  if (syscall === 'connect' || syscall === 'getaddrinfo' || /connection timeout|timeout expired|SSL/.test(message)) {
    return 'POOLER_SAFE_CONNECT_FAILED'
  }
  return 'POOLER_SAFE_CONNECTION_LOST'
}

function messageFor(error: Error): string {
  // Node leaves the message of an AggregateError (localhost as ::1 and 127.0.0.1) empty.
  const { code } = error as NodeJS.ErrnoException
  return error.message === '' ? (code ?? error.name) : error.message
}
