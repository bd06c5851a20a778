import {
  analyzeFile,
  type AnalysedOperation,
  type Directive,
  type Finding,
  type Host,
  type Settings,
} from 'eslint-plugin-pooler-safe/analysis'
import { nothing, type AuditedFile, type FileResult, type FoundOperation } from './collected.ts'
import { directiveFindings } from './directive-findings.ts'
import { levelOf, type Preset } from './levels.ts'
import { ModuleSyntaxError, parseModule } from './parse-module.ts'
import { Positions } from './positions.ts'
import { presentFinding } from './present-finding.ts'
import { fingerprintOf, hazardsOf, isCertain, shorten, verdictOf } from './present-operation.ts'
import type { AllowedFinding, AuditDirective, AuditFinding } from './report.ts'

export interface CodeContext {
  readonly settings: Settings
  readonly host: Host
  readonly preset: Preset
}

/** Finds the operations of a JavaScript or TypeScript file. */
export function readCode(file: AuditedFile, source: string, { settings, host, preset }: CodeContext): FileResult {
  const positions = new Positions(source)
  let analysis
  try {
    analysis = analyzeFile({
      path: file.path,
      source,
      ...parseModule(file.path, source),
      settings,
      host,
      always: true,
    })
  } catch (error) {
    if (error instanceof ModuleSyntaxError) {
      return {
        ...nothing,
        notes: [{ file: file.name, line: positions.at(error.offset).line, note: `not read: ${error.message}` }],
      }
    }
    if (!(error instanceof RangeError)) throw error
    // Expressions nested so deep that the stack does not hold them.
    return { ...nothing, notes: [{ file: file.name, note: `not read: ${error.message}` }] }
  }

  const context = { file, source, positions }
  const indexes = new Map(analysis.operations.map((operation, index) => [operation.node, index]))
  const ofOperation = (wanted: AnalysedOperation, from: readonly Finding[]): readonly Finding[] =>
    from.filter(({ operation }) => operation?.node === wanted.node)
  const allowedFindings = analysis.allowed.map(({ finding }) => finding)

  const operations = analysis.operations.map((operation): FoundOperation => {
    const own = [...ofOperation(operation, analysis.findings), ...ofOperation(operation, allowedFindings)]
    const allowed = analysis.allowed.find(({ finding }) => finding.operation?.node === operation.node)
    const text = operation.texts[0]?.sql.text
    return {
      ...positions.place(file.name, operation.node.range),
      package: file.package,
      driver: operation.driver,
      method: operation.method,
      receiver: operation.receiver?.role ?? 'unknown',
      context: operation.context,
      ...(text !== undefined && { fingerprint: fingerprintOf(text), sql: shorten(text) }),
      verdict: verdictOf(operation, own),
      certain: isCertain(operation),
      ...hazardsOf(operation.texts, own),
      ...(allowed && { directive: describeDirective(allowed.directive) }),
    }
  })
  const present = (finding: Finding): AuditFinding | undefined => {
    const level = levelOf(finding, preset, false)
    const index = finding.operation && indexes.get(finding.operation.node)
    const operation = index === undefined ? undefined : operations[index]
    if (level === undefined) return undefined
    return presentFinding(
      finding,
      level,
      context,
      index !== undefined && operation ? { index, verdict: operation.verdict } : undefined,
    )
  }
  const findings = [
    ...analysis.findings.flatMap((finding) => present(finding) ?? []),
    ...directiveFindings(analysis, context),
  ]
  const built = analysis.builders.map(({ node, method, driver, role, verdict }): FoundOperation => ({
    ...positions.place(file.name, node.range),
    package: file.package,
    driver,
    method,
    receiver: role ?? 'unknown',
    context: role === 'transaction' ? 'transaction' : role === 'pool' ? 'autocommit' : 'unknown',
    verdict,
    certain: role !== undefined,
    hazards: [],
  }))
  const allowed = analysis.allowed.flatMap(({ finding, directive }): readonly AllowedFinding[] => {
    const presented = present(finding)
    return presented ? [{ ...presented, directive: describeDirective(directive) }] : []
  })
  // Findings point at operations by their position: those with text stay in front.
  return { ...nothing, operations: [...operations, ...built], findings, allowed }
}

function describeDirective({ rules, reason }: Directive): AuditDirective {
  return { allows: rules === 'session-mode' ? rules : rules.join(', '), reason }
}
