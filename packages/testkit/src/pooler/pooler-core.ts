import { randomBytes, randomInt } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext } from 'node:tls'
import type { BackendAudit } from '../audit/residue.ts'
import { ClientChaos } from '../chaos/client-chaos.ts'
import type { PoolerDisturbance } from '../chaos/plan.ts'
import { parseTarget, type ConnectionTarget } from '../connection-target.ts'
import { BackendAuditor } from '../judge/backend-auditor.ts'
import { ClientTrial, type Court } from '../judge/client-trial.ts'
import { Judge } from '../judge/judge.ts'
import type { AccusedClient, Violation } from '../judge/violation.ts'
import { Attendance } from '../report/attendance.ts'
import { makeReport, type PoolerReport } from '../report/report.ts'
import { Recording } from '../recording/recording.ts'
import { isSettingName, settingNamesIn } from '../recording/setting-names.ts'
import { TestkitError } from '../testkit-error.ts'
import { backendKeyData, fatal, parameterStatus, readyForQuery } from '../wire/encode.ts'
import { status } from '../wire/message-types.ts'
import { SimpleClient } from '../wire/simple-client.ts'
import { makeCertificate, type ServerCertificate } from '../wire/self-made-certificate.ts'
import { auditPool, type PoolerAuditOptions } from './audit-pools.ts'
import type { BackendConnection } from './backend-connection.ts'
import { BackendPool, type Borrower, type Refusal } from './backend-pool.ts'
import { ClientConnection } from './client-connection.ts'
import { receiveClient, type Arrival } from './client-login.ts'
import type { LoginRefused } from './login-refused.ts'
import { targetOfCancel } from './cancel-target.ts'
import { settingsOf, type PoolerSettings, type StartPoolerOptions } from './pooler-options.ts'
import { Schedule } from './schedule.ts'
import { seededRandom } from './seeded-random.ts'
import { hazardOfParameter } from './startup-parameters.ts'
import { CarriedStatements, StatementCarrier } from './statement-carrier.ts'
import { trackedValues, type TrackedValues } from './tracked-parameters.ts'
import { UserDirectory } from './user-directory.ts'

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

interface Pool {
  readonly key: PoolKey
  readonly pool: BackendPool
  readonly schedule: Schedule
  readonly auditor: BackendAuditor | undefined
  readonly carried: CarriedStatements
}

interface KeyedClient {
  readonly connection: ClientConnection
  readonly secretKey: Buffer
}

const noNames: ReadonlySet<string> = new Set()

/** Backend ids that no process of this machine has: `pg_cancel_backend` with one of them hits nobody. */
const smallestClientPid = 1 << 23

/** The pooler's inside: who is connected, and the pools. `startPooler` shows the outside. */
export class PoolerCore {
  readonly upstream: ConnectionTarget
  readonly recording: Recording
  readonly judge: Judge
  /** What clients are shown that ask for TLS. */
  readonly certificate: ServerCertificate | undefined
  readonly settings: PoolerSettings
  readonly #users: UserDirectory
  readonly #secureContext: SecureContext | undefined
  readonly #attendance = new Attendance()
  readonly #server: Server
  readonly #court: Court
  readonly #pools = new Map<string, Pool>()
  readonly #clients = new Map<number, KeyedClient>()
  readonly #sockets = new Set<Socket>()
  readonly #settingNames = new Map<string, Set<string>>()
  #arrivals = 0
  /** Clients that have proved who they are and are not gone. */
  #admitted = 0
  #loginsRefusedUntil = 0
  #stopping: Promise<void> | undefined

  constructor(options: StartPoolerOptions) {
    this.settings = settingsOf(options)
    this.upstream = parseTarget(options.upstream)
    this.judge = new Judge({ allow: options.allow ?? [], onViolation: (violation) => this.#onViolation(violation) })
    this.#court = {
      judge: this.judge,
      audit: this.settings.audit,
      onViolation: this.settings.onViolation,
      isStrict: this.settings.behaviour.isStrict,
      holdsClients:
        this.settings.onViolation === 'fail' || ['sticky', 'swap-on-demand'].includes(this.settings.schedule),
      tracksStatements: this.settings.behaviour.statements !== 'blind',
      idleInTransactionMs: options.idleInTransactionMs ?? 5_000,
      listeners: new WeakMap(),
      audits: new Set(),
      transactions: 0,
    }
    this.recording = new Recording(typeof options.record === 'object' ? options.record : {})
    const { tls } = this.settings
    this.certificate = tls === 'self-made' ? makeCertificate() : tls
    this.#secureContext = this.certificate && createSecureContext(this.certificate)
    this.#users = new UserDirectory(this.upstream, options.users ?? {})
    this.#server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) => void this.#receive(socket))
  }

  async listen(): Promise<number> {
    const { port = 0 } = this.settings
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
  pools(database?: string): Pool[] {
    return [...this.#pools.values()].filter(({ key }) => database === undefined || key.database === database)
  }

  /** What was seen so far. */
  report(): PoolerReport {
    const { seed, schedule, behaviour, audit, onViolation } = this.settings
    const { startedAt, clients, backends } = this.#attendance
    return makeReport({
      seed,
      schedule,
      profile: behaviour.name,
      audit,
      onViolation,
      startedAt,
      clients,
      backends,
      violations: this.judge.violations,
      dropped: this.judge.dropped,
      unattributed: this.judge.unattributed,
      transactions: this.recording.transactions(),
      transactionCount: this.recording.count,
    })
  }

  /** Waits until everything that has ended is judged. */
  async settle(): Promise<void> {
    while (this.#court.audits.size > 0) await Promise.allSettled([...this.#court.audits])
  }

  /** Under the schedule `swap-on-demand` every client moves to another backend with its next transaction. */
  swap(): void {
    for (const { schedule } of this.#pools.values()) schedule.swaps += 1
  }

  /** Names of custom settings that clients mentioned in a database. */
  settingNames(database: string): string[] {
    return [...(this.#settingNames.get(database) ?? [])]
  }

  /** Asks every backend what is left on it. */
  async audit(options: PoolerAuditOptions): Promise<BackendAudit[]> {
    const { timeoutMs = 2_000, settingNames = [] } = options
    const { followed } = this.settings.behaviour
    const audits: BackendAudit[] = []
    for (const { key, pool } of this.pools(options.database)) {
      const names = [...settingNames, ...this.settingNames(key.database)]
      audits.push(
        ...(await auditPool({ ...key, pool, timeoutMs, settingNames: names, followed, recording: this.recording })),
      )
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
    await this.settle()
    for (const { pool } of this.#pools.values()) pool.close()
    for (const socket of this.#sockets) socket.destroySoon()
    await closed
  }

  async #receive(socket: Socket): Promise<void> {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    // A client that resets its connection is gone like any other: 'close' follows.
    socket.on('error', () => undefined)
    const { clientLoginTimeoutMs = 60_000, clientAuth = 'scram', ignoreStartupParameters = [] } = this.settings
    const timer = setTimeout(() => {
      socket.write(fatal('08P01', 'client_login_timeout'))
      socket.destroySoon()
    }, clientLoginTimeoutMs)
    const arrival = await receiveClient(socket, {
      users: this.#users,
      clientAuth,
      ignoreStartupParameters,
      profile: this.settings.behaviour,
      secureContext: this.#secureContext,
      onRefused: (refusal, user, database, applicationName) =>
        this.#onLoginRefused(refusal, { id: 0, applicationName, address: addressOf(socket), user, database }),
    })
    switch (arrival.kind) {
      case 'gone':
        clearTimeout(timer)
        socket.destroySoon()
        return
      case 'cancel':
        clearTimeout(timer)
        await this.#cancel(arrival)
        socket.destroySoon()
        return
      case 'client':
        if (this.#isFull) this.#refuseClient(arrival.socket, arrival, timer)
        else this.#admit(arrival.socket, arrival, timer)
    }
  }

  get #isFull(): boolean {
    return this.#admitted >= (this.settings.maxClients ?? 10_000) || Date.now() < this.#loginsRefusedUntil
  }

  #refuseClient(socket: Socket, arrival: Extract<Arrival, { kind: 'client' }>, timer: NodeJS.Timeout): void {
    clearTimeout(timer)
    const message = 'no more connections allowed (max_client_conn)'
    const { user, database, startup } = arrival
    const { applicationName } = startup
    const client = { id: 0, applicationName, address: addressOf(socket), user, database }
    if (this.#isJudging) {
      this.judge.charge({ hazard: 'double-pool-sizing', evidence: 'answer', summary: message, client })
    }
    socket.write(fatal('08P01', message))
    socket.destroySoon()
  }

  get #isJudging(): boolean {
    return this.settings.record !== false
  }

  #onLoginRefused({ hazard, summary }: LoginRefused, client: AccusedClient): void {
    if (hazard && this.#isJudging) this.judge.charge({ hazard, evidence: 'login', summary, client })
  }

  #onViolation(violation: Violation): void {
    this.settings.onFinding?.(violation)
    this.settings.onEvent?.({ type: 'violation', violation })
  }

  async #cancel({ pid, secretKey, isEncrypted }: Extract<Arrival, { kind: 'cancel' }>): Promise<void> {
    const client = this.#clients.get(pid)
    if (!client?.secretKey.equals(secretKey)) return
    const { connection } = client
    const { identity, applicationName } = connection
    const { client: id, user, database } = identity
    this.settings.onEvent?.({ type: 'cancel', client: id, user, database, applicationName })
    const { behaviour, lateCancelMs = 1_000 } = this.settings
    const target = targetOfCancel(connection, { isEncrypted, staleCancel: behaviour.staleCancel, lateCancelMs })
    await target?.cancel()
  }

  /** Lets an authenticated client in as soon as its pool has seen a backend: only that knows what to tell the client. */
  #admit(socket: Socket, arrival: Extract<Arrival, { kind: 'client' }>, timer: NodeJS.Timeout): void {
    this.#admitted += 1
    socket.once('close', () => (this.#admitted -= 1))
    const entry = this.#pool(arrival)
    const { pool } = entry
    const order = (this.#arrivals += 1)
    const random = seededRandom(this.settings.seed ^ Math.imul(order, 0x9e3779b1))
    const welcomed = (welcome: ReadonlyMap<string, string>): void => {
      clearTimeout(timer)
      if (socket.destroyed) return
      this.#greet(socket, arrival, { order, random, entry, welcome })
    }
    if (pool.welcome) {
      welcomed(pool.welcome)
      return
    }
    const borrower: Borrower = {
      lastBackend: undefined,
      swapsSeen: 0,
      random: seededRandom(this.settings.seed ^ order),
      onBackend: (backend: BackendConnection) => {
        pool.release(backend)
        welcomed(pool.welcome ?? backend.parameters)
      },
      onRefused: ({ sqlstate, message, severity, detail }: Refusal) => {
        clearTimeout(timer)
        socket.write(fatal(sqlstate, message, severity, detail))
        socket.destroySoon()
      },
    }
    socket.once('close', () => pool.withdraw(borrower))
    pool.warmUp(borrower)
  }

  #greet(
    socket: Socket,
    arrival: Extract<Arrival, { kind: 'client' }>,
    given: { order: number; random: () => number; entry: Pool; welcome: ReadonlyMap<string, string> },
  ): void {
    const { user, database, startup } = arrival
    const { order, random, entry, welcome } = given
    const { behaviour } = this.settings
    const tracked = this.#trackedFor(startup.tracked, welcome)
    const pid = this.#freshPid()
    const secretKey = randomBytes(4)
    const own = new Map<string, string>([...welcome, ...Object.entries(tracked)])
    socket.write(
      Buffer.concat([
        ...[...own].map(([name, value]) => parameterStatus(name, value)),
        backendKeyData(pid, secretKey),
        readyForQuery(status.idle),
      ]),
    )
    const connection = new ClientConnection(
      socket,
      {
        client: order,
        address: addressOf(socket),
        user,
        database,
        tracked,
        applicationName: startup.applicationName,
        imposed: startup.imposed,
        random,
      },
      {
        pool: entry.pool,
        profile: behaviour,
        chaos: this.#chaosFor(order, startup.applicationName),
        terminate: (backendPid) => this.#terminate(backendPid),
        disturbAll: (disturbance) => this.#disturb(disturbance, entry.pool),
        losesPipelined: this.settings.losesPipelined ?? false,
        carrier:
          behaviour.statements === 'blind' ? undefined : new StatementCarrier(behaviour.statements, entry.carried),
        recording: this.#isJudging ? this.recording : undefined,
        trial: this.#isJudging ? (client) => this.#tryClient(client, entry.auditor) : undefined,
        emit: this.settings.onEvent,
        onSettingNames: (where, sql, values) => this.#noteSettingNames(where, sql, values),
        onClosed: () => {
          this.#clients.delete(pid)
          this.#attendance.clientLeft(order)
        },
      },
    )
    for (const name of startup.ignored) {
      connection.trial?.chargeNow({
        hazard: hazardOfParameter(name, false),
        evidence: 'login',
        summary: `start-up parameter ${name} was dropped without a word`,
      })
    }
    this.#attendance.clientCame(accusedOf(connection))
    this.#clients.set(pid, { connection, secretKey })
    this.settings.onEvent?.({
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

  /** What follows a client: what it asked for, and else what a fresh backend has, unless the pooler lets that leak. */
  #trackedFor(asked: TrackedValues, welcome: ReadonlyMap<string, string>): TrackedValues {
    const { followed, notRestored } = this.settings.behaviour
    const usual = trackedValues(welcome)
    const values: TrackedValues = {}
    for (const name of followed) {
      const value = asked[name] ?? (notRestored.includes(name) ? undefined : usual[name])
      if (value !== undefined) values[name] = value
    }
    return values
  }

  #chaosFor(id: number, applicationName: string): ClientChaos | undefined {
    const { chaosRules, randomChaos, seed } = this.settings
    if (chaosRules.length === 0 && !randomChaos) return undefined
    const next = seededRandom(seed ^ Math.imul(id, 0x85ebca6b))
    return new ClientChaos(chaosRules, { id, applicationName }, randomChaos && { plan: randomChaos, next })
  }

  async #terminate(backendPid: number): Promise<void> {
    const client = await SimpleClient.connect(this.upstream)
    try {
      await client.query(`select pg_catalog.pg_terminate_backend(${backendPid}, 5000)`)
    } finally {
      await client.close()
    }
  }

  #disturb(disturbance: PoolerDisturbance, pool: BackendPool): void {
    switch (disturbance.action) {
      case 'refuse-logins':
        this.#loginsRefusedUntil = Date.now() + disturbance.ms
        return
      case 'exhaust-pool':
        pool.exhaust(disturbance.ms)
        return
      case 'restart-pooler':
        for (const { connection } of [...this.#clients.values()]) {
          connection.close({ sqlstate: '57P01', message: 'the pooler is shutting down' })
        }
        for (const one of this.pools()) one.pool.closeBackends()
    }
  }

  #tryClient(client: ClientConnection, auditor: BackendAuditor | undefined): ClientTrial {
    return new ClientTrial(
      this.#court,
      auditor,
      () => accusedOf(client),
      client.identity.imposed,
      ({ hazard, summary, alternative }) =>
        client.close({ sqlstate: 'XX000', message: `pooler-safe: ${hazard}: ${summary}. ${alternative}` }),
    )
  }

  #pool(arrival: Extract<Arrival, { kind: 'client' }>): Pool {
    const { user, database, secret, startup } = arrival
    const id = JSON.stringify([user, database, startup.applied])
    const before = this.#pools.get(id)
    if (before) {
      before.pool.secret = secret
      return before
    }
    const { host, port, tls } = this.upstream
    const { behaviour, poolSize, serverLoginRetryMs = 200, onEvent, waitTimeoutMs, audit, onViolation } = this.settings
    const { backendApplicationName } = behaviour
    const parameters = {
      ...startup.applied,
      ...(backendApplicationName === undefined ? {} : { application_name: backendApplicationName }),
    }
    const schedule = new Schedule(this.settings.schedule, poolSize)
    const auditor =
      audit === 'off'
        ? undefined
        : new BackendAuditor({
            settingNames: () => this.#settingNames.get(database) ?? noNames,
            leavesResidue: onViolation === 'leak',
            followed: behaviour.followed,
          })
    const pool = new BackendPool({
      login: { host, port, user, database, parameters, tls },
      secret,
      schedule,
      queryWaitTimeoutMs: waitTimeoutMs,
      waitRefusal: {
        ...behaviour.queryWait({ ms: waitTimeoutMs, user, database, poolSize }),
        hazard: 'checkout-timeouts',
      },
      unknownDatabase: behaviour.unknownDatabase(database, user),
      serverLoginRetryMs,
      onFresh: auditor && ((backend) => auditor.opened(backend)),
      onOpened: ({ pid }) => {
        this.#attendance.backendOpened({ pid, user, database })
        onEvent?.({ type: 'backend-opened', backendPid: pid, user, database })
      },
      onClosed: ({ pid }, error) => {
        this.#attendance.backendClosed(pid)
        onEvent?.({ type: 'backend-closed', backendPid: pid, user, database, reason: error.message })
      },
    })
    const entry = { key: { user, database }, pool, schedule, auditor, carried: new CarriedStatements() }
    this.#pools.set(id, entry)
    return entry
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

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`
}

function accusedOf({ identity, applicationName }: ClientConnection): AccusedClient {
  const { client: id, address, user, database } = identity
  return { id, applicationName, address, user, database }
}
