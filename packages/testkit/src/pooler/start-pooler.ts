import { randomBytes, randomInt } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { formatUrl, parseTarget, type ConnectionTarget } from '../connection-target.ts'
import { Recording, type RecordingLimits } from '../recording/recording.ts'
import { isSettingName, settingNamesIn } from '../recording/setting-names.ts'
import { TestkitError } from '../testkit-error.ts'
import { backendKeyData, fatal, parameterStatus, readyForQuery } from '../wire/encode.ts'
import { status } from '../wire/message-types.ts'
import type { ScramSecret } from '../wire/scram.ts'
import type { BackendAudit } from '../audit/residue.ts'
import { auditPool, type PoolerAuditOptions } from './audit-pools.ts'
import type { BackendConnection } from './backend-connection.ts'
import { BackendPool, type Borrower, type Refusal } from './backend-pool.ts'
import { ClientConnection } from './client-connection.ts'
import { receiveClient, type Arrival } from './client-login.ts'
import type { PoolerEvent } from './pooler-event.ts'
import { seededRandom } from './seeded-random.ts'
import { trackedParameters, trackedValues } from './tracked-parameters.ts'
import { UserDirectory } from './user-directory.ts'

/** Options of {@link startPooler}. Only `upstream` is needed. */
export interface StartPoolerOptions {
  /** URL of the PostgreSQL behind the pooler. Its user may log in at the pooler with the same password. */
  readonly upstream: string
  /** Transactions at once for each pair of user and database. Default 4. */
  readonly poolSize?: number
  /** Decides which backend is next; print it to replay a run. Default random. */
  readonly seed?: number
  /** Listen here; default is any free port of 127.0.0.1. */
  readonly port?: number
  /** How clients prove who they are. Default `scram`. */
  readonly clientAuth?: 'scram' | 'trust'
  /** Passwords of more users. Roles whose SCRAM verifier the upstream user can read need none. */
  readonly users?: Readonly<Record<string, string>>
  /** False keeps no record of what ran where. */
  readonly record?: boolean | RecordingLimits
  /** Start-up parameters that are dropped silently instead of refused, as PgBouncer's setting of that name; `'*'` for all. */
  readonly ignoreStartupParameters?: readonly string[]
  /** How long a client may wait for a backend; 0 for ever. Default 120,000 as in PgBouncer. */
  readonly queryWaitTimeoutMs?: number
  /** How long a failed log-in upstream keeps others from trying. Default 200. */
  readonly serverLoginRetryMs?: number
  /** How long a client's log-in may take. Default 60,000. */
  readonly clientLoginTimeoutMs?: number
  /** Called for everything that happens; must not throw. */
  readonly onEvent?: (event: PoolerEvent) => void
}

/** A backend of a pooler. */
export interface PoolerBackend {
  readonly pid: number
  readonly user: string
  readonly database: string
  readonly isBusy: boolean
  /** Milliseconds since the epoch. */
  readonly openedAt: number
}

interface PoolKey {
  readonly user: string
  readonly database: string
}

interface KeyedClient {
  readonly connection: ClientConnection
  readonly secretKey: Buffer
}

/** Backend ids that no process of this machine has: `pg_cancel_backend` with one of them hits nobody. */
const smallestClientPid = 1 << 23

/** The pooler's inside: who is connected, and the pools. `startPooler` shows the outside. */
export class PoolerCore {
  readonly upstream: ConnectionTarget
  readonly seed: number
  readonly recording: Recording
  readonly #options: StartPoolerOptions
  readonly #users: UserDirectory
  readonly #server: Server
  readonly #pools = new Map<string, { readonly key: PoolKey; readonly pool: BackendPool }>()
  readonly #clients = new Map<number, KeyedClient>()
  readonly #sockets = new Set<Socket>()
  readonly #settingNames = new Map<string, Set<string>>()
  #arrivals = 0
  #stopping: Promise<void> | undefined

  constructor(options: StartPoolerOptions) {
    this.#options = options
    this.upstream = parseTarget(options.upstream)
    this.seed = (options.seed ?? randomInt(2 ** 32)) >>> 0
    this.recording = new Recording(typeof options.record === 'object' ? options.record : {})
    this.#users = new UserDirectory(this.upstream, options.users ?? {})
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => void this.#receive(socket))
  }

  async listen(): Promise<number> {
    const { port = 0 } = this.#options
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause: NodeJS.ErrnoException) => {
        const taken = cause.code === 'EADDRINUSE'
        reject(
          taken
            ? new TestkitError('port-taken', `Port ${port} of 127.0.0.1 is taken.`, {
                cause,
                hint: 'Give another port, or none.',
              })
            : cause,
        )
      })
      this.#server.listen({ port, host: '127.0.0.1', backlog: 4096 }, resolve)
    })
    const address = this.#server.address()
    return typeof address === 'object' && address ? address.port : port
  }

  get backends(): PoolerBackend[] {
    return [...this.#pools.values()].flatMap(({ key, pool }) =>
      pool.backends.map((backend) => ({
        pid: backend.pid,
        ...key,
        isBusy: pool.isBusy(backend),
        openedAt: backend.openedAt,
      })),
    )
  }

  get clientCount(): number {
    return this.#clients.size
  }

  get waiting(): number {
    return this.pools().reduce((sum, { pool }) => sum + pool.waiting, 0)
  }

  /** The pools of a database, or all. */
  pools(database?: string): { readonly key: PoolKey; readonly pool: BackendPool }[] {
    return [...this.#pools.values()].filter(({ key }) => database === undefined || key.database === database)
  }

  /** Names of custom settings that clients mentioned in a database. */
  settingNames(database: string): string[] {
    return [...(this.#settingNames.get(database) ?? [])]
  }

  /** Asks every backend what is left on it. */
  async audit(options: PoolerAuditOptions): Promise<BackendAudit[]> {
    const { timeoutMs = 2_000, settingNames = [] } = options
    const audits: BackendAudit[] = []
    for (const { key, pool } of this.pools(options.database)) {
      const names = [...settingNames, ...this.settingNames(key.database)]
      audits.push(...(await auditPool({ ...key, pool, timeoutMs, settingNames: names, recording: this.recording })))
    }
    return audits
  }

  /** Closes the backends of a database and forgets it. Its clients get new ones with their next transaction. */
  closeDatabase(database: string): void {
    for (const [id, { key, pool }] of this.#pools) {
      if (key.database !== database) continue
      for (const { connection } of this.#clients.values()) {
        if (connection.identity.database === database) connection.close()
      }
      pool.close()
      this.#pools.delete(id)
    }
    this.#settingNames.delete(database)
  }

  /** Lets transactions end for `drainMs`, then hangs up on everybody. */
  stop(drainMs: number): Promise<void> {
    return (this.#stopping ??= this.#stop(drainMs))
  }

  async #stop(drainMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const deadline = Date.now() + drainMs
    for (;;) {
      const clients = [...this.#clients.values()].map(({ connection }) => connection)
      for (const client of clients) if (client.isIdle) client.close()
      if (this.#clients.size === 0 || Date.now() >= deadline) break
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    for (const { connection } of this.#clients.values())
      connection.close({ sqlstate: '57P01', message: 'the pooler is shutting down' })
    for (const { pool } of this.#pools.values()) pool.close()
    for (const socket of this.#sockets) socket.destroySoon()
    await closed
  }

  async #receive(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // A client that resets its connection is gone like any other: 'close' follows.
    socket.on('error', () => undefined)
    const { clientLoginTimeoutMs = 60_000, clientAuth = 'scram', ignoreStartupParameters = [] } = this.#options
    const timer = setTimeout(() => {
      socket.write(fatal('08P01', 'client_login_timeout'))
      socket.destroySoon()
    }, clientLoginTimeoutMs)
    const arrival = await receiveClient(socket, { users: this.#users, clientAuth, ignoreStartupParameters })
    switch (arrival.kind) {
      case 'gone':
        clearTimeout(timer)
        socket.destroySoon()
        return
      case 'cancel':
        clearTimeout(timer)
        await this.#cancel(arrival.pid, arrival.secretKey)
        socket.destroySoon()
        return
      case 'client':
        this.#admit(socket, arrival, timer)
    }
  }

  async #cancel(pid: number, secretKey: Buffer): Promise<void> {
    const client = this.#clients.get(pid)
    if (!client?.secretKey.equals(secretKey)) return
    const { identity, applicationName, backend } = client.connection
    const { client: id, user, database } = identity
    this.#options.onEvent?.({ type: 'cancel', client: id, user, database, applicationName })
    // A client without a backend has nothing to cancel; its last backend serves somebody else by now.
    await backend?.cancel()
  }

  /** Lets an authenticated client in as soon as its pool has seen a backend: only that knows what to tell the client. */
  #admit(socket: Socket, arrival: Extract<Arrival, { kind: 'client' }>, timer: NodeJS.Timeout): void {
    const { user, database, secret } = arrival
    const pool = this.#pool(user, database, secret)
    const order = (this.#arrivals += 1)
    const random = seededRandom(this.seed ^ Math.imul(order, 0x9e3779b1))
    const welcomed = (welcome: ReadonlyMap<string, string>): void => {
      clearTimeout(timer)
      if (socket.destroyed) return
      this.#greet(socket, arrival, { order, random, pool, welcome })
    }
    if (pool.welcome) {
      welcomed(pool.welcome)
      return
    }
    const borrower: Borrower = {
      lastBackend: undefined,
      random: seededRandom(this.seed ^ order),
      onBackend: (backend: BackendConnection) => {
        pool.release(backend)
        welcomed(pool.welcome ?? backend.parameters)
      },
      onRefused: ({ sqlstate, message }: Refusal) => {
        clearTimeout(timer)
        socket.write(fatal(sqlstate, message))
        socket.destroySoon()
      },
    }
    socket.once('close', () => pool.withdraw(borrower))
    pool.warmUp(borrower)
  }

  #greet(
    socket: Socket,
    arrival: Extract<Arrival, { kind: 'client' }>,
    given: { order: number; random: () => number; pool: BackendPool; welcome: ReadonlyMap<string, string> },
  ): void {
    const { user, database } = arrival
    const { order, random, pool, welcome } = given
    const tracked = { ...trackedValues(welcome), ...arrival.tracked }
    const pid = this.#freshPid()
    const secretKey = randomBytes(4)
    const own = new Map<string, string>([
      ...welcome,
      ...trackedParameters.flatMap((name) => {
        const value = tracked[name]
        return value === undefined ? [] : ([[name, value]] as const)
      }),
    ])
    socket.write(
      Buffer.concat([
        ...[...own].map(([name, value]) => parameterStatus(name, value)),
        backendKeyData(pid, secretKey),
        readyForQuery(status.idle),
      ]),
    )
    const connection = new ClientConnection(
      socket,
      { client: order, user, database, tracked, random },
      {
        pool,
        recording: this.#options.record === false ? undefined : this.recording,
        emit: this.#options.onEvent,
        onSettingNames: (where, sql, values) => this.#noteSettingNames(where, sql, values),
        onClosed: () => this.#clients.delete(pid),
      },
    )
    this.#clients.set(pid, { connection, secretKey })
    this.#options.onEvent?.({
      type: 'client-connected',
      client: order,
      user,
      database,
      applicationName: connection.applicationName,
    })
    if (this.#stopping) connection.close()
    else socket.resume()
  }

  #freshPid(): number {
    for (;;) {
      const pid = randomInt(smallestClientPid, 2 ** 31)
      if (!this.#clients.has(pid)) return pid
    }
  }

  #pool(user: string, database: string, secret: ScramSecret): BackendPool {
    const id = JSON.stringify([user, database])
    const before = this.#pools.get(id)
    if (before) {
      before.pool.secret = secret
      return before.pool
    }
    const { host, port } = this.upstream
    const { poolSize = 4, queryWaitTimeoutMs = 120_000, serverLoginRetryMs = 200, onEvent } = this.#options
    const pool = new BackendPool({
      login: { host, port, user, database },
      secret,
      poolSize,
      queryWaitTimeoutMs,
      serverLoginRetryMs,
      onOpened: ({ pid }) => onEvent?.({ type: 'backend-opened', backendPid: pid, user, database }),
      onClosed: ({ pid }, error) =>
        onEvent?.({ type: 'backend-closed', backendPid: pid, user, database, reason: error.message }),
    })
    this.#pools.set(id, { key: { user, database }, pool })
    return pool
  }

  #noteSettingNames(database: string, sql: string | undefined, values: readonly string[]): void {
    const found = [
      ...(sql === undefined ? [] : settingNamesIn(sql)),
      ...values.filter(isSettingName).map((name) => name.toLowerCase()),
    ]
    if (found.length === 0) return
    const names = this.#settingNames.get(database) ?? new Set()
    this.#settingNames.set(database, names)
    for (const name of found) if (names.size < 2_000) names.add(name)
  }
}

/** A rotating transaction-mode pooler on loopback. */
export interface Pooler extends ConnectionTarget, AsyncDisposable {
  /** URL of the upstream user and database, through the pooler. */
  readonly url: string
  /** Decides which backend is next; the same seed and the same requests give the same choices. */
  readonly seed: number
  /** Transactions at once for each pair of user and database. */
  readonly poolSize: number
  /** Which client's SQL ran on which backend. */
  readonly recording: Recording
  /** The same user, another database. */
  urlFor(database: string): string
  /** The open backends. There is at most one more than `poolSize` for each pair of user and database. */
  backends(): PoolerBackend[]
  /** How many clients have logged in. */
  clients(): number
  /** How many clients wait for a backend. */
  waiting(): number
  /** Asks every backend what clients left on it, each as soon as no client uses it. Changes nothing. */
  audit(options?: PoolerAuditOptions): Promise<BackendAudit[]>
  /** Hangs up on a database's clients and closes its backends, so that it can be dropped. */
  closeDatabase(database: string): void
  /** Lets transactions end for `drainMs` (default 1,000), then hangs up on everybody. */
  stop(options?: { readonly drainMs?: number }): Promise<void>
}

function validated(options: StartPoolerOptions): number {
  const { poolSize = 4 } = options
  if (!Number.isInteger(poolSize) || poolSize < 1) {
    throw new TestkitError(
      'invalid-option',
      `poolSize is ${String(poolSize)}; it must be a whole number of at least 1.`,
    )
  }
  return poolSize
}

/**
 * Starts a transaction-mode pooler that makes rare bugs certain: with a pool size of two or more, every transaction of a
 * client runs on another backend than its transaction before.
 *
 * It behaves like PgBouncer 1.18: no prepared statements are tracked, five settings follow the client, other start-up
 * parameters are refused with 08P01. Rejects with `port-taken`, `invalid-url` or `invalid-option`; PostgreSQL is first
 * contacted when a client comes.
 *
 * @example
 * ```ts
 * await using pooler = await startPooler({ upstream: postgres.url, poolSize: 2, seed: 7 })
 * ```
 */
export async function startPooler(options: StartPoolerOptions): Promise<Pooler> {
  const poolSize = validated(options)
  const core = new PoolerCore(options)
  const port = await core.listen()
  const target: ConnectionTarget = { ...core.upstream, host: '127.0.0.1', port }
  const stop = ({ drainMs = 1_000 } = {}): Promise<void> => core.stop(drainMs)
  return {
    ...target,
    url: formatUrl(target),
    seed: core.seed,
    poolSize,
    recording: core.recording,
    urlFor: (database) => formatUrl({ ...target, database }),
    backends: () => core.backends,
    clients: () => core.clientCount,
    waiting: () => core.waiting,
    audit: (auditOptions = {}) => core.audit(auditOptions),
    closeDatabase: (database) => core.closeDatabase(database),
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}
