import { createProject, mayMatter } from 'eslint-plugin-pooler-safe/analysis'
import { readFileSync } from 'node:fs'
import { relative, resolve, sep } from 'node:path'
import { kindOf, listFiles } from '../audit/file-list.ts'
import { findSettings } from '../audit/find-settings.ts'
import { filesChangedSince } from '../audit/git.ts'
import type { Preset } from '../audit/levels.ts'
import { Packages } from '../audit/packages.ts'
import { Progress } from '../audit/progress.ts'
import { readCode } from '../audit/read-code.ts'
import { readScript } from '../audit/read-script.ts'
import { isBundle, longestFileBytes } from '../audit/read-source.ts'
import type { AuditNote } from '../audit/report.ts'
import { writeOutput } from '../audit/write-output.ts'
import type { Arguments } from '../command-line/options.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { ExitCode, Io } from '../io.ts'
import { convertPools, type ConvertedFile } from './codemod/convert-pools.ts'
import { editable, NotWritten, replaceFile, type EditableFile } from './editable-file.ts'
import { fixText, type Look } from './fix-text.ts'
import { gitState } from './git-state.ts'
import { planFile, type PlannedFile } from './planned-file.ts'
import { describeLeft, describeWritten, patchOfFixes, patchOfSuggestions } from './present-fix.ts'

/** `pooler-safe fix`. */
export async function runFix(given: Arguments, io: Io): Promise<ExitCode> {
  const isDry = given.has('dry-run')
  const isCheck = given.has('check')
  const quiet = given.has('quiet')
  const patchFile = given.value('patch')
  if (isCheck && (isDry || patchFile !== undefined)) {
    throw new UsageError('--check prints no patch.', 'Leave --dry-run and --patch out, or --check.')
  }
  const found = await findSettings(io.cwd, given.value('config'))
  const exclude = [...found.exclude, ...given.list('exclude')]
  const revision = given.value('changed-since')
  const changed = revision === undefined ? undefined : filesChangedSince(io.cwd, revision)
  const notes: AuditNote[] = []
  const files = listFiles(given.positionals, io.cwd, exclude, (path, why) => {
    notes.push({ file: displayName(io.cwd, path), note: why })
  }).filter((file) => !changed || changed.has(file))
  const nameOf = (path: string): string => displayName(io.cwd, path)
  const preset = (given.value('preset') ?? 'recommended') as Preset
  const { settings } = found
  const packages = new Packages()
  const progress = new Progress(io, !quiet)

  const sources = files.flatMap((path): EditableFile[] => {
    const source = read(path)
    if (source === undefined) return []
    if ('refused' in source) {
      if (!source.refused.includes('binary')) notes.push({ file: nameOf(path), note: source.refused })
      return []
    }
    const kind = kindOf(path)
    if (kind !== 'script' && !mayMatter(source.text, settings, false) && given.value('codemod') === undefined) return []
    if (kind !== 'script' && isBundle(path, source.text)) {
      if (mayMatter(source.text, settings, false)) {
        notes.push({ file: nameOf(path), note: 'not changed: written by a bundler' })
      }
      return []
    }
    return [source]
  })

  const convert = given.value('codemod') === undefined ? undefined : convertWith()
  const converted = convert?.(new Map(sources.map((source) => [source.path, source.text])), true)
  const planned = sources.map((source, index): PlannedFile => {
    progress.show(index, sources.length)
    return planFile(source, nameOf(source.path), converted?.get(source.path), (text) =>
      fixText(source.path, text, look(source.path)),
    )
  })
  const proposals = convert?.(new Map(planned.map(({ source, fixed }) => [source.path, fixed.text])), false)
  progress.clear()

  const toWrite = planned.filter(({ source, fixed }) => fixed.text !== source.text)
  for (const { name, problem } of planned)
    if (problem !== undefined) notes.push({ file: name, note: `not changed: ${problem}` })
  if (!quiet) {
    if (found.note !== undefined) io.err(`${found.path ?? ''}: ${found.note}\n`)
    for (const { file, line, note } of notes)
      io.err(`note: ${file}${line === undefined ? '' : `:${String(line)}`}: ${note}\n`)
  }
  if (isCheck) {
    for (const file of toWrite) io.err(describeWritten(file, 'can be fixed'))
    if (toWrite.length === 0) io.err('Nothing to fix.\n')
    return toWrite.length > 0 ? 1 : 0
  }

  if (!isDry) {
    if (!given.has('allow-dirty')) refuseDirty(toWrite, io, quiet)
    const failed = toWrite.filter((file) => !write(file, io))
    for (const file of toWrite) if (!failed.includes(file)) io.err(describeWritten(file, 'fixed'))
    if (failed.length > 0) return 2
  }
  // What other files are is read from the disk: only now they are what they were made.
  const current = isDry || convert === undefined ? planned : planned.map(lookAgain)
  const suggested = current.map((file) => ({ file, ...patchOfSuggestions(file, proposals?.get(file.source.path)) }))
  const patch = [
    ...(isDry ? toWrite.map((file) => patchOfFixes(file)) : []),
    ...suggested.map((one) => one.patch),
  ].join('')
  if (patchFile !== undefined) writeOutput(resolve(io.cwd, patchFile), patch)
  else io.out(patch)
  const left = current.reduce((sum, { fixed }) => sum + fixed.left.length, 0)
  const reviewed = suggested.reduce((sum, one) => sum + one.count, 0)
  io.err(
    describeLeft({ isDry, written: toWrite.length, left, reviewed, remarks: suggested.flatMap((one) => one.remarks) }),
  )
  return left > 0 ||
    reviewed > 0 ||
    suggested.some((one) => one.remarks.length > 0) ||
    planned.some(({ problem }) => problem !== undefined)
    ? 1
    : 0

  function lookAgain(file: PlannedFile): PlannedFile {
    const { path } = file.source
    return { ...file, fixed: { ...file.fixed, left: look(path)(file.fixed.text) } }
  }

  function read(path: string): EditableFile | { readonly refused: string } | undefined {
    const kind = kindOf(path)
    if (kind === undefined || (kind === 'config' && !/\.[cm]?[jt]s$/.test(path))) return undefined
    try {
      const bytes = readFileSync(path)
      if (bytes.length > longestFileBytes)
        return { refused: `not read: ${String(Math.round(bytes.length / 1024 / 1024))} MB` }
      return editable(path, bytes)
    } catch (error) {
      return { refused: `not read: ${(error as NodeJS.ErrnoException).code ?? String(error)}` }
    }
  }

  /** Reads a text as the audit does, with what it finds out about other files read anew. */
  function look(path: string): Look {
    const file = { path, name: nameOf(path), package: packages.of(path).name }
    if (kindOf(path) === 'script') return (text) => readScript(file, text, { settings, preset }).findings
    return (text) => {
      const { findings, notes: said } = readCode(file, text, {
        settings,
        // What is on the disk may have changed since the last look.
        host: createProject().hostFor(path, settings),
        preset,
      })
      for (const note of said)
        if (!notes.some((one) => one.file === note.file && one.note === note.note)) notes.push(note)
      return findings
    }
  }

  function convertWith(): (texts: ReadonlyMap<string, string>, applies: boolean) => ReadonlyMap<string, ConvertedFile> {
    return (texts, applies) => {
      const all = listFiles([], io.cwd, []).filter((path) => kindOf(path) === 'code')
      return convertPools({ texts, others: all.filter((path) => !texts.has(path)), settings, nameOf, applies })
    }
  }
}

function refuseDirty(files: readonly PlannedFile[], io: Io, quiet: boolean): void {
  const { dirty, outside } = gitState(files.map(({ source }) => source.path))
  if (dirty.length > 0) {
    const names = dirty.map((path) => `  ${displayName(io.cwd, path)}`)
    const shown = [...names.slice(0, 10), ...(names.length > 10 ? [`  and ${String(names.length - 10)} more`] : [])]
    throw new UsageError(
      `Nothing was changed: of these files git has no copy as they are now.\n${shown.join('\n')}`,
      'Commit or stash them, or give --allow-dirty; --dry-run shows what would be changed.',
    )
  }
  if (outside.length > 0 && !quiet) io.err('note: not a git work tree: there is no copy to go back to\n')
}

function write({ source, name, fixed }: PlannedFile, io: Io): boolean {
  try {
    replaceFile(source, fixed.text)
    return true
  } catch (error) {
    if (!(error instanceof NotWritten)) throw error
    io.err(`pooler-safe: ${name} was not changed: ${error.message}.\n`)
    return false
  }
}

function displayName(cwd: string, path: string): string {
  const name = relative(cwd, path)
  return (name === '' ? path : name).split(sep).join('/')
}
