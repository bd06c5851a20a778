import { existsSync, readFileSync } from 'node:fs'
import { UsageError } from '../command-line/usage-error.ts'
import type { AuditFinding, AuditReport } from './report.ts'
import { summarise } from './summary.ts'
import { writeOutput } from './write-output.ts'

/** What was there when the baseline was written: how often each finding stood in each file. */
interface Baseline {
  readonly schemaVersion: 1
  readonly findings: readonly BaselineEntry[]
}

interface BaselineEntry {
  readonly file: string
  readonly rule: string
  readonly identity: string
  readonly count: number
  /** For the reader of a diff. */
  readonly subject: string
}

const keyOf = ({ file, rule, identity }: Pick<BaselineEntry, 'file' | 'rule' | 'identity'>): string =>
  [file, rule, identity].join('\0')

/** A report without what a baseline has, and how many of its entries are there no more. */
export function withoutKnown(
  report: AuditReport,
  path: string,
): { readonly report: AuditReport; readonly gone: number; readonly known: readonly AuditFinding[] } {
  const left = new Map(readBaseline(path).findings.map((entry) => [keyOf(entry), entry.count]))
  const known: AuditFinding[] = []
  const findings = report.findings.filter((finding) => {
    const key = keyOf(finding)
    const count = left.get(key) ?? 0
    if (count === 0) return true
    left.set(key, count - 1)
    known.push(finding)
    return false
  })
  const gone = [...left.values()].reduce((sum, count) => sum + count, 0)
  const { files, analysed } = report.summary
  const summary = summarise({ ...report, findings }, { files, analysed, known: known.length })
  return { report: { ...report, findings, summary }, gone, known }
}

/** Writes everything that a report has as known. */
export function writeBaseline(report: AuditReport, path: string): number {
  const entries = new Map<string, { -readonly [Key in keyof BaselineEntry]: BaselineEntry[Key] }>()
  for (const { file, identity, rule, subject } of report.findings) {
    const key = keyOf({ file, identity, rule })
    const entry = entries.get(key)
    if (entry) entry.count += 1
    else entries.set(key, { file, rule, subject, identity, count: 1 })
  }
  const findings = [...entries.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  writeOutput(path, `${JSON.stringify({ schemaVersion: 1, findings } satisfies Baseline, null, 2)}\n`)
  return report.findings.length
}

function readBaseline(path: string): Baseline {
  if (!existsSync(path)) {
    throw new UsageError(`There is no baseline ${path}.`, 'Write one with --update-baseline.')
  }
  try {
    const value = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly schemaVersion?: unknown
      readonly findings?: unknown
    }
    if (value.schemaVersion === 1 && Array.isArray(value.findings) && value.findings.every(isEntry)) {
      return { schemaVersion: 1, findings: value.findings }
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) {
      const { code } = error as NodeJS.ErrnoException
      throw new UsageError(`The baseline ${path} could not be read: ${code ?? String(error)}.`, undefined, {
        cause: error,
      })
    }
  }
  throw new UsageError(`${path} is no baseline of this version.`, 'Write it anew with --update-baseline.')
}

function isEntry(value: unknown): value is BaselineEntry {
  const { file, rule, identity, count } = (value ?? {}) as Partial<BaselineEntry>
  return typeof file === 'string' && typeof rule === 'string' && typeof identity === 'string' && Number.isInteger(count)
}
