import { isFailing, renderReport, startPooler, startPostgres, TestkitError } from '@pooler-safe/testkit'
import type {
  Pooler,
  PoolerEvent,
  ProfileName,
  ReportFormat,
  ScheduleName,
  StartPoolerOptions,
} from '@pooler-safe/testkit'
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { numberOf, type Arguments } from '../command-line/options.ts'
import { paintFor } from '../command-line/paint.ts'
import { UsageError } from '../command-line/usage-error.ts'
import type { ExitCode, Io } from '../io.ts'
import { readAllowed } from './allow-list.ts'
import { environmentFor } from './environment.ts'
import { LiveView } from './live-view.ts'
import { exitCodeOf, runChild } from './run-child.ts'

/**
 * `pooler-safe watch`. A command that fails keeps its exit code (128 and more for a signal); one that succeeds is 1 when
 * something was found.
 */
export async function runWatch(given: Arguments, io: Io): Promise<ExitCode> {
  const [command, ...rest] = given.positionals
  if (command === undefined) throw new UsageError('watch needs a command.', 'Write pooler-safe watch -- npm test.')
  const options = poolerOptions(given, io)
  const url = given.value('url') ?? io.env['DATABASE_URL']
  const view = new LiveView(io, paintFor({ env: io.env, isOutTerminal: io.isErrTerminal === true }))
  try {
    await using postgres = await startPostgres({ url, onProgress: (line) => io.err(`${line}\n`) })
    const onEvent = (event: PoolerEvent): void => view.event(event)
    await using pooler = await startPooler({ ...options, upstream: postgres.url, onEvent })
    io.err(`pooler-safe: behind a pooler with the seed ${pooler.seed}\n`)
    const env = environmentFor(pooler, io.env, given.list('env'), postgres.source === 'url' ? postgres : undefined)
    const ended = await runChild(command, rest, env, view.io)
    await pooler.settle()
    view.stop()
    writeReport(pooler, given, io)
    if (ended !== 0) {
      io.err(`pooler-safe: ${command} ended with ${String(ended)}.\n`)
      return exitCodeOf(ended)
    }
    const failOn = given.value('fail-on') ?? 'perf'
    return failOn !== 'none' && isFailing(pooler.report(), failOn as Parameters<typeof isFailing>[1]) ? 1 : 0
  } catch (error) {
    if (!(error instanceof TestkitError)) throw error
    // The message of the testkit may end with its hint.
    const hint = error.hint !== undefined && error.message.includes(error.hint) ? undefined : error.hint
    throw new UsageError(error.message, hint, { cause: error })
  } finally {
    view.stop()
  }
}

function poolerOptions(given: Arguments, io: Io): Omit<StartPoolerOptions, 'upstream'> {
  const allow = given.value('allow')
  const seed = numberOf(given, 'seed')
  const poolSize = numberOf(given, 'pool-size', 1)
  return {
    audit: 'every',
    onViolation: (given.value('mode') ?? 'report') as 'report' | 'leak' | 'fail',
    profile: (given.value('profile') ?? 'pgbouncer-1.18') as ProfileName,
    schedule: (given.value('schedule') ?? 'rotate') as ScheduleName,
    ...(seed !== undefined && { seed }),
    ...(poolSize !== undefined && { poolSize }),
    ...(allow !== undefined && { allow: readAllowed(resolve(io.cwd, allow)) }),
  }
}

function writeReport(pooler: Pooler, given: Arguments, io: Io): void {
  const format = (given.value('format') ?? 'pretty') as ReportFormat
  const output = given.value('output')
  const paint = paintFor({ env: io.env, isOutTerminal: output === undefined && io.isErrTerminal === true })
  const report = renderReport(pooler.report(), format, { paint: (style, text) => paint(style, text) })
  // Standard output is the command's.
  if (output === undefined) {
    io.err(report)
    return
  }
  const path = resolve(io.cwd, output)
  try {
    writeFileSync(path, report)
  } catch (cause) {
    throw new UsageError(`The report could not be written to ${output}.`, undefined, { cause })
  }
  const { counts, hazards } = pooler.report()
  io.err(`pooler-safe: ${counts.violations} violations of ${hazards.length} hazards; the report is in ${output}\n`)
}
