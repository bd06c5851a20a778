import type { HazardId, Severity } from '../hazard.ts'

/**
 * What a statement needs from its backend, from harmless to dangerous.
 *
 * - `safe`: nothing that outlives the statement.
 * - `opaque`: runs code that the text does not show (`do`, `call`).
 * - `txctl`: opens or ends a transaction.
 * - `tx`: has its meaning only inside an open transaction (`set local`, transaction-level locks, cursors).
 * - `session`: leaves or reads state of the backend's session, which a transaction-mode pooler gives to a stranger.
 */
export type Verdict = 'safe' | 'opaque' | 'txctl' | 'tx' | 'session'

/** Verdicts in ascending order; a text has the worst verdict of its statements. */
export const verdicts: readonly Verdict[] = ['safe', 'opaque', 'txctl', 'tx', 'session']

/** Transaction control, and the other commands that a session has to treat specially. */
export type Command =
  | 'begin'
  | 'commit'
  | 'commit-and-chain'
  | 'rollback'
  | 'rollback-and-chain'
  | 'savepoint'
  | 'release'
  | 'rollback-to'
  | 'prepare-transaction'
  | 'commit-prepared'
  | 'rollback-prepared'
  | 'set-transaction'
  | 'copy-in'
  | 'copy-out'
  | 'no-transaction'
  | 'empty'
  | 'other'

/** A text edit that removes a hazard. `safe` says that it cannot change what the program means. */
export interface SqlFix {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly safe: boolean
}

/**
 * One reason why a statement has its verdict. Offsets are UTF-16, from the start of the whole text. A reason whose own
 * verdict is `safe` is a remark: it does not make the statement worse.
 */
export interface SqlReason {
  readonly hazard: HazardId
  readonly verdict: Verdict
  /** The words at fault: the setting, the function, the object (`search_path`, `pg_advisory_lock`). */
  readonly subject: string
  readonly start: number
  readonly end: number
  readonly fix?: SqlFix
}

/** One statement of a text. `start` and `end` leave out surrounding blanks, comments and the semicolon. */
export interface AnalyzedStatement {
  readonly index: number
  readonly start: number
  readonly end: number
  readonly verdict: Verdict
  readonly command: Command
  readonly reasons: readonly SqlReason[]
}

/**
 * What a text does, whatever the context it runs in. Cached by text at run time; never mutated.
 *
 * There is always at least one statement: a text of blanks and comments has one whose command is `empty`.
 */
export interface SqlAnalysis {
  readonly verdict: Verdict
  readonly statements: readonly AnalyzedStatement[]
  /**
   * Why the text could not be read (NUL byte, unterminated string or comment, …). Such a text is never safe: its
   * verdict is `session`, and its one statement covers it all.
   */
  readonly unreadable?: string
}

/** Where a text is about to run. */
export interface SqlContext {
  /** `autocommit`: alone, on any backend. `transaction`: inside an open one. `batch`: with others under one Sync. */
  readonly mode: 'autocommit' | 'transaction' | 'batch'
  /** Whether parameter values travel with the text, which forces the extended protocol. */
  readonly bound?: boolean
}

/** A hazard in a text, in the context it runs in. */
export interface SqlFinding extends SqlReason {
  /** Index of the statement in the text. */
  readonly statement: number
  readonly severity: Severity
  /**
   * Whether the text must not run there: it leaks, loses its meaning or fails. False for advice (a long statement, a
   * lock that is gone at once, a routine whose inside nobody sees).
   */
  readonly refuse: boolean
}
