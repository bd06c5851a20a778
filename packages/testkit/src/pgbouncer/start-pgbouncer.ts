import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { accessSync, chownSync, constants, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { formatUrl, parseTarget, type ConnectionTarget } from '../connection-target.ts'
import { findFreePort, isPortTaken } from '../process/free-port.ts'
import { findServiceUser, type ServiceUser } from '../process/service-user.ts'
import { ServerProcess } from '../process/server-process.ts'
import { makeWorkDirectory } from '../process/work-directory.ts'
import { TestkitError } from '../testkit-error.ts'
import { SimpleClient } from '../wire/simple-client.ts'

/** Options of {@link startPgBouncer}. Only `upstream` is needed. */
export interface StartPgBouncerOptions {
  /** URL of the PostgreSQL behind it. Its user may log in with the same password. */
  readonly upstream: string
  /** Default `transaction`. */
  readonly poolMode?: 'transaction' | 'session' | 'statement'
  /** Backends for each pair of user and database. Default 4. */
  readonly poolSize?: number
  /** Passwords of more users. Roles that the upstream user can look up in `pg_shadow` need none. */
  readonly users?: Readonly<Record<string, string>>
  /** More lines of the section `[pgbouncer]`; they win over ours. */
  readonly config?: Readonly<Record<string, string | number>>
  /** Listen here; default is any free port of 127.0.0.1. */
  readonly port?: number
  /** How long it may take to answer. Default 15,000. */
  readonly readyTimeoutMs?: number
}

/** A backend of a PgBouncer. */
export interface PgBouncerServer {
  readonly database: string
  readonly user: string
  readonly backendPid: number
  readonly state: string
}

/** A running PgBouncer. */
export interface PgBouncer extends ConnectionTarget, AsyncDisposable {
  /** URL of the upstream user and database, through PgBouncer. */
  readonly url: string
  /** URL of its admin console, where `show pools` works. */
  readonly adminUrl: string
  /** As the program says it, such as `1.18.0`. */
  readonly version: string
  readonly poolMode: 'transaction' | 'session' | 'statement'
  readonly poolSize: number
  readonly pid: number | undefined
  /** The same user, another database. */
  urlFor(database: string): string
  /** Its open backends, from `show servers`. */
  servers(): Promise<PgBouncerServer[]>
  /** The last lines of its log. */
  logTail(lines?: number): string
  /** Ends it at once; clients are cut off. */
  stop(): Promise<void>
}

/** The path of the installed `pgbouncer`; undefined when there is none. `POOLER_SAFE_PGBOUNCER` names another. */
export function findPgBouncer(): string | undefined {
  const given = process.env['POOLER_SAFE_PGBOUNCER']
  const path = (process.env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '')
  const directories = [...path, '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']
  const candidates = given === undefined ? directories.map((directory) => join(directory, 'pgbouncer')) : [given]
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function versionOf(executable: string): string {
  const { stdout } = spawnSync(executable, ['--version'], { encoding: 'utf8' })
  return /(\d+\.\d+(?:\.\d+)?)/.exec(stdout)?.[1] ?? 'unknown'
}

const adminUser = 'pooler_safe_admin'

/** A value of the connection string in `[databases]`. */
const quoteValue = (value: string): string => `'${value.replaceAll("'", "''")}'`
/** A field of the auth file. */
const quoteField = (value: string): string => `"${value.replaceAll('"', '""')}"`

interface Files {
  readonly directory: string
  readonly iniFile: string
}

function writeFiles(
  upstream: ConnectionTarget,
  port: number,
  adminPassword: string,
  options: StartPgBouncerOptions,
  user: ServiceUser | undefined,
): Files {
  const directory = makeWorkDirectory('pooler-safe-pgbouncer-', user)
  const authFile = join(directory, 'users.txt')
  const iniFile = join(directory, 'pgbouncer.ini')
  const passwords = { [upstream.user]: upstream.password, ...options.users, [adminUser]: adminPassword }
  const settings: Record<string, string | number> = {
    listen_addr: '127.0.0.1',
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: authFile,
    auth_query: 'select usename, passwd from pg_catalog.pg_shadow where usename = $1',
    admin_users: adminUser,
    pool_mode: options.poolMode ?? 'transaction',
    default_pool_size: options.poolSize ?? 4,
    max_client_conn: 2000,
    pidfile: join(directory, 'pid'),
    ...options.config,
    listen_port: port,
  }
  const database = `* = host=${quoteValue(upstream.host)} port=${upstream.port} auth_user=${quoteValue(upstream.user)}`
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  writeFileSync(iniFile, ['[databases]', database, '', '[pgbouncer]', ...lines, ''].join('\n'), { mode: 0o600 })
  const users = Object.entries(passwords).map(([name, password]) => `${quoteField(name)} ${quoteField(password)}`)
  writeFileSync(authFile, `${users.join('\n')}\n`, { mode: 0o600 })
  if (user) for (const file of [iniFile, authFile]) chownSync(file, user.uid, user.gid)
  return { directory, iniFile }
}

/** Waits until the admin console lets us in. */
async function waitUntilReady(server: ServerProcess, admin: ConnectionTarget, timeoutMs: number): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (;;) {
    if (server.exit !== undefined) {
      throw new TestkitError('pgbouncer-start-failed', `PgBouncer ${server.exit}:\n${server.logTail()}`)
    }
    try {
      await (await SimpleClient.connect(admin, { timeoutMs: 2_000 })).close()
      return
    } catch (error) {
      if (Date.now() > deadline) {
        throw new TestkitError(
          'pgbouncer-start-failed',
          `PgBouncer did not answer within ${timeoutMs} ms:\n${server.logTail()}`,
          { cause: error },
        )
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function showServers(admin: ConnectionTarget): Promise<PgBouncerServer[]> {
  const client = await SimpleClient.connect(admin)
  try {
    const { rows } = await client.query('show servers')
    return rows.map((row) => ({
      database: row['database'] ?? '',
      user: row['user'] ?? '',
      backendPid: Number(row['remote_pid']),
      state: row['state'] ?? '',
    }))
  } finally {
    await client.close()
  }
}

/**
 * Starts the installed PgBouncer on loopback, in front of every database of a server. It ends when `stop()` is called or
 * this process ends, however it ends. As root it runs as another account.
 *
 * Rejects with `pgbouncer-not-found`, `pgbouncer-start-failed` (with the end of its log) or `port-taken`.
 *
 * @example
 * ```ts
 *   await using pgbouncer = await startPgBouncer({ upstream: server.url, poolSize: 3 })
 * ```
 */
export async function startPgBouncer(options: StartPgBouncerOptions): Promise<PgBouncer> {
  const executable = findPgBouncer()
  if (executable === undefined) {
    throw new TestkitError('pgbouncer-not-found', 'PgBouncer is not installed.', {
      hint: 'apt-get install pgbouncer, or brew install pgbouncer.',
    })
  }
  if (options.port !== undefined && (await isPortTaken(options.port))) {
    throw new TestkitError('port-taken', `Port ${options.port} of 127.0.0.1 is taken.`, {
      hint: 'Give another port, or none.',
    })
  }
  const upstream = parseTarget(options.upstream)
  const user = findServiceUser()
  const adminPassword = randomBytes(18).toString('base64url')
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await findFreePort())
    const { directory, iniFile } = writeFiles(upstream, port, adminPassword, options, user)
    const server = new ServerProcess({
      executable,
      args: [iniFile],
      user,
      cwd: directory,
      logFile: join(directory, 'log'),
      stopSignal: 'SIGTERM',
      removeAfterwards: directory,
    })
    const admin = { host: '127.0.0.1', port, user: adminUser, password: adminPassword, database: 'pgbouncer' }
    try {
      await waitUntilReady(server, admin, options.readyTimeoutMs ?? 15_000)
    } catch (error) {
      const again = server.logTail().includes('Address already in use') && options.port === undefined && attempt < 5
      await server.stop(2_000)
      if (again) continue
      throw error
    }
    const target = { ...upstream, host: '127.0.0.1', port }
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => (stopping ??= server.stop(5_000))
    return {
      ...target,
      url: formatUrl(target),
      adminUrl: formatUrl(admin),
      version: versionOf(executable),
      poolMode: options.poolMode ?? 'transaction',
      poolSize: options.poolSize ?? 4,
      pid: server.pid,
      urlFor: (database) => formatUrl({ ...target, database }),
      servers: () => showServers(admin),
      logTail: (lines) => server.logTail(lines),
      stop,
      [Symbol.asyncDispose]: stop,
    }
  }
}
