import { describePlace, oneLine } from './describe-violation.ts'
import type { PoolerReport, ReportedHazard } from './report.ts'

type Paint = (style: 'bold' | 'red' | 'yellow' | 'dim', text: string) => string

export interface PrettyOptions {
  /** Violations shown of each hazard. Default 5. */
  readonly perHazard?: number
  /** Colours a text for a terminal; by default nothing is coloured. */
  readonly paint?: Paint
}

/** A report for a terminal: hazards worst first, each with its statements and what to write instead. */
export function renderPretty(report: PoolerReport, options: PrettyOptions = {}): string {
  const paint: Paint = options.paint ?? ((_style, text) => text)
  const { counts, seed, schedule, profile } = report
  const run = `${counts.transactions} transactions of ${counts.clients} clients on ${counts.backends} backends`
  const how = `profile ${profile}, schedule ${schedule}, seed ${seed}`
  const lines = report.hazards.flatMap((group) => describeHazard(group, options.perHazard ?? 5, paint))
  if (report.unattributed.length > 0) {
    lines.push(
      paint('yellow', `${report.unattributed.length} pieces of residue were left between two sampled audits:`),
      ...report.unattributed
        .slice(0, 5)
        .map(({ residue, backendPid }) => `  ${residue.kind} ${residue.name} on backend ${backendPid}`),
      '',
    )
  }
  const verdict =
    counts.violations === 0
      ? paint('bold', 'No violations.')
      : paint('red', `${counts.violations} violations of ${report.hazards.length} hazards.`)
  const more = [
    ...(counts.allowed > 0 ? [`${counts.allowed} allowed with a reason.`] : []),
    ...(counts.dropped > 0 ? [`${counts.dropped} more were not kept.`] : []),
  ]
  return [...lines, [verdict, ...more].join(' '), paint('dim', `${run}; ${how}`), ''].join('\n')
}

function describeHazard(
  { hazard, title, severity, count, alternative, docsUrl, violations }: ReportedHazard,
  perHazard: number,
  paint: Paint,
): string[] {
  const shown = violations.slice(0, perHazard).flatMap((violation) => {
    const { summary, sql, occurrences } = violation
    const times = occurrences > 1 ? ` (${occurrences} times)` : ''
    return [
      `  ${summary}${times}`,
      ...(sql === undefined ? [] : [`    ${oneLine(sql)}`]),
      paint('dim', `    ${describePlace(violation)}`),
    ]
  })
  const rest = violations.length - Math.min(violations.length, perHazard)
  return [
    `${paint('bold', title)} ${paint('red', severity)} ${hazard} × ${count}`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `  instead: ${alternative}`,
    `  ${docsUrl}`,
    '',
  ]
}
