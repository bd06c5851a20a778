import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { startPooler, startPostgres } from '@pooler-safe/testkit'
import { wait } from '../src/clock.ts'
import { explain, ServiceError } from '../src/service-error.ts'

/** Where the data of a command line are. */
export interface CommandEndpoint {
  /** Of a transaction-mode pooler. */
  readonly url: string
  /** Of PostgreSQL itself; undefined when it was not given. */
  readonly directUrl: string | undefined
}

export interface CommandEndpointOptions {
  /** Data that were made up for a demonstration are kept apart from others. Default false. */
  readonly demo?: boolean
  /** Told one line for what takes time. */
  readonly say: (line: string) => void
  /** Default `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

const settlingMs = 15_000

/**
 * The database of a command: the one that DATABASE_URL names, else one of our own, behind a transaction-mode pooler, whose
 * data survive in `.pooler-safe`. A command that finds another one running there joins it. The stack closes what was opened.
 *
 * @throws ServiceError CONFIGURATION_INVALID, DATABASE_UNAVAILABLE saying why
 */
export async function openCommandEndpoint(
  stack: AsyncDisposableStack,
  { demo = false, say, variables = process.env }: CommandEndpointOptions,
): Promise<CommandEndpoint> {
  const { DATABASE_URL: url, DIRECT_DATABASE_URL: directUrl, POOLER_SAFE_DATA: given } = variables
  if (url && !demo) return { url, directUrl: directUrl === '' ? undefined : directUrl }
  if (directUrl && !demo) {
    throw new ServiceError('CONFIGURATION_INVALID', 'DIRECT_DATABASE_URL is set and DATABASE_URL is not.', {
      hint: 'Set both, or neither for a database of its own.',
    })
  }
  const root = resolve(given ?? join(import.meta.dirname, '../../../.pooler-safe'))
  const directory = join(root, demo ? 'demo-commands' : 'commands')
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw unavailable(directory, error)
  }
  const deadline = performance.now() + settlingMs
  for (;;) {
    const joined = readRunning(directory)
    if (joined) return joined
    try {
      return await startOwn(stack, directory, say)
    } catch (error) {
      // Another command is starting it, or the server of one that was killed is ending.
      if (performance.now() > deadline) throw unavailable(directory, error)
      await wait(250)
    }
  }
}

async function startOwn(
  stack: AsyncDisposableStack,
  directory: string,
  say: (line: string) => void,
): Promise<CommandEndpoint> {
  await using opening = new AsyncDisposableStack()
  const postgres = await startPostgres({ dataDir: join(directory, 'postgres') })
  opening.defer(() => postgres.stop())
  const pooler = await startPooler({ upstream: postgres.url, poolSize: 4 })
  opening.defer(() => pooler.stop({ drainMs: 200 }))
  const file = join(directory, 'running.json')
  const endpoint = { url: pooler.url, directUrl: postgres.url }
  writeFileSync(file, JSON.stringify({ pid: process.pid, ...endpoint }), { mode: 0o600 })
  opening.defer(() => rmSync(file, { force: true }))
  say(`No DATABASE_URL: the data are kept in ${directory}.`)
  const opened = opening.move()
  stack.defer(() => opened.disposeAsync())
  return endpoint
}

/** The endpoint of a command that runs at the moment. */
function readRunning(directory: string): CommandEndpoint | undefined {
  try {
    const { pid, url, directUrl } = JSON.parse(readFileSync(join(directory, 'running.json'), 'utf8')) as {
      readonly pid: number
      readonly url: string
      readonly directUrl: string
    }
    // Throws when there is no such process.
    process.kill(pid, 0)
    return pid === process.pid ? undefined : { url, directUrl }
  } catch {
    return undefined
  }
}

function unavailable(directory: string, cause: unknown): ServiceError {
  return new ServiceError('DATABASE_UNAVAILABLE', `No database could be opened in ${directory}: ${explain(cause)}`, {
    hint: 'Set DATABASE_URL and DIRECT_DATABASE_URL, or POOLER_SAFE_DATA to another directory.',
    cause,
  })
}
