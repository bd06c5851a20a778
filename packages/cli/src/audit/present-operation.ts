import { hazard, verdicts, type HazardId } from '@pooler-safe/hazards'
import { fingerprint, GrammarUnavailable, SqlSyntaxError } from '@pooler-safe/sql-grammar'
import type { AnalysedOperation, Finding, ReadSql } from 'eslint-plugin-pooler-safe/analysis'
import { createHash } from 'node:crypto'
import type { OperationVerdict } from './report.ts'

const longestSql = 2_000
const longestRead = 1_000_000

/** What a text needs from its backend. A text that is too long to be read is not safe, but unknown. */
export function verdictOfText({ analysis, sql }: ReadSql): OperationVerdict {
  if (sql.text.length > longestRead || analysis.unreadable !== undefined) return 'unknown'
  return analysis.verdict
}

/** The worst of what an operation may run; what names a statement needs the session that the name is in. */
export function verdictOf(operation: AnalysedOperation, findings: readonly Finding[]): OperationVerdict {
  if (findings.some(({ rule }) => rule === 'no-named-statement' || rule === 'no-listen')) return 'session'
  const known = operation.texts.map(verdictOfText)
  if (known.length === 0 || known.includes('unknown')) return 'unknown'
  return verdicts.findLast((verdict) => known.includes(verdict)) ?? 'safe'
}

/** Whether there is nothing to guess about an operation. */
export function isCertain({ driver, texts }: AnalysedOperation): boolean {
  return driver !== 'unknown' && texts.length > 0 && texts.every(({ readBy }) => readBy === 'grammar')
}

/** The beginning of a text on one line. */
export function shorten(text: string): string {
  const line = text
    .slice(0, longestSql * 2)
    .replace(/\s+/g, ' ')
    .trim()
  return line.length > longestSql ? `${line.slice(0, longestSql)}…` : line
}

/** The same for texts that differ only in their constants. */
export function fingerprintOf(text: string): string {
  try {
    return fingerprint(text)
  } catch (error) {
    if (!(error instanceof SqlSyntaxError || error instanceof GrammarUnavailable)) throw error
    const plain = text.replace(/\s+/g, ' ').trim().toLowerCase()
    return `t${createHash('sha256').update(plain).digest('hex').slice(0, 15)}`
  }
}

/** The hazards of an operation, worst text first, and what to write instead. */
export function hazardsOf(
  texts: readonly ReadSql[],
  findings: readonly Finding[],
): {
  readonly hazards: readonly HazardId[]
  readonly cure?: string
} {
  const fromFindings = findings
    // Says only that nobody can read the text, as the verdict does.
    .filter(({ rule }) => rule !== 'no-unresolved-sql')
    .flatMap(({ hazard: id }) => (id === undefined ? [] : [id]))
  const fromTexts = texts.flatMap(({ analysis }) =>
    analysis.statements.flatMap(({ reasons }) =>
      reasons.filter(({ verdict }) => verdict === 'session').map((reason) => reason.hazard),
    ),
  )
  const hazards = [...new Set([...fromFindings, ...fromTexts])]
  const [first] = hazards
  if (first === undefined) return { hazards }
  return { hazards, cure: hazard(first).alternatives[0].note }
}
