import type { Interruption } from '../client/safe-query.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { checkOptions } from '../session/read-statement.ts'
import type { QueryOptions } from '../session/session.ts'
import { CopyInQuery, checkSource, type CopySource } from './copy-in-query.ts'
import { CopyOutQuery } from './copy-out-query.ts'
import { checkCopy } from './copy-query.ts'

/** Options of `copyFrom` and `copyTo`. Unknown ones are refused with POOLER_SAFE_BAD_OPTION. */
export interface CopyOptions extends QueryOptions {
  /** How long the COPY may take as a whole, in milliseconds: it holds a backend. Default: no limit. */
  readonly timeoutMs?: number
  /** Cancels the COPY when it fires. */
  readonly signal?: AbortSignal
}

const known: ReadonlySet<string> = new Set(['timeoutMs', 'signal'])

/** @throws PoolerSafeError before anything is sent */
export function readCopyIn(
  text: string,
  source: CopySource,
  options: CopyOptions,
): { readonly query: CopyInQuery; readonly limits: QueryOptions } {
  checkCopy(text, 'copy-in')
  checkSource(source)
  return { limits: checkOptions(options, 'copyFrom', known), query: new CopyInQuery(text, source) }
}

/** @throws PoolerSafeError before anything is sent */
export function readCopyOut(
  text: string,
  options: CopyOptions,
): { readonly query: CopyOutQuery; readonly limits: QueryOptions } {
  checkCopy(text, 'copy-out')
  return { limits: checkOptions(options, 'copyTo', known), query: new CopyOutQuery(text) }
}

export const leftEarly: Interruption = (outcome, cause) =>
  new PoolerSafeError('POOLER_SAFE_ABORTED', 'The COPY was cancelled: its bytes are not wanted any more.', {
    outcome,
    cause,
  })
