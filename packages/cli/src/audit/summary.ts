import { operationVerdicts, type AuditReport, type AuditSummary, type Count, type OperationVerdict } from './report.ts'

/** Counts what a report has. */
export function summarise(
  { findings, allowed, operations }: Pick<AuditReport, 'findings' | 'allowed' | 'operations'>,
  { files, analysed, known }: Pick<AuditSummary, 'files' | 'analysed' | 'known'>,
): AuditSummary {
  const verdicts = Object.fromEntries(
    operationVerdicts.map((verdict) => [
      verdict,
      operations.filter((operation) => operation.verdict === verdict).length,
    ]),
  ) as Record<OperationVerdict, number>
  return {
    files,
    analysed,
    operations: operations.length,
    findings: findings.length,
    allowed: allowed.length,
    known,
    dynamic: verdicts.unknown,
    byVerdict: verdicts,
    byDriver: count(
      operations.map(({ driver }) => driver),
      findings.flatMap(({ operation }) => {
        const driver = operations.find(({ id }) => id === operation)?.driver
        return driver === undefined ? [] : [driver]
      }),
    ),
    byPackage: count(
      operations.map((operation) => operation.package),
      findings.map((finding) => finding.package),
    ),
    byHazard: count(
      operations.flatMap(({ hazards }) => hazards),
      findings.map(({ hazard, rule }) => hazard ?? rule),
    ),
  }
}

function count(operations: readonly string[], findings: readonly string[]): readonly Count[] {
  const counts = new Map<string, { operations: number; findings: number }>()
  const of = (name: string) => {
    const known = counts.get(name)
    if (known) return known
    const made = { operations: 0, findings: 0 }
    counts.set(name, made)
    return made
  }
  for (const name of operations) of(name).operations += 1
  for (const name of findings) of(name).findings += 1
  return [...counts]
    .map(([name, numbers]) => ({ name, ...numbers }))
    .sort((a, b) => b.findings - a.findings || b.operations - a.operations || (a.name < b.name ? -1 : 1))
}
