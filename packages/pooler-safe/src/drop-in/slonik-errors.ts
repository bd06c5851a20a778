import { isPoolerSafeError, sqlStateOf } from 'pooler-safe'
import {
  BackendTerminatedError,
  BackendTerminatedUnexpectedlyError,
  CheckExclusionConstraintViolationError,
  CheckIntegrityConstraintViolationError,
  ForeignKeyIntegrityConstraintViolationError,
  IdleTransactionTimeoutError,
  InputSyntaxError,
  InvalidInputError,
  NotNullIntegrityConstraintViolationError,
  StatementCancelledError,
  StatementTimeoutError,
  UniqueIntegrityConstraintViolationError,
} from 'slonik'

type SlonikQuery = ConstructorParameters<typeof InputSyntaxError>[1]

/** The errors of Slonik that are told by SQLSTATE alone. */
const bySqlState: Readonly<Record<string, new (error: Error) => Error>> = {
  '23502': NotNullIntegrityConstraintViolationError,
  '23503': ForeignKeyIntegrityConstraintViolationError,
  '23505': UniqueIntegrityConstraintViolationError,
  '23514': CheckIntegrityConstraintViolationError,
  '23P01': CheckExclusionConstraintViolationError,
  '25P03': IdleTransactionTimeoutError,
  '57P01': BackendTerminatedError,
}

/** The error that Slonik raises for one of `pg` or pooler-safe, which becomes its cause. Others stay what they are. */
export function slonikError(error: Error, query?: SlonikQuery): Error {
  if (isPoolerSafeError(error)) {
    return error.code === 'POOLER_SAFE_TIMEOUT' ? new StatementTimeoutError(error) : error
  }
  const message = error.message.toLowerCase()
  if (message.includes('connection terminated unexpectedly')) return new BackendTerminatedUnexpectedlyError(error)
  if (message.includes('connection terminated')) return new BackendTerminatedError(error)
  const state = sqlStateOf(error)
  if (state === undefined) return error
  if (state === '22P02') return new InvalidInputError(error.message, { cause: error })
  if (state === '42601' && query) return new InputSyntaxError(error, query)
  // The code is the same for both; only the text says who asked.
  if (state === '57014') {
    return message.includes('user request') ? new StatementCancelledError(error) : new StatementTimeoutError(error)
  }
  const Known = bySqlState[state]
  return Known ? new Known(error) : error
}
