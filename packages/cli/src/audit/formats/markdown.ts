import { hazard, hazardDocsUrl, type HazardId } from '@pooler-safe/hazards'
import {
  operationVerdicts,
  type AuditOperation,
  type AuditReport,
  type Count,
  type OperationVerdict,
} from '../report.ts'
import { plural } from './pretty.ts'

const meanings: Readonly<Record<OperationVerdict, string>> = {
  session: 'needs or leaves state of a backend’s session',
  tx: 'has its meaning only inside an open transaction',
  txctl: 'opens or ends a transaction',
  opaque: 'runs code that the text does not show',
  unknown: 'SQL that is put together at run time',
  safe: 'leaves nothing behind',
}

/** A report as a document: sums, findings, and every operation, by verdict. */
export function renderMarkdown(report: AuditReport): string {
  const { allowed, endpoints, findings, notes, operations, summary } = report
  const sections = [
    '# Database operations',
    [
      `${plural(summary.operations, 'operation')} in ${plural(summary.analysed, 'file')} of ${String(summary.files)}, ${plural(summary.findings, 'finding')}.`,
      ...(summary.allowed > 0 ? [`${String(summary.allowed)} allowed with a reason.`] : []),
      ...(summary.known > 0 ? [`${String(summary.known)} known from the baseline.`] : []),
    ].join(' '),
    table(
      ['verdict', 'operations', 'meaning'],
      operationVerdicts.map((verdict) => [verdict, String(summary.byVerdict[verdict]), meanings[verdict]]),
    ),
    ...section('By hazard', countTable('hazard', summary.byHazard, linkHazard)),
    ...section('By package', countTable('package', summary.byPackage)),
    ...section('By driver', countTable('driver', summary.byDriver)),
    ...section(
      'Findings',
      table(
        ['place', 'rule', 'what'],
        findings.map((finding) => [
          code(`${finding.file}:${String(finding.line)}`),
          finding.hazard === undefined ? finding.rule : `${finding.rule} (${linkHazard(finding.hazard)})`,
          finding.message,
        ]),
      ),
    ),
    ...section(
      'Allowed',
      table(
        ['place', 'rule', 'allows', 'because'],
        allowed.map((finding) => [
          code(`${finding.file}:${String(finding.line)}`),
          finding.rule,
          finding.directive.allows,
          finding.directive.reason,
        ]),
      ),
    ),
    ...operationVerdicts.flatMap((verdict) => operationSection(verdict, operations)),
    ...section(
      'Endpoints',
      table(
        ['place', 'name', 'mode', 'pooler'],
        endpoints.map(({ file, line, name, mode, pooler, provider }) => [
          code(`${file}:${String(line)}`),
          code(name),
          mode,
          [provider, pooler].filter((part) => part !== undefined).join(', '),
        ]),
      ),
    ),
    ...section(
      'Not read',
      table(
        ['file', 'why'],
        notes.map(({ file, line, note }) => [code(line === undefined ? file : `${file}:${String(line)}`), note]),
      ),
    ),
  ]
  return `${sections.join('\n\n')}\n`
}

function section(title: string, body: string): string[] {
  return body === '' ? [] : [`## ${title}`, body]
}

function operationSection(verdict: OperationVerdict, operations: readonly AuditOperation[]): string[] {
  const found = operations.filter((operation) => operation.verdict === verdict)
  const rows = found.map((operation) => [
    code(`${operation.file}:${String(operation.line)}`),
    code(`${operation.driver}.${operation.method}`),
    operation.receiver,
    operation.sql === undefined ? '' : code(operation.sql.slice(0, 120)),
    operation.certain ? 'yes' : 'no',
    operation.hazards.map(linkHazard).join(', '),
    operation.directive ? `${operation.directive.allows}: ${operation.directive.reason}` : '',
  ])
  const body = table(['place', 'call', 'on', 'SQL', 'certain', 'hazards', 'directive'], rows)
  return section(`Operations: ${verdict} (${String(found.length)})`, body)
}

function countTable(name: string, counts: readonly Count[], show: (name: string) => string = (text) => text): string {
  return table(
    [name, 'findings', 'operations'],
    counts.map((count) => [show(count.name), String(count.findings), String(count.operations)]),
  )
}

function linkHazard(id: string): string {
  try {
    return `[${id}](${hazardDocsUrl(hazard(id as HazardId).id)})`
  } catch {
    // A rule without a hazard.
    return id
  }
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return ''
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replace(/\n/g, ' ')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map((row) => line(row.map(escapeCell)))].join('\n')
}

function escapeCell(text: string): string {
  return text.replace(/\|/g, '\\|')
}

/** Code in backticks, more of them when it has some itself. */
function code(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return longest > 0 ? `${fence} ${text} ${fence}` : `${fence}${text}${fence}`
}
