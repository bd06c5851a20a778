import { resolve } from 'node:path'
import type { Arguments } from '../command-line/options.ts'
import { paintFor, plain } from '../command-line/paint.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { ExitCode, Io } from '../io.ts'
import type { AuditFormat } from './audit-command.ts'
import { audit } from './audit.ts'
import { withoutKnown, writeBaseline } from './baseline.ts'
import { isFailing, readFailOn } from './fail-on.ts'
import { listFiles } from './file-list.ts'
import { findSettings } from './find-settings.ts'
import { render } from './formats/render.ts'
import { filesChangedSince } from './git.ts'
import type { Preset } from './levels.ts'
import { Progress } from './progress.ts'
import { writeOutput } from './write-output.ts'

/** `pooler-safe audit`. */
export async function runAudit(given: Arguments, io: Io): Promise<ExitCode> {
  const failOn = readFailOn(given.list('fail-on'))
  const baseline = given.value('baseline')
  if (given.has('update-baseline') && baseline === undefined) {
    throw new UsageError(
      '--update-baseline needs a file.',
      'Write --baseline .pooler-safe-baseline.json --update-baseline.',
    )
  }
  const format = (given.value('format') ?? 'pretty') as AuditFormat
  const quiet = given.has('quiet')
  const found = await findSettings(io.cwd, given.value('config'))
  const text = given.has('stdin') ? await io.stdin() : undefined
  const stdinPath = resolve(io.cwd, given.value('stdin-path') ?? 'stdin.ts')
  const exclude = [...found.exclude, ...given.list('exclude')]
  const skipped: { readonly path: string; readonly why: string }[] = []
  const files =
    text === undefined
      ? listFiles(given.positionals, io.cwd, exclude, (path, why) => void skipped.push({ path, why }))
      : [stdinPath]
  const revision = given.value('changed-since')
  const changed = revision === undefined ? undefined : filesChangedSince(io.cwd, revision)

  const progress = new Progress(io, !quiet)
  const whole = audit({
    files: changed ? files.filter((file) => changed.has(file)) : files,
    paths: given.positionals.length === 0 ? ['.'] : given.positionals,
    cwd: io.cwd,
    skipped,
    settings: found.settings,
    preset: (given.value('preset') ?? 'recommended') as Preset,
    ...(text !== undefined && { given: { path: stdinPath, text } }),
    onFile: (done, all) => progress.show(done, all),
  })
  progress.clear()
  if (!quiet && found.note !== undefined) io.err(`${found.path ?? ''}: ${found.note}\n`)

  if (baseline !== undefined && given.has('update-baseline')) {
    const count = writeBaseline(whole, resolve(io.cwd, baseline))
    if (!quiet) io.err(`${baseline}: ${String(count)} findings are known from now on.\n`)
    return 0
  }
  const { report, gone } =
    baseline === undefined ? { report: whole, gone: 0 } : withoutKnown(whole, resolve(io.cwd, baseline))
  if (gone > 0 && !quiet) {
    io.err(`${baseline ?? ''}: ${String(gone)} known findings are gone; --update-baseline takes them out.\n`)
  }
  const output = given.value('output')
  const rendered = render(format, report, {
    paint: output === undefined ? paintFor(io) : plain,
    listsOperations: given.has('operations'),
    showsNotes: !quiet,
  })
  if (output === undefined) io.out(rendered)
  else writeOutput(resolve(io.cwd, output), rendered)
  return isFailing(report, failOn) ? 1 : 0
}
