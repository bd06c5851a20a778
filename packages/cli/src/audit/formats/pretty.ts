import { hazard, hazardDocsUrl } from '@pooler-safe/hazards'
import type { Paint } from '../../command-line/paint.ts'
import { operationVerdicts, type AuditFinding, type AuditReport, type Count } from '../report.ts'
import type { RenderOptions } from './render.ts'

/** A report for a terminal: each finding at its line, then the operations if wanted, then the sums. */
export function renderPretty(report: AuditReport, { paint, listsOperations, showsNotes }: RenderOptions): string {
  const parts = report.findings.map((finding) => describeFinding(finding, paint))
  if (listsOperations) parts.push(operationTable(report))
  if (showsNotes && report.notes.length > 0) {
    parts.push(
      report.notes
        .map(({ file, line, note }) =>
          paint('dim', `note: ${file}${line === undefined ? '' : `:${String(line)}`}: ${note}`),
        )
        .join('\n'),
    )
  }
  parts.push(summary(report, paint))
  return `${parts.join('\n\n')}\n`
}

function describeFinding(finding: AuditFinding, paint: Paint): string {
  const { certain, column, excerpt, file, fix, hazard: id, level, line, message, proposed, rule, suggestion } = finding
  const colour = level === 'error' ? 'red' : 'yellow'
  const gutter = ' '.repeat(String(line).length)
  const bar = paint('cyan', '│')
  const lines = [
    `${paint(colour, `${level}[${rule}]`)}${certain ? '' : paint('dim', ' (likely)')}: ${paint('bold', message)}`,
    `${gutter} ${paint('cyan', '╭▸')} ${file}:${String(line)}:${String(column)}`,
    `${paint('cyan', String(line))} ${bar} ${excerpt.text}`,
    `${gutter} ${bar} ${indent(excerpt.text, excerpt.column)}${paint(colour, '━'.repeat(excerpt.length))}`,
  ]
  if (proposed !== undefined) {
    const title = fix ? 'fix' : `suggestion${suggestion?.title ? ` (${suggestion.title})` : ''}`
    lines.push(
      `${gutter} ${bar} ${paint('green', `${title}:`)}`,
      `${paint('red', String(line))} ${paint('red', '-')} ${excerpt.text}`,
      `${paint('green', String(line))} ${paint('green', '+')} ${proposed}`,
    )
  }
  const good = id === undefined ? undefined : hazard(id).alternatives.find((item) => item.good !== undefined)?.good
  if (proposed === undefined && good !== undefined && !good.includes('\n'))
    lines.push(`${gutter} ${paint('cyan', '╰')} help: ${good}`)
  lines.push(`${gutter} ${paint('cyan', '╰')} ${id === undefined ? `docs/rules/${rule}.md` : hazardDocsUrl(id)}`)
  return lines.join('\n')
}

/** Blanks up to a column, with the tabs of the line above. */
function indent(text: string, column: number): string {
  return text.slice(0, column - 1).replace(/[^\t]/g, ' ')
}

function operationTable({ operations }: AuditReport): string {
  const rows = operations.map((operation) => [
    `${operation.file}:${String(operation.line)}:${String(operation.column)}`,
    `${operation.driver}.${operation.method}`,
    operation.receiver,
    operation.verdict + (operation.certain ? '' : '?'),
    operation.fingerprint ?? '-',
    operation.directive
      ? `allowed: ${operation.directive.reason}`
      : (operation.sql ?? '(put together at run time)').slice(0, 80),
  ])
  const widths = [0, 1, 2, 3, 4].map((index) => Math.max(...rows.map((row) => (row[index] ?? '').length), 0))
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function summary({ findings, summary: sums }: AuditReport, paint: Paint): string {
  const errors = findings.filter(({ level }) => level === 'error').length
  const said =
    findings.length === 0
      ? paint('green', 'No findings.')
      : paint(
          'bold',
          `${plural(findings.length, 'finding')}: ${plural(errors, 'error')}, ${plural(findings.length - errors, 'warning')}.`,
        )
  const more = [
    ...(sums.allowed > 0 ? [`${String(sums.allowed)} allowed with a reason.`] : []),
    ...(sums.known > 0 ? [`${String(sums.known)} known from the baseline.`] : []),
  ]
  const verdicts = operationVerdicts
    .filter((verdict) => sums.byVerdict[verdict] > 0)
    .map((verdict) => `${String(sums.byVerdict[verdict])} ${verdict}`)
  return [
    [said, ...more].join(' '),
    `${plural(sums.operations, 'operation')} in ${plural(sums.analysed, 'file')} of ${String(sums.files)}${verdicts.length > 0 ? `: ${verdicts.join(', ')}` : ''}.`,
    ...(sums.dynamic > 0
      ? [
          paint(
            'dim',
            `unknown: the SQL is put together at run time, nobody can read it here. --fail-on unknown, or --operations to see them.`,
          ),
        ]
      : []),
    ...counts(
      'by hazard',
      sums.byHazard.filter(({ findings: number }) => number > 0),
    ),
    ...(sums.byPackage.length > 1 ? counts('by package', sums.byPackage) : []),
  ].join('\n')
}

function counts(title: string, list: readonly Count[]): string[] {
  if (list.length === 0) return []
  const shown = list
    .slice(0, 12)
    .map(
      ({ name, findings, operations }) =>
        `  ${String(findings).padStart(5)}  ${name} (${plural(operations, 'operation')})`,
    )
  return ['', title, ...shown, ...(list.length > 12 ? [`         and ${String(list.length - 12)} more`] : [])]
}

export function plural(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}
