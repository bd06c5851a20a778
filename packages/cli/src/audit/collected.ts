import type { AllowedFinding, AuditEndpoint, AuditFinding, AuditNote, AuditOperation } from './report.ts'

/** An operation before it is numbered. */
export type FoundOperation = Omit<AuditOperation, 'id'>

/** A finding before its operation is numbered: `operation` counts within the file. */
export interface FileResult {
  readonly operations: readonly FoundOperation[]
  readonly findings: readonly AuditFinding[]
  readonly allowed: readonly AllowedFinding[]
  readonly endpoints: readonly AuditEndpoint[]
  readonly notes: readonly AuditNote[]
}

export const nothing: FileResult = { operations: [], findings: [], allowed: [], endpoints: [], notes: [] }

/** A file about to be read. */
export interface AuditedFile {
  /** Absolute. */
  readonly path: string
  /** As reports name it: relative, with slashes. */
  readonly name: string
  readonly package: string
}
