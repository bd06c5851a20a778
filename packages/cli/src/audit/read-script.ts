import { hazard } from '@pooler-safe/hazards'
import { analyzeScript, type Settings } from 'eslint-plugin-pooler-safe/analysis'
import { nothing, type AuditedFile, type FileResult, type FoundOperation } from './collected.ts'
import { levelOf, type Preset } from './levels.ts'
import { Positions } from './positions.ts'
import { presentFinding } from './present-finding.ts'
import { fingerprintOf, shorten } from './present-operation.ts'

const longestScript = 1_000_000

/** Finds the statements of a file of SQL. */
export function readScript(
  file: AuditedFile,
  source: string,
  { settings, preset }: { readonly settings: Settings; readonly preset: Preset },
): FileResult {
  if (source.length > longestScript) {
    return { ...nothing, notes: [{ file: file.name, note: `not read: ${String(source.length)} characters of SQL` }] }
  }
  const positions = new Positions(source)
  const { text, findings } = analyzeScript({ path: file.path, source, settings })
  const { statements, unreadable } = text.analysis
  const isCertain = text.readBy === 'grammar'
  const operations = statements
    .filter(({ command }) => command !== 'empty')
    .map(({ start, end, reasons, verdict }): FoundOperation => {
      const sql = text.sql.text.slice(start, end)
      const hazards = [...new Set(reasons.filter((reason) => reason.verdict !== 'safe').map((reason) => reason.hazard))]
      const [first] = hazards
      return {
        ...positions.place(file.name, [start, end]),
        package: file.package,
        driver: 'sql',
        method: (/[a-z]+/i.exec(sql)?.[0] ?? '').toLowerCase(),
        receiver: 'script',
        context: 'script',
        fingerprint: fingerprintOf(sql),
        sql: shorten(sql),
        verdict: unreadable === undefined ? verdict : 'unknown',
        certain: isCertain,
        hazards,
        ...(first !== undefined && { cure: hazard(first).alternatives[0].note }),
      }
    })
  const context = { file, source, positions }
  const presented = findings.flatMap((finding) => {
    const level = levelOf(finding, preset, true)
    if (level === undefined) return []
    const index = statements
      .filter(({ command }) => command !== 'empty')
      .findIndex(({ start, end }) => start <= finding.range[0] && finding.range[0] < end)
    const operation = operations[index]
    return [presentFinding(finding, level, context, operation && { index, verdict: operation.verdict })]
  })
  const notes = unreadable === undefined ? [] : [{ file: file.name, note: `not read as SQL: ${unreadable}` }]
  return { ...nothing, operations, findings: presented, notes }
}
