import { PoolerSafeError } from '../errors/pooler-safe-error.ts'

/** A statement that comes behind one that failed. */
export function aborted(cause: unknown): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_ABORTED',
    'Not executed: an earlier statement failed, so the transaction can only be rolled back. Its error is the cause.',
    {
      outcome: 'not-executed',
      hazard: '25p02-cascade',
      hint: 'Let the first error end the callback, or put the statement that may fail into tx.transaction(work).',
      cause,
    },
  )
}

export function ended(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_ENDED',
    'The transaction has ended; its handle cannot be used any more.',
    {
      outcome: 'not-executed',
      hazard: 'query-escapes-tx',
      hint: 'Await everything that uses the handle before the callback returns.',
    },
  )
}

export function busy(): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TRANSACTION_BUSY',
    'A nested transaction is open: its statements would mix with this one.',
    {
      outcome: 'not-executed',
      hazard: 'parallel-in-tx',
      hint: 'Use the handle given to the inner callback, and run nested transactions one after the other.',
    },
  )
}

export function innerCommit(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_TRANSACTION_CONTROL', 'A nested transaction cannot commit the outermost.', {
    outcome: 'not-executed',
    hazard: 'savepoint-misuse',
    hint: 'Call commitWith() on the handle of the outermost transaction.',
  })
}
