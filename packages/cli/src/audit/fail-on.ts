import { catalogue } from '@pooler-safe/hazards'
import { ruleNames } from 'eslint-plugin-pooler-safe/analysis'
import { didYouMean } from '../command-line/options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import { operationVerdicts, type AuditReport } from './report.ts'

const severities = ['leak', 'loss', 'wrong', 'hang', 'perf'] as const
const words: readonly string[] = [
  'finding',
  'error',
  'none',
  ...operationVerdicts,
  ...severities,
  ...ruleNames,
  ...catalogue.map(({ id }) => id),
]

/** Checks the words of `--fail-on`. Throws a `UsageError`. */
export function readFailOn(given: readonly string[]): ReadonlySet<string> {
  for (const word of given) {
    if (!words.includes(word)) {
      throw new UsageError(
        `--fail-on knows no "${word}".`,
        didYouMean(word, words) ??
          `It takes finding, error, none, ${operationVerdicts.join(', ')}, ${severities.join(', ')}, rules and hazards.`,
      )
    }
  }
  return new Set(given.length === 0 ? ['finding'] : given)
}

/** Whether a report has what the command was told to fail on. */
export function isFailing({ findings, operations }: AuditReport, failOn: ReadonlySet<string>): boolean {
  if (failOn.has('none')) return false
  const fails = findings.some(
    ({ level, rule, hazard, severity }) =>
      failOn.has('finding') ||
      (level === 'error' && failOn.has('error')) ||
      failOn.has(rule) ||
      (hazard !== undefined && failOn.has(hazard)) ||
      (severity !== undefined && severity !== 'error' && failOn.has(severity)),
  )
  return fails || operations.some(({ verdict, directive }) => directive === undefined && failOn.has(verdict))
}
