import { hazard } from '@pooler-safe/hazards'
import type { RuleName } from 'eslint-plugin-pooler-safe/analysis'
import { pathToFileURL } from 'node:url'
import type { AllowedFinding, AuditFinding, AuditReport } from '../report.ts'

const schema = 'https://json.schemastore.org/sarif-2.1.0.json'

/** A report as SARIF 2.1.0, for code scanning. What a comment allows is there as suppressed. */
export function renderSarif(report: AuditReport): string {
  const all: readonly (AuditFinding | AllowedFinding)[] = [...report.findings, ...report.allowed]
  const names = [...new Set(all.map(({ rule }) => rule))].sort()
  const run = {
    tool: {
      driver: {
        name: report.tool.name,
        semanticVersion: report.tool.version,
        version: report.tool.version,
        rules: names.map((name) => describeRule(name, all)),
      },
    },
    columnKind: 'utf16CodeUnits',
    results: all.map((finding) => describeResult(finding, names)),
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: report.notes.map(({ file, line, note }) => ({
          level: 'note',
          message: { text: note },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: uriOf(file) },
                ...(line !== undefined && { region: { startLine: line } }),
              },
            },
          ],
        })),
      },
    ],
    properties: { summary: report.summary },
  }
  return `${JSON.stringify({ $schema: schema, version: '2.1.0', runs: [run] }, null, 2)}\n`
}

function describeRule(name: RuleName, all: readonly AuditFinding[]) {
  const ids = [
    ...new Set(all.filter(({ rule }) => rule === name).flatMap(({ hazard: id }) => (id === undefined ? [] : [id]))),
  ]
  const [first] = ids
  const text = first === undefined ? name : hazard(first).title
  return {
    id: name,
    name: name.replace(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase()),
    shortDescription: { text },
    fullDescription: { text: first === undefined ? text : hazard(first).summary },
    help: {
      text: ids.length === 0 ? text : ids.map((id) => hazard(id).alternatives[0].note).join('\n'),
    },
    properties: { tags: ['postgres', 'pooler', ...ids] },
  }
}

function describeResult(finding: AuditFinding | AllowedFinding, names: readonly string[]) {
  const { column, endColumn, endLine, excerpt, file, fix, hazard: id, identity, level, line, message, rule } = finding
  return {
    ruleId: rule,
    ruleIndex: names.indexOf(rule),
    level,
    message: { text: message },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: uriOf(file) },
          region: {
            startLine: line,
            startColumn: column,
            endLine,
            endColumn,
            snippet: { text: excerpt.text },
          },
        },
      },
    ],
    partialFingerprints: { 'poolerSafe/v1': identity },
    ...('directive' in finding && {
      suppressions: [{ kind: 'inSource', justification: finding.directive.reason }],
    }),
    properties: { hazard: id, severity: finding.severity, certain: finding.certain, hasFix: fix !== undefined },
  }
}

/** A relative path as a URI reference. */
function uriOf(file: string): string {
  const { pathname } = pathToFileURL(`/${file}`)
  return pathname.slice(1)
}
