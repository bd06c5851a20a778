import { analyzeSql } from '@pooler-safe/hazards'
import type { Finding } from './finding.ts'
import { readSql, type ReadSql } from './grammar.ts'
import { matchesGlob, type Settings } from './settings.ts'
import { scriptFindings } from './sql-findings.ts'

/** A file of SQL to analyse. */
export interface ScriptInput {
  readonly path: string
  readonly source: string
  readonly settings?: Settings
  /** The statements run inside a transaction that a migration tool opens. Default false. */
  readonly inTransaction?: boolean
}

export interface ScriptAnalysis {
  readonly text: ReadSql
  readonly findings: readonly Finding[]
}

const sessionRules: ReadonlySet<string> = new Set([
  'no-session-state',
  'no-session-lock',
  'no-session-object',
  'no-listen',
  'no-named-statement',
  'no-hazard-in-body',
])

/** Finds what is wrong with the statements of a file of SQL behind a transaction-mode pooler. */
export function analyzeScript({ path, source, settings = {}, inTransaction = false }: ScriptInput): ScriptAnalysis {
  const text = readSql([{ text: source, start: 0 }], true)
  if (matchesGlob(settings.foreign, path)) return { text, findings: [] }
  const isSessionMode = matchesGlob(settings.sessionMode?.files, path)
  const findings = scriptFindings(text, settings, inTransaction).filter(
    (finding) =>
      !(isSessionMode && sessionRules.has(finding.rule)) && (text.readBy === 'grammar' || isStatement(text, finding)),
  )
  return { text, findings }
}

/** In a file that the grammar refuses as a whole: whether it takes this statement. */
function isStatement(text: ReadSql, { range }: Finding): boolean {
  const statement = analyzeSql(text.sql.text).statements.find(({ start, end }) => start <= range[0] && range[0] < end)
  if (!statement) return false
  return readSql([{ text: text.sql.text.slice(statement.start, statement.end), start: 0 }], true).readBy === 'grammar'
}
