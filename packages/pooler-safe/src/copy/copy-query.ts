import { analyzeSql } from '@pooler-safe/hazards'
import type { ConnectionInternals } from '../client/pg-internals.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { judgeSql } from '../client/sql-policy.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { invalidStatement } from '../session/read-statement.ts'

/** A COPY in the simple protocol, which has the client for itself until it ends. */
export abstract class CopyQuery extends SafeQuery {
  constructor(text: string) {
    super(text)
    this.scope = 'internal'
  }

  /** The error of the caller's own data, which comes out as it is. */
  abstract readonly ownError: Error | undefined
  /** It ended in a way that may leave bytes of it behind: nothing else may use the client connection. */
  abstract readonly isOutOfStep: boolean
}

/** What pg's connection has for COPY. */
export interface CopyConnection extends ConnectionInternals {
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
  sendCopyFail(message: string): void
}

/**
 * Checks that a text is one COPY in the direction that is meant.
 *
 * @throws PoolerSafeError POOLER_SAFE_COPY, POOLER_SAFE_INVALID_QUERY, POOLER_SAFE_UNREADABLE_SQL
 */
export function checkCopy(text: unknown, command: 'copy-in' | 'copy-out'): void {
  if (typeof text !== 'string') throw invalidStatement('The statement of a COPY is a text.')
  const { refusal } = judgeSql(text, false, 'internal', 'T')
  if (refusal) throw refusal
  const { statements } = analyzeSql(text)
  if (statements.length === 1 && statements[0]?.command === command) return
  const [name, direction] = command === 'copy-in' ? ['copyFrom', 'from stdin'] : ['copyTo', 'to stdout']
  throw new PoolerSafeError(
    'POOLER_SAFE_COPY',
    `${name}() runs one statement, copy … ${direction}, and nothing else.`,
    {
      outcome: 'not-executed',
      hazard: 'copy',
      hint: `${name}('copy job (id, state) ${direction} (format csv)').`,
    },
  )
}
