import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { LaunchError } from './launch-error.ts'

const poolerKinds = ['pgbouncer', 'rotating'] as const
export type PoolerKind = (typeof poolerKinds)[number]

export interface LaunchOptions {
  /** Absolute. */
  readonly dataDir: string
  /** Undefined: the usual one, or the next that is free. */
  readonly port: number | undefined
  /** Undefined: PgBouncer where it is installed. */
  readonly pooler: PoolerKind | undefined
  readonly databaseUrl: string | undefined
  readonly directUrl: string | undefined
  readonly workers: number
  /** With sites and a places server of our own writing. */
  readonly demo: boolean
  /** End when the first work has ended. */
  readonly once: boolean
}

export const usualPort = 4680

export const help = `npm start -- [options]

Opens the dashboard: five services at work on a real PostgreSQL behind a real transaction-mode pooler. The first time it
gives them something to do: a batch of sites, scans, a search for places and jobs, all about a small world of demo sites
that runs along. It prints a link to sign in with, and runs until Ctrl-C.

Where
  --port N             the port of the dashboard (default: ${usualPort}, or the next one that is free)
  --data-dir PATH      where the data are kept (default: .pooler-safe in this repository)
  --pooler KIND        pgbouncer or rotating (default: pgbouncer when it is installed, else rotating)
  --direct-url URL     a PostgreSQL that is there already; a pooler is started in front of it
  --database-url URL   a transaction-mode pooler that is there already (Supabase: port 6543); no server is started. With
                       --direct-url (Supabase: port 5432) its tables are made, without it they have to be there

How
  --workers N          worker processes (default: 2)
  --no-demo            no demo sites, no demo places, nothing to do at first
  --once               end when what there was to do has ended
  --help               this text

Without a URL a PostgreSQL is started with the programs of this machine, else of npm. Its data survive. When this process
is killed, all that it started ends by itself.

Exit code: 0 after Ctrl-C or SIGTERM, and with --once when everything went as expected and no session state was left on
any backend; 1 when not; 2 when it could not be started; 130 when --once was interrupted.
`

const known = {
  port: { type: 'string' },
  'data-dir': { type: 'string' },
  pooler: { type: 'string' },
  'direct-url': { type: 'string' },
  'database-url': { type: 'string' },
  workers: { type: 'string' },
  'no-demo': { type: 'boolean' },
  once: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig

/**
 * Reads the command line. `help` when that is asked for.
 *
 * @throws LaunchError
 */
export function readOptions(args: readonly string[]): LaunchOptions | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  const { pooler, 'database-url': databaseUrl, 'direct-url': directUrl, once = false } = values
  const demo = values['no-demo'] !== true
  if (pooler !== undefined && !isPoolerKind(pooler)) {
    throw new LaunchError(`--pooler is ${quote(pooler)}; it has to be one of ${poolerKinds.join(', ')}.`)
  }
  if (databaseUrl !== undefined && pooler !== undefined) {
    throw new LaunchError('--pooler is about a pooler that is started, but --database-url names one: leave one out.')
  }
  if ((databaseUrl !== undefined || directUrl !== undefined) && values['data-dir'] !== undefined) {
    throw new LaunchError('--data-dir is about a PostgreSQL that is started, but a URL names one: leave one out.')
  }
  if (once && !demo)
    throw new LaunchError('--once ends with the work of the demo, but --no-demo has none: leave one out.')
  return {
    dataDir: readDirectory(values['data-dir']),
    port: readNumber('port', values.port, 1, 65_535),
    workers: readNumber('workers', values.workers, 1, 16) ?? 2,
    databaseUrl: readUrl('database-url', databaseUrl),
    directUrl: readUrl('direct-url', directUrl),
    pooler,
    demo,
    once,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: known, strict: true, allowPositionals: false }).values
  } catch (error) {
    const said = error instanceof Error ? (error.message.split(/\. |\n/, 1)[0] ?? '') : String(error)
    throw new LaunchError(`${said.replace(/\.$/, '')}. "npm start -- --help" lists the options.`)
  }
}

function isPoolerKind(text: string): text is PoolerKind {
  return (poolerKinds as readonly string[]).includes(text)
}

function readNumber(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new LaunchError(`--${name} is ${quote(text)}; it has to be a whole number from ${min} to ${max}.`)
}

/** The text is not repeated: it may hold a password. */
function readUrl(name: string, text: string | undefined): string | undefined {
  if (text === undefined || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text))) return text
  throw new LaunchError(
    `--${name} is not a URL such as postgres://user:password@host:6543/database. Special characters in a password have to be percent-encoded.`,
  )
}

function readDirectory(given: string | undefined): string {
  if (given === undefined) return fileURLToPath(new URL('../../../../.pooler-safe', import.meta.url))
  if (given === '') throw new LaunchError('--data-dir is empty; it has to be the path of a directory.')
  // npm changes to the root of the repository; people mean the directory they are in.
  const from = process.env['npm_lifecycle_event'] === 'start' ? process.env['INIT_CWD'] : undefined
  return resolve(from ?? process.cwd(), given)
}

const quote = (text: string): string => JSON.stringify(text)
