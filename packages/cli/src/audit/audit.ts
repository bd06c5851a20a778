import { createProject, mayHoldOperations, type Settings } from 'eslint-plugin-pooler-safe/analysis'
import { relative, sep } from 'node:path'
import { version } from '../version.ts'
import { nothing, type AuditedFile, type FileResult } from './collected.ts'
import { configKindOf } from './config-files/config-kind.ts'
import { readConfig } from './config-files/read-config.ts'
import { kindOf } from './file-list.ts'
import type { Preset } from './levels.ts'
import { Packages } from './packages.ts'
import { Positions } from './positions.ts'
import { readCode } from './read-code.ts'
import { readScript } from './read-script.ts'
import { isBundle, readSource } from './read-source.ts'
import { schemaVersion, type AuditReport } from './report.ts'
import { summarise } from './summary.ts'

export interface AuditOptions {
  /** Absolute paths. */
  readonly files: readonly string[]
  /** What the files were found by, for the report. */
  readonly paths: readonly string[]
  readonly cwd: string
  readonly settings: Settings
  readonly preset: Preset
  /** The text of a file that is not on the disk. */
  readonly given?: { readonly path: string; readonly text: string }
  /** What could not be looked at, absolute. */
  readonly skipped?: readonly { readonly path: string; readonly why: string }[]
  /** Called before each file. */
  readonly onFile?: (done: number, all: number) => void
}

/** Reads files one by one and reports every database operation in them. A file that cannot be read becomes a note. */
export function audit({ files, paths, cwd, settings, preset, given, skipped = [], onFile }: AuditOptions): AuditReport {
  const packages = new Packages()
  const project = createProject()
  const operations: AuditReport['operations'][number][] = []
  const findings: AuditReport['findings'][number][] = []
  const allowed: AuditReport['allowed'][number][] = []
  const endpoints: AuditReport['endpoints'][number][] = []
  const notes: AuditReport['notes'][number][] = skipped.map(({ path, why }) => ({
    file: displayName(cwd, path),
    note: why,
  }))
  let analysed = 0

  for (const [index, path] of files.entries()) {
    onFile?.(index, files.length)
    const name = displayName(cwd, path)
    const source = given?.path === path ? { text: given.text } : readSource(path)
    if ('skipped' in source) {
      notes.push({ file: name, note: source.skipped })
      continue
    }
    const facts = packages.of(path)
    const file: AuditedFile = { path, name, package: facts.name }
    const result = readGuarded(file, source.text)
    if (!result) continue
    analysed += 1
    if (source.note !== undefined && (result.operations.length > 0 || result.findings.length > 0)) {
      notes.push({ file: name, note: source.note })
    }
    const first = operations.length
    operations.push(...result.operations.map((operation, position) => ({ id: first + position, ...operation })))
    const renumber = <T extends { readonly operation?: number }>(one: T): T =>
      one.operation === undefined ? one : { ...one, operation: first + one.operation }
    findings.push(...result.findings.map(renumber))
    allowed.push(...result.allowed.map(renumber))
    endpoints.push(...result.endpoints)
    notes.push(...result.notes)
  }
  onFile?.(files.length, files.length)

  const body = { findings: sorted(findings), allowed, operations, endpoints, notes }
  return {
    schemaVersion,
    tool: { name: 'pooler-safe', version },
    paths,
    summary: summarise(body, { files: files.length, analysed, known: 0 }),
    ...body,
  }

  function readGuarded(file: AuditedFile, text: string): FileResult | undefined {
    try {
      return read(file, text)
    } catch (error) {
      // One file must never cost the report of all the others.
      const said = error instanceof Error ? error.message : String(error)
      return { ...nothing, notes: [{ file: file.name, note: `not read: ${said}` }] }
    }
  }

  function read(file: AuditedFile, text: string): FileResult | undefined {
    const kind = kindOf(file.path) ?? 'code'
    if (kind === 'script') return readScript(file, text, { settings, preset })
    const host = project.hostFor(file.path, settings)
    const isRelevant = kind === 'code' && mayHoldOperations(text, settings, host)
    if (isRelevant && isBundle(file.path, text)) {
      return { ...nothing, notes: [{ file: file.name, note: 'not read: written by a bundler' }] }
    }
    const fromCode = isRelevant || isCodeToo(file.path) ? readCode(file, text, { settings, host, preset }) : undefined
    const configKind = configKindOf(file.path)
    if (configKind === undefined) return fromCode
    const context = { file, source: text, positions: new Positions(text), preset }
    const fromConfig = readConfig(configKind, context, packages.of(file.path))
    return fromCode ? withoutTwice(fromCode, fromConfig) : fromConfig
  }
}

/** A knexfile is a module like any other. */
function isCodeToo(path: string): boolean {
  return configKindOf(path) === 'options'
}

/** What the analysis of code says about an option already is not said again. */
function withoutTwice(code: FileResult, config: FileResult): FileResult {
  const seen = new Set(code.findings.map(({ rule, line, hazard }) => `${rule} ${String(line)} ${hazard ?? ''}`))
  return {
    operations: code.operations,
    findings: [
      ...code.findings,
      ...config.findings.filter(({ rule, line, hazard }) => !seen.has(`${rule} ${String(line)} ${hazard ?? ''}`)),
    ],
    allowed: code.allowed,
    endpoints: config.endpoints,
    notes: [...code.notes, ...config.notes.filter(({ note }) => !code.notes.some((one) => one.note === note))],
  }
}

function displayName(cwd: string, path: string): string {
  const name = relative(cwd, path)
  return (name === '' ? path : name).split(sep).join('/')
}

function sorted(findings: readonly AuditReport['findings'][number][]): AuditReport['findings'] {
  return findings.toSorted(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.column - b.column,
  )
}
