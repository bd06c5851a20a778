import { programHelp, commandHelp } from './command-line/help.ts'
import { didYouMean, readArguments, type Arguments, type CommandDefinition } from './command-line/options.ts'
import { UsageError } from './command-line/usage-error.ts'
import { auditCommand } from './audit/audit-command.ts'
import { fixCommand } from './fix/fix-command.ts'
import { initCommand } from './init/init-command.ts'
import { explainCommand } from './explain/explain-command.ts'
import { doctorCommand } from './doctor/doctor-command.ts'
import { watchCommand } from './watch/watch-command.ts'
import type { ExitCode, Io } from './io.ts'
import { version } from './version.ts'

interface Command {
  readonly definition: CommandDefinition
  /** Loads what the command needs. */
  readonly load: () => Promise<(given: Arguments, io: Io) => Promise<ExitCode>>
}

const commands: readonly Command[] = [
  { definition: auditCommand, load: async () => (await import('./audit/run-audit.ts')).runAudit },
  { definition: fixCommand, load: async () => (await import('./fix/run-fix.ts')).runFix },
  { definition: initCommand, load: async () => (await import('./init/run-init.ts')).runInit },
  { definition: doctorCommand, load: async () => (await import('./doctor/run-doctor.ts')).runDoctor },
  { definition: watchCommand, load: async () => (await import('./watch/run-watch.ts')).runWatch },
  { definition: explainCommand, load: async () => (await import('./explain/run-explain.ts')).runExplain },
]

/**
 * Runs the program: `argv` is what stands after its name. Resolves with the exit code and never rejects; what goes wrong is
 * said on `io.err`.
 *
 * @example
 * ```ts
 *   const code = await run(['audit', 'src', '--format', 'json'], io)
 * ```
 */
export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  try {
    return await dispatch(argv, io)
  } catch (error) {
    io.err(describe(error, io))
    return 2
  }
}

async function dispatch(argv: readonly string[], io: Io): Promise<ExitCode> {
  const [name, ...rest] = argv
  const definitions = commands.map(({ definition }) => definition)
  if (name === '--version' || name === '-v') {
    io.out(`${version}\n`)
    return 0
  }
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    io.out(programHelp(definitions, version))
    return name === undefined ? 2 : 0
  }
  const wanted = name === 'help' ? (rest[0] ?? '') : name
  const command = commands.find(({ definition }) => definition.name === wanted)
  if (!command) {
    const known = definitions.map((definition) => definition.name)
    throw new UsageError(
      `There is no command "${wanted}".`,
      didYouMean(wanted, known) ?? `Commands: ${known.join(', ')}. See pooler-safe --help.`,
    )
  }
  const own = rest.slice(0, endOfOptions(rest))
  if (name === 'help' || own.includes('--help') || own.includes('-h')) {
    io.out(commandHelp(command.definition))
    return 0
  }
  const given = readArguments(command.definition, rest)
  const execute = await command.load()
  return execute(given, io)
}

/** What stands after `--` belongs to another program. */
function endOfOptions(argv: readonly string[]): number {
  const at = argv.indexOf('--')
  return at < 0 ? argv.length : at
}

function describe(error: unknown, { env }: Io): string {
  if (error instanceof UsageError) {
    return `${[`pooler-safe: ${error.message}`, ...(error.hint === undefined ? [] : [error.hint])].join('\n')}\n`
  }
  const { message, stack, hint } =
    error instanceof Error ? (error as Error & { hint?: string }) : { message: String(error) }
  const isVerbose = env['POOLER_SAFE_DEBUG'] !== undefined && stack !== undefined
  const lines = [`pooler-safe failed: ${isVerbose ? stack : message}`]
  if (hint !== undefined) lines.push(hint)
  if (!isVerbose) lines.push('Set POOLER_SAFE_DEBUG=1 to see where.')
  return `${lines.join('\n')}\n`
}
