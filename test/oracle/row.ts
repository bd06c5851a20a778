import { expandPattern } from '../agreement/patterns.ts'
import type { ExceptionId } from './exceptions.ts'

/** What one experiment needs beside its statement, and what is known about it beforehand. */
export interface Circumstances {
  /** Session state made beforehand on the same session, such as the prepared statement to execute. */
  readonly given?: readonly string[]
  /** Statements between BEGIN and this one, in the run inside a transaction. */
  readonly within?: readonly string[]
  /** SQLSTATE of PostgreSQL's refusal, in both runs. */
  readonly fails?: string
  /** SQLSTATE of the refusal when the statement runs alone. */
  readonly failsAlone?: string
  /** SQLSTATE of the refusal inside a transaction. */
  readonly failsInside?: string
  /**
   * A query whose answer tells the state that the statement leaves, where no view of PostgreSQL does: the same after
   * every run, and another one on a fresh session.
   */
  readonly shownBy?: string
  readonly except?: ExceptionId | readonly ExceptionId[]
  /** Run on another session after each run, where something outlives the database's session on purpose. */
  readonly undo?: readonly string[]
}

/** One experiment of the corpus. */
export interface Row extends Circumstances {
  readonly sql: string
}

let made = 0

/**
 * The rows of patterns such as `set {|session }work_mem to {1024|2048}`, under the same circumstances. `#` in a pattern
 * is a number of its own for each row, for the names of objects.
 */
export function rows(circumstances: Circumstances, ...patterns: readonly string[]): Row[] {
  return patterns.flatMap((pattern) =>
    expandPattern(pattern).map((sql) => {
      made += 1
      return { ...circumstances, sql: sql.replaceAll('#', String(made)) }
    }),
  )
}

/** Rows without circumstances. */
export function plain(...patterns: readonly string[]): Row[] {
  return rows({}, ...patterns)
}

export function exceptionsOf({ except = [] }: Row): readonly ExceptionId[] {
  return typeof except === 'string' ? [except] : except
}
