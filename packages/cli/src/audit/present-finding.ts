import { hazard } from '@pooler-safe/hazards'
import { messageOf, type Finding } from 'eslint-plugin-pooler-safe/analysis'
import { createHash } from 'node:crypto'
import type { AuditedFile } from './collected.ts'
import type { Level } from './levels.ts'
import type { Positions } from './positions.ts'
import type { AuditEdit, AuditFinding, OperationVerdict } from './report.ts'

export interface FindingContext {
  readonly file: AuditedFile
  readonly source: string
  readonly positions: Positions
}

/** A finding of the analysis as reports have it. */
export function presentFinding(
  finding: Finding,
  level: Level,
  { file, source, positions }: FindingContext,
  operation?: { readonly index: number; readonly verdict: OperationVerdict },
): AuditFinding {
  const place = positions.place(file.name, finding.range)
  const fix = finding.fix && edits(finding.fix)
  const [first] = finding.suggestions ?? []
  const suggestion = first && { title: first.title, edits: edits(first.edits) }
  const proposed = proposedLine(fix ?? suggestion?.edits, place.line, source, positions)
  return {
    rule: finding.rule,
    ...(finding.hazard !== undefined && { hazard: finding.hazard, severity: hazard(finding.hazard).severity }),
    level,
    message: messageOf(finding),
    subject: finding.subject,
    certain: finding.certain,
    package: file.package,
    ...place,
    excerpt: positions.excerpt(place),
    ...(operation && { operation: operation.index, verdict: operation.verdict }),
    ...(fix && { fix }),
    ...(suggestion && { suggestion }),
    ...(proposed !== undefined && { proposed }),
    identity: identityOf(finding.rule, finding.subject, positions.line(place.line)),
  }
}

/** The same for the same code, wherever in the file it moves. */
export function identityOf(rule: string, subject: string, line: string): string {
  const text = [rule, subject, line.replace(/\s+/g, ' ').trim()].join('\0')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

function edits(given: NonNullable<Finding['fix']>): readonly AuditEdit[] {
  return given.map(({ range, text }) => ({ start: range[0], end: range[1], text }))
}

/** What the edits make of a line; nothing when they reach beyond it or make several of it. */
function proposedLine(
  change: readonly AuditEdit[] | undefined,
  line: number,
  source: string,
  positions: Positions,
): string | undefined {
  if (!change || change.length === 0) return undefined
  if (
    change.some(
      ({ start, end, text }) =>
        positions.at(start).line !== line || positions.at(end).line !== line || text.includes('\n'),
    )
  )
    return undefined
  const [any] = change
  const from = (any?.start ?? 0) - positions.at(any?.start ?? 0).column + 1
  let text = positions.line(line)
  if (text.length > 400 || source.slice(from, from + text.length) !== text) return undefined
  for (const edit of change.toSorted((a, b) => b.start - a.start)) {
    text = text.slice(0, edit.start - from) + edit.text + text.slice(edit.end - from)
  }
  return text
}
