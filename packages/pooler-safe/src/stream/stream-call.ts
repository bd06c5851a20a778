import { hiddenStep, readStep, type Step } from '../batch/step.ts'
import { badOption } from '../options/client-options.ts'
import { readCall } from '../session/read-statement.ts'
import type { QueryOptions, Statement } from '../session/session.ts'

/** Options of `stream`. Unknown ones are refused with POOLER_SAFE_BAD_OPTION. */
export interface StreamOptions extends QueryOptions {
  /** How many rows one round trip fetches, and how many are in memory. Default 1,000. */
  readonly fetchSize?: number
  /**
   * How long the stream may take as a whole, the loop over its rows included. Default 300,000 on a `Database`: a stream holds
   * a backend until it ends. On a `Transaction`, which has its own deadline, there is no default.
   */
  readonly timeoutMs?: number
  /** Ends the stream when it fires. */
  readonly signal?: AbortSignal
}

const defaultFetchSize = 1_000
export const defaultStreamMs = 300_000

const known: ReadonlySet<string> = new Set(['fetchSize', 'timeoutMs', 'signal'])

/** What `stream` was called with, judged and serialised. */
export interface StreamCall {
  readonly step: Step
  readonly fetchSize: number
  readonly limits: QueryOptions
}

/** @throws SqlRefusedError, PoolerSafeError POOLER_SAFE_INVALID_QUERY, POOLER_SAFE_BAD_OPTION, POOLER_SAFE_BAD_VALUE */
export function readStream(statement: string | Statement, second: unknown, third: unknown): StreamCall {
  const { text, values, options } = readCall(statement, second, third, 'stream', known)
  const { fetchSize = defaultFetchSize, timeoutMs, signal } = options as StreamOptions
  if (!Number.isInteger(fetchSize) || fetchSize < 1) throw badOption('fetchSize', 'must be a whole number, 1 or more')
  const step = readStep(text, values, 'transaction')
  return { step, fetchSize, limits: { ...(timeoutMs !== undefined && { timeoutMs }), ...(signal && { signal }) } }
}

/**
 * Opens a cursor on the query. It ends with its transaction, so no backend keeps it.
 *
 * A cursor in SQL, and not a portal of the protocol: each portion is a request like any other, so that other statements of the
 * transaction can run between two of them, and no pooler has to know about portals.
 */
export function declareStep(name: string, { text, values }: Step): Step {
  const prefix = `declare ${name} no scroll cursor for `
  return {
    ...hiddenStep(prefix + text, values),
    explain: (error) => {
      movePosition(error, prefix.length)
      return error
    },
  }
}

export function fetchStep(name: string, rows: number): Step {
  return { text: `fetch forward ${rows} from ${name}`, values: [], command: 'other', hidden: false, needsBlock: false }
}

export function closeStep(name: string): Step {
  return hiddenStep(`close ${name}`)
}

/** PostgreSQL points into the text it was sent; the caller knows only its own. */
function movePosition(error: unknown, by: number): void {
  const { position } = (error ?? {}) as { position?: unknown }
  if (typeof position !== 'string' || !(Number(position) > by)) return
  Object.assign(error as object, { position: String(Number(position) - by) })
}
