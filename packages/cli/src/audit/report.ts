import type { HazardId, Severity } from '@pooler-safe/hazards'
import type { RuleName } from 'eslint-plugin-pooler-safe/analysis'

/** Changes when a consumer of the JSON would have to. */
export const schemaVersion = 1

/** What an operation needs from its backend. `unknown`: its SQL is put together where nobody can read it. */
export type OperationVerdict = 'safe' | 'opaque' | 'txctl' | 'tx' | 'session' | 'unknown'

/** Verdicts in the order of reports, worst first. */
export const operationVerdicts: readonly OperationVerdict[] = ['session', 'tx', 'txctl', 'opaque', 'unknown', 'safe']

/** A part of a file. Lines and columns count from 1, columns in UTF-16 units; the end is exclusive. */
export interface Place {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly endLine: number
  readonly endColumn: number
}

/** A place where a statement is run. */
export interface AuditOperation extends Place {
  readonly id: number
  /** The package that the file belongs to, by the name in its manifest. */
  readonly package: string
  /** The library, `sql` for a file of SQL. */
  readonly driver: string
  readonly method: string
  /** What runs it: `pool`, `client`, `transaction`, `either`, `direct`, `script` or `unknown`. */
  readonly receiver: string
  /** Where it runs, as far as the code shows. */
  readonly context: string
  /** The same for texts that differ only in their constants; absent when the text could not be read. */
  readonly fingerprint?: string
  /** The beginning of the text. */
  readonly sql?: string
  readonly verdict: OperationVerdict
  /** Whether PostgreSQL's own grammar read the text and the driver is known. */
  readonly certain: boolean
  readonly hazards: readonly HazardId[]
  /** What to write instead, from the catalogue. */
  readonly cure?: string
  /** The comment that allows what it does. */
  readonly directive?: AuditDirective
}

export interface AuditDirective {
  readonly allows: string
  readonly reason: string
}

/** A replacement of a part of the source, by offset. */
export interface AuditEdit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** The line of the source that a finding points at. `column` counts from 1 within `text`. */
export interface Excerpt {
  readonly text: string
  readonly column: number
  readonly length: number
}

/** Something that breaks, leaks or loses data behind a transaction-mode pooler. */
export interface AuditFinding extends Place {
  readonly rule: RuleName
  readonly hazard?: HazardId
  readonly level: 'error' | 'warning'
  readonly severity?: Severity
  /** What happens and what to do, in one line. */
  readonly message: string
  readonly subject: string
  readonly certain: boolean
  readonly package: string
  readonly excerpt: Excerpt
  /** The operation it belongs to, by id. */
  readonly operation?: number
  /** The verdict of that operation. */
  readonly verdict?: OperationVerdict
  /** A change that is provably safe. */
  readonly fix?: readonly AuditEdit[]
  /** A change that the reader has to judge. */
  readonly suggestion?: { readonly title: string; readonly edits: readonly AuditEdit[] }
  /** The line as the change would leave it, when it stays one line. */
  readonly proposed?: string
  /** Stays the same when lines move. */
  readonly identity: string
}

/** What was found and is allowed by a comment. */
export interface AllowedFinding extends AuditFinding {
  readonly directive: AuditDirective
}

/** An address of a database in a configuration file. Never holds a password. */
export interface AuditEndpoint extends Place {
  readonly package: string
  /** The variable or option that holds it. */
  readonly name: string
  readonly mode: string
  readonly provider?: string
  readonly pooler?: string
}

/** A file that was not read, or not as a whole, and why. */
export interface AuditNote {
  readonly file: string
  readonly line?: number
  readonly note: string
}

export interface Count {
  readonly name: string
  readonly operations: number
  readonly findings: number
}

export interface AuditSummary {
  readonly files: number
  /** Files with a word that a database operation needs. */
  readonly analysed: number
  readonly operations: number
  readonly findings: number
  readonly allowed: number
  /** Findings that the baseline has. */
  readonly known: number
  /** Operations whose SQL nobody can read from the source. */
  readonly dynamic: number
  readonly byVerdict: Readonly<Record<OperationVerdict, number>>
  readonly byDriver: readonly Count[]
  readonly byPackage: readonly Count[]
  readonly byHazard: readonly Count[]
}

/** Everything that an audit found. Plain data: it goes through JSON unchanged. */
export interface AuditReport {
  readonly schemaVersion: typeof schemaVersion
  readonly tool: { readonly name: 'pooler-safe'; readonly version: string }
  /** What was looked at, as it was asked for. */
  readonly paths: readonly string[]
  readonly summary: AuditSummary
  /** In order of file and line. */
  readonly findings: readonly AuditFinding[]
  readonly allowed: readonly AllowedFinding[]
  readonly operations: readonly AuditOperation[]
  readonly endpoints: readonly AuditEndpoint[]
  readonly notes: readonly AuditNote[]
}
