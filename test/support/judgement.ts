import type { PoolerReport, Violation } from '@pooler-safe/testkit'
import type { ExpectedViolation } from './expected-violations.ts'

/** What the shared pooler found in a judged run, test file by test file. */
export interface Judgement {
  readonly transactions: number
  readonly findings: readonly FileFinding[]
  /** How many violations are expected, with the reasons. */
  readonly expected: readonly (ExpectedViolation & { readonly count: number })[]
  /** Entries of one file that ran and did nothing of the kind. */
  readonly stale: readonly ExpectedViolation[]
}

/** A violation that nobody explained. */
export interface FileFinding {
  readonly file: string
  readonly violation: Violation
}

const isOf = ({ file: wanted }: ExpectedViolation, file: string): boolean =>
  typeof wanted === 'string' ? wanted === file : wanted.test(file)

const fits = (entry: ExpectedViolation, file: string, { hazard, sql, summary }: Violation): boolean =>
  isOf(entry, file) && entry.hazard === hazard && (entry.matches?.test(sql ?? summary) ?? true)

/** Sorts the violations of a run by test file, and takes out what is expected. `fileOf` knows whose a database was. */
export function judgeRun(
  report: PoolerReport,
  fileOf: ReadonlyMap<string, string>,
  expected: readonly ExpectedViolation[],
): Judgement {
  const counts = new Map<ExpectedViolation, number>()
  const findings: FileFinding[] = []
  for (const violation of report.hazards.flatMap(({ violations }) => violations)) {
    const file = fileOf.get(violation.client.database) ?? `database ${violation.client.database}`
    const entry = expected.find((one) => fits(one, file, violation))
    if (entry) counts.set(entry, (counts.get(entry) ?? 0) + 1)
    else findings.push({ file, violation })
  }
  const ran = new Set<unknown>(fileOf.values())
  return {
    transactions: report.counts.transactions,
    findings,
    expected: [...counts].map(([entry, count]) => ({ ...entry, count })),
    stale: expected.filter((entry) => ran.has(entry.file) && entry.isTimed !== true && !counts.has(entry)),
  }
}

/** The judgement in lines of text. */
export function describeJudgement({ transactions, findings, expected, stale }: Judgement): string {
  const onPurpose = expected.reduce((sum, { count }) => sum + count, 0)
  return [
    `Judged: ${transactions} transactions, ${findings.length} findings, ${onPurpose} violations on purpose.`,
    ...findings.map(
      ({ file, violation: { hazard, summary, sql, client } }) =>
        `  ${file}: ${hazard}: ${summary} (${client.applicationName})${sql === undefined ? '' : `\n    ${sql.slice(0, 200)}`}`,
    ),
    ...stale.map(({ file, hazard }) => `  ${String(file)} does nothing of ${hazard} any more: take its entry out.`),
  ].join('\n')
}
