import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util'
import { DemoError } from './demo-error.ts'

export const poolerKinds = ['pgbouncer', 'rotating', 'none'] as const
export type PoolerKind = (typeof poolerKinds)[number]

export interface DemoOptions {
  /** Absolute. */
  readonly folder: string
  readonly workers: number
  readonly concurrency: number
  /** Undefined: as suits where it is shown. */
  readonly paceMs: number | undefined
  /** Undefined: PgBouncer where it is installed. */
  readonly pooler: PoolerKind | undefined
  readonly port: number | undefined
  readonly databaseUrl: string | undefined
  readonly directUrl: string | undefined
  readonly all: boolean
  readonly json: boolean
  readonly keepOpen: boolean
}

export const help = `npm run demo:jobs -- [options]

Runs jobs on a real PostgreSQL behind a real transaction-mode pooler: every file of a folder is hashed and measured by
a job. Two more are meant to fail: one measures a file that arrives late and is retried, one a file that never comes.

What to measure
  --folder PATH        the folder of files (default: the documentation of this repository)

Where
  --pooler KIND        pgbouncer, rotating or none (default: pgbouncer when it is installed, else rotating)
  --port N             the port of the pooler that is started (default: a free one)
  --direct-url URL     a PostgreSQL that is there already; a pooler is started in front of it, and the tables of the job
                       service are made in its database
  --database-url URL   a transaction-mode pooler that is there already (Supabase: port 6543); nothing is started. With
                       --direct-url its tables are made, without it they have to be there

How
  --workers N          worker processes (default: 1)
  --concurrency N      jobs that each worker runs at the same time (default: 4)
  --pace MS            pause after every 64 KB of a file, or its rest, to have something to watch (default: 100 in a
                       terminal, else 0)

What to see
  --all                every file in the last table, not only the largest
  --json               one JSON object on standard output; progress on standard error
  --keep-open          leave the database and the pooler running afterwards, until Ctrl-C
  --help               this text

Without a URL a new PostgreSQL is started each time, with the programs of this machine, else of npm, else in a
container, and deleted afterwards. That takes seconds, and leaves nothing for the next run to stumble over. When this
process is killed, all that it started ends by itself; only a folder of its own in the temporary directory stays.

Exit code: 0 when everything went as expected and no session state was left on any backend, 1 when not, 2 when it could
not be run, 130 after Ctrl-C or SIGTERM.
`

const known = {
  folder: { type: 'string' },
  workers: { type: 'string' },
  concurrency: { type: 'string' },
  pace: { type: 'string' },
  pooler: { type: 'string' },
  port: { type: 'string' },
  'database-url': { type: 'string' },
  'direct-url': { type: 'string' },
  all: { type: 'boolean' },
  json: { type: 'boolean' },
  'keep-open': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig

/**
 * Reads the command line. `help` when that is asked for.
 *
 * @throws DemoError
 */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  const { pooler, all = false, json = false } = values
  const keepOpen = values['keep-open'] ?? false
  const databaseUrl = values['database-url']
  if (pooler !== undefined && !isPoolerKind(pooler)) {
    throw new DemoError(`--pooler is ${quote(pooler)}; it has to be one of ${poolerKinds.join(', ')}.`)
  }
  if (databaseUrl !== undefined) {
    for (const name of ['pooler', 'port'] as const) {
      if (values[name] === undefined) continue
      throw new DemoError(`--${name} is about a pooler that is started, but --database-url names one: leave one out.`)
    }
  }
  if (pooler === 'none' && values.port !== undefined) {
    throw new DemoError('--port is the port of the pooler, but --pooler none starts none: leave one out.')
  }
  if (json && keepOpen) throw new DemoError('--json ends with its result and --keep-open does not end: leave one out.')
  return {
    folder: readFolder(values.folder),
    workers: readNumber('workers', values.workers, 1, 16) ?? 1,
    concurrency: readNumber('concurrency', values.concurrency, 1, 1_000) ?? 4,
    paceMs: readNumber('pace', values.pace, 0, 60_000),
    port: readNumber('port', values.port, 1, 65_535),
    pooler,
    databaseUrl,
    directUrl: values['direct-url'],
    all,
    json,
    keepOpen,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: known, strict: true, allowPositionals: false }).values
  } catch (error) {
    const said = error instanceof Error ? (error.message.split(/\. |\n/, 1)[0] ?? '') : String(error)
    throw new DemoError(`${said.replace(/\.$/, '')}. "npm run demo:jobs -- --help" lists the options.`)
  }
}

function isPoolerKind(text: string): text is PoolerKind {
  return (poolerKinds as readonly string[]).includes(text)
}

function readNumber(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new DemoError(`--${name} is ${quote(text)}; it has to be a whole number from ${min} to ${max}.`)
}

function readFolder(given: string | undefined): string {
  if (given === undefined) return fileURLToPath(new URL('../../../../docs', import.meta.url))
  if (given === '') throw new DemoError('--folder is empty; it has to be the path of a folder.')
  // npm changes to the root of the repository; people mean the folder they are in.
  const from = process.env['npm_lifecycle_event'] === 'demo:jobs' ? process.env['INIT_CWD'] : undefined
  return resolve(from ?? process.cwd(), given)
}

const quote = (text: string): string => JSON.stringify(text)
