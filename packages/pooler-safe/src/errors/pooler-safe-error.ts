import type { HazardId } from '@pooler-safe/hazards'

/**
 * Whether the database did what was asked of it.
 *
 * - `not-executed`: nothing remains of the statement or transaction; repeating it is safe.
 * - `executed`: it took effect.
 * - `unknown`: it was sent and the answer was lost. Only the caller can find out, or make it idempotent.
 */
export type Outcome = 'not-executed' | 'executed' | 'unknown'

/** Every `code` of a {@link PoolerSafeError}, with what it means. Codes are stable. */
export const errorCodes = {
  POOLER_SAFE_SESSION_STATE: 'The SQL changes or reads the session state of a shared backend.',
  POOLER_SAFE_NEEDS_TRANSACTION: 'The SQL has its meaning only inside an open transaction.',
  POOLER_SAFE_TRANSACTION_CONTROL: 'The SQL opens or ends a transaction where that is not possible.',
  POOLER_SAFE_MULTIPLE_STATEMENTS: 'The text holds several statements where one is needed.',
  POOLER_SAFE_UNREADABLE_SQL: 'The text cannot be read as SQL, so it cannot be judged.',
  POOLER_SAFE_NAMED_STATEMENT: 'A statement name was about to be used.',
  POOLER_SAFE_NO_TRANSACTION: 'The SQL cannot run inside a transaction, and was to share one.',
  POOLER_SAFE_COPY: 'COPY was used where it would break the protocol.',
  POOLER_SAFE_INVALID_QUERY: 'The query object is not one that can be sent.',
  POOLER_SAFE_TOO_MANY_PARAMETERS: 'A statement can carry 65535 parameters.',
  POOLER_SAFE_BAD_VALUE: 'A parameter value could not be serialised.',
  POOLER_SAFE_BAD_RESULT: 'A result could not be decoded.',
  POOLER_SAFE_PIPELINING: 'A second request was about to be sent before the first was answered.',
  POOLER_SAFE_SPLIT_STATEMENT: 'Bind was about to be sent without the Parse that it belongs to.',
  POOLER_SAFE_WIRE_VIOLATION: 'The wire guard stopped bytes that are unsafe behind a pooler.',
  POOLER_SAFE_COMMIT_ROLLED_BACK: 'COMMIT was answered with ROLLBACK: nothing was committed.',
  POOLER_SAFE_TRANSACTION_LOST: 'The backend is not in the transaction it should be in.',
  POOLER_SAFE_TRANSACTION_ABORTED: 'An earlier statement failed, so the transaction only accepts its end.',
  POOLER_SAFE_TRANSACTION_ENDED: 'The transaction handle was used after its callback had ended.',
  POOLER_SAFE_TRANSACTION_BUSY: 'The transaction handle was used while a nested transaction is open.',
  POOLER_SAFE_BATCH_FAILED: 'A statement or the commit of a batch failed, and nothing of it remains.',
  POOLER_SAFE_BATCH_TOO_LARGE: 'A batch exceeds its limit on statements or bytes.',
  POOLER_SAFE_SETTINGS: 'Settings could not be put in force, so nothing ran under them.',
  POOLER_SAFE_ESCAPED_TRANSACTION: 'The database was used inside a transaction, instead of its handle.',
  POOLER_SAFE_NETWORK_IN_TRANSACTION: 'A network request was started inside a transaction.',
  POOLER_SAFE_IDLE_IN_TRANSACTION: 'A transaction ran no statement for longer than its idle budget.',
  POOLER_SAFE_OUTCOME_UNKNOWN: 'The answer was lost: the work may or may not have taken effect.',
  POOLER_SAFE_CONNECTION_LOST: 'The client connection ended.',
  POOLER_SAFE_CONNECT_FAILED: 'No client connection could be opened.',
  POOLER_SAFE_CHECKOUT_TIMEOUT: 'No client connection became free in time.',
  POOLER_SAFE_TIMEOUT: 'The deadline passed.',
  POOLER_SAFE_LOCK_TIMEOUT: 'A lock was not free in time.',
  POOLER_SAFE_ABORTED: 'The AbortSignal fired.',
  POOLER_SAFE_CLOSED: 'The database handle was closed.',
  POOLER_SAFE_CLIENT_RELEASED: 'A client was used after it had been released to the pool.',
  POOLER_SAFE_LEAKED_TRANSACTION: 'A client was released inside a transaction; it was destroyed.',
  POOLER_SAFE_UNKNOWN_OPTION: 'An option is not known.',
  POOLER_SAFE_UNSAFE_OPTION: 'An option cannot be used behind a transaction-mode pooler.',
  POOLER_SAFE_BAD_OPTION: 'An option has a value that makes no sense.',
  POOLER_SAFE_BAD_URL: 'The connection URL cannot be used.',
  POOLER_SAFE_WRONG_ENDPOINT: 'The endpoint is not of the expected kind.',
  POOLER_SAFE_NO_DIRECT_URL: 'A session was asked for, and there is no URL that gives one.',
  POOLER_SAFE_NATIVE_BINDINGS: 'The native bindings of pg cannot be guarded.',
  POOLER_SAFE_REGISTERED_TOO_LATE: 'The register subpath was loaded after pg.',
  POOLER_SAFE_UNSUPPORTED_PG: 'The loaded copy of pg lacks what the guard is built on.',
} as const

/** One of the stable codes of {@link errorCodes}. */
export type PoolerSafeCode = keyof typeof errorCodes

/** What a {@link PoolerSafeError} carries besides its code and message. */
export interface ErrorDetails {
  readonly outcome: Outcome
  readonly hazard?: HazardId | undefined
  readonly hint?: string | undefined
  readonly docsUrl?: string | undefined
  readonly cause?: unknown
}

const brand = Symbol.for('pooler-safe.error')

/**
 * An error raised by pooler-safe itself.
 *
 * Errors that PostgreSQL reports stay `pg`'s own `DatabaseError`, with SQLSTATE in `code`; {@link outcomeOf},
 * {@link hazardOf} and {@link hintOf} answer for both kinds.
 */
export class PoolerSafeError extends Error {
  override readonly name: string = 'PoolerSafeError'
  /** A stable identifier: one of {@link errorCodes}. */
  readonly code: PoolerSafeCode
  /** Whether the database did what was asked. */
  readonly outcome: Outcome
  /** The hazard of the catalogue that was met, if it is one. */
  readonly hazard: HazardId | undefined
  /** What to do instead. */
  readonly hint: string | undefined
  /** Where the hazard is explained. */
  readonly docsUrl: string | undefined

  constructor(code: PoolerSafeCode, message: string, details: ErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.outcome = details.outcome
    this.hazard = details.hazard
    this.hint = details.hint
    this.docsUrl = details.docsUrl
    Object.defineProperty(this, brand, { value: true })
  }
}

/**
 * The answer to COMMIT, or to a statement that may have written, was lost.
 *
 * Never retried by pooler-safe. Find out through an idempotency key, or make the work idempotent.
 */
export class OutcomeUnknownError extends PoolerSafeError {
  override readonly name: string = 'OutcomeUnknownError'

  constructor(message: string, details: Omit<ErrorDetails, 'outcome'>) {
    super('POOLER_SAFE_OUTCOME_UNKNOWN', message, { ...details, outcome: 'unknown' })
  }
}

/** Says whether an error was raised by pooler-safe, also by another copy of it. */
export function isPoolerSafeError(error: unknown): error is PoolerSafeError {
  return typeof error === 'object' && error !== null && brand in error
}
