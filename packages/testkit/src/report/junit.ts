import { describePlace, oneLine } from './describe-violation.ts'
import type { PoolerReport } from './report.ts'

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** XML 1.0 has no way to write most control characters: they become question marks. */
function xml(text: string): string {
  const writable = Array.from(text, (one) => (one >= ' ' || one === '\n' || one === '\t' ? one : '?')).join('')
  return writable.replaceAll(/[&<>"]/g, (one) => escapes[one] ?? one)
}

/** A report as JUnit XML: a test case for each hazard found, or one that passes. CI systems list them by themselves. */
export function renderJunit(report: PoolerReport): string {
  const seconds = ((report.endedAt - report.startedAt) / 1000).toFixed(3)
  const cases = report.hazards.map(({ hazard, title, violations, alternative, docsUrl, count }) => {
    const details = violations.map((one) =>
      [one.summary, ...(one.sql === undefined ? [] : [`  ${oneLine(one.sql, 500)}`]), `  ${describePlace(one)}`].join(
        '\n',
      ),
    )
    const body = [...details, '', `Instead: ${alternative}`, docsUrl].join('\n')
    const message = `${title}: ${count} times`
    return `    <testcase classname="pooler-safe" name="${xml(hazard)}"><failure type="${xml(hazard)}" message="${xml(message)}">${xml(body)}</failure></testcase>`
  })
  if (cases.length === 0) cases.push('    <testcase classname="pooler-safe" name="no violations" />')
  const seed = `seed ${report.seed}, schedule ${report.schedule}, profile ${report.profile}`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="pooler-safe" tests="${cases.length}" failures="${report.hazards.length}" errors="0" time="${seconds}">`,
    `    <properties><property name="replay" value="${xml(seed)}" /></properties>`,
    ...cases,
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}
