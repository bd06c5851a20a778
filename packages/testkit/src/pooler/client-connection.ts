import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { ClientChaos } from '../chaos/client-chaos.ts'
import { ClientDisturbances } from '../chaos/client-disturbances.ts'
import type { PoolerDisturbance } from '../chaos/plan.ts'
import type { ClientTrial, Docket } from '../judge/client-trial.ts'
import type { RecordedStatement, Recording, TransactionRecorder } from '../recording/recording.ts'
import type { Notification, ServerMessage } from '../wire/decode.ts'
import { fatal, flush } from '../wire/encode.ts'
import { FrameWalker } from '../wire/frame-walker.ts'
import { backend, frontend, isFrontendType, largestBodyBytes, status } from '../wire/message-types.ts'
import type { BackendConnection, BackendUser } from './backend-connection.ts'
import type { BackendPool, Borrower, Refusal } from './backend-pool.ts'
import { MessageReader } from './message-reader.ts'
import type { PoolerEvent } from './pooler-event.ts'
import type { PoolerProfile } from './profile.ts'
import { rollBack } from './roll-back.ts'
import { RequestWindow, type Judgement } from './request-window.ts'
import type { StatementCarrier } from './statement-carrier.ts'
import { quoteLiteral, synchronise, trackedParameter, type TrackedValues } from './tracked-parameters.ts'

/** What a client connection needs from its pooler. */
export interface ClientContext {
  readonly pool: BackendPool
  readonly profile: PoolerProfile
  /** Carries named statements from backend to backend, for poolers that do. */
  readonly carrier: StatementCarrier | undefined
  /** Disturbs this client. */
  readonly chaos: ClientChaos | undefined
  /** Has PostgreSQL end a backend; resolves when it is gone. */
  readonly terminate: (backendPid: number) => Promise<void>
  /** Disturbs everybody. */
  readonly disturbAll: (disturbance: PoolerDisturbance) => void
  /** What a client sends before its last request is answered is lost when the backend is given back. */
  readonly losesPipelined: boolean
  readonly recording: Recording | undefined
  /** Judges what this client does; undefined when nobody asked for it. */
  readonly trial: ((client: ClientConnection) => ClientTrial) | undefined
  readonly emit: ((event: PoolerEvent) => void) | undefined
  /** SQL and bound values in which names of custom settings may be. */
  readonly onSettingNames: (database: string, sql: string | undefined, values: readonly string[]) => void
  readonly onClosed: (client: ClientConnection) => void
}

export interface ClientIdentity {
  readonly client: number
  /** Where it comes from, as `host:port`. */
  readonly address: string
  readonly user: string
  readonly database: string
  readonly tracked: TrackedValues
  /** What the client called itself at start-up, whatever the pooler made of that. */
  readonly applicationName: string
  /** Settings that each backend gets with the client, and keeps. */
  readonly imposed: Readonly<Record<string, string>>
  readonly random: () => number
}

type Lease =
  | { readonly state: 'none' }
  /** Waiting for a backend. */
  | { readonly state: 'waiting' }
  /** The backend gets this client's settings before its first message. */
  | { readonly state: 'preparing'; readonly backend: BackendConnection }
  | { readonly state: 'linked'; readonly backend: BackendConnection; readonly record: TransactionRecorder | undefined }
  /** The last transaction is being judged, and the client waits for it. */
  | { readonly state: 'judged'; readonly backend: BackendConnection }
  | { readonly state: 'closed' }

/** What a client may send ahead while it waits; then it is not read any more. */
const heldLimitBytes = 256 * 1024
const none: Lease = { state: 'none' }

/**
 * A client that has logged in. It borrows a backend for each transaction: from its first message to the ReadyForQuery
 * with status idle. Bytes are passed on as they came; only headers are read, and of SQL as much as is recorded.
 */
export class ClientConnection implements Borrower, BackendUser {
  readonly identity: ClientIdentity
  readonly random: () => number
  lastBackend: BackendConnection | undefined
  swapsSeen = 0
  readonly #socket: Socket
  readonly #context: ClientContext
  readonly #walker = new FrameWalker()
  readonly #window = new RequestWindow()
  readonly trial: ClientTrial | undefined
  #lease: Lease = none
  #transactions = 0
  #idleSince = Date.now()
  /** Chunks that wait for their turn; the current header may be held too, see `#holding`. */
  #held: Buffer[] = []
  #heldBytes = 0
  #holding = false
  #dropping = false
  /** The current message is read whole and sent on when it is translated. */
  #intercepting = false
  /** What was sent ahead is lost: the pooler gave the backend back and forgot it. */
  #losesHeld = false
  readonly #disturbances: ClientDisturbances
  /** ReadyForQuery came while a message of ours was half sent: the backend is given back at its end. */
  #releaseAtFrameEnd = false
  #wasClosedByUs = false
  #saidGoodbye = false
  #outputIsFull = false
  #waitsForDrain = false
  #fatalPassed = false
  readonly #reader: MessageReader

  constructor(socket: Socket, identity: ClientIdentity, context: ClientContext) {
    this.identity = identity
    this.random = identity.random
    this.#socket = socket
    this.#context = context
    this.trial = context.trial?.(this)
    this.#disturbances = new ClientDisturbances(context.chaos, {
      backend: () => this.backend,
      cutClient: () => socket.destroy(),
      terminate: context.terminate,
      disturbAll: context.disturbAll,
      goOn: () => this.#resume(),
    })
    this.#reader = new MessageReader({
      maxSqlBytes: context.recording?.limits.maxSqlBytes ?? 0,
      trial: this.trial,
      onSettingNames: (sql, values) => context.onSettingNames(identity.database, sql, values),
      onStatement: (statement) => this.#onStatement(statement),
    })
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.#onDrain())
    socket.on('close', () => this.#onGone())
  }

  get applicationName(): string {
    // DISCARD ALL and RESET take the name away on the backend; whoever reads a report still wants it.
    const { tracked, applicationName } = this.identity
    const now = tracked.application_name ?? ''
    return now === '' ? applicationName : now
  }

  /** True when no transaction is under way and nothing waits. */
  get isIdle(): boolean {
    return this.#lease.state === 'none' && !this.#holding
  }

  get isEncrypted(): boolean {
    return this.#socket instanceof TLSSocket
  }

  /** For how long nothing of this client has been running or waiting to run, in milliseconds; 0 when something is. */
  get idleMs(): number {
    return this.#lease.state === 'none' && !this.#holding ? Date.now() - this.#idleSince : 0
  }

  /** The backend that runs something for this client now. */
  get backend(): BackendConnection | undefined {
    return this.#lease.state === 'linked' ? this.#lease.backend : undefined
  }

  /** Hangs up; with a message the client learns why. */
  close(refusal?: Refusal): void {
    if (this.#lease.state === 'closed') return
    if (refusal) {
      this.#wasClosedByUs = true
      const { sqlstate, message, severity, detail } = refusal
      this.#emit({ type: 'client-failed', ...this.#who(), sqlstate, message })
      if (sqlstate !== '') this.#socket.write(fatal(sqlstate, message, severity, detail))
    }
    this.#onGone()
    this.#socket.destroySoon()
  }

  // Borrower

  onBackend(backend: BackendConnection): void {
    if (this.#lease.state !== 'waiting') {
      this.#context.pool.release(backend)
      return
    }
    this.#prepare(backend)
    this.#resume()
  }

  onRefused(refusal: Refusal): void {
    if (this.#lease.state !== 'waiting') return
    const { hazard, message } = refusal
    if (hazard) this.trial?.chargeNow({ hazard, evidence: 'answer', summary: message })
    this.close(refusal)
  }

  // BackendUser

  onBytes(bytes: Buffer): void {
    if (this.#lease.state !== 'linked' || this.#socket.destroyed) return
    if (this.#disturbances.splitsFrames) for (const one of bytes.subarray(0, -1)) this.#socket.write(Buffer.of(one))
    if (this.#socket.write(this.#disturbances.splitsFrames ? bytes.subarray(-1) : bytes) || this.#outputIsFull) return
    this.#outputIsFull = true
    this.#lease.backend.socket.pause()
  }

  get wantsTags(): boolean {
    return this.trial?.watch.wantsTags === true || this.#context.carrier?.wantsTags === true
  }

  onMessage(type: number, first: number | undefined): boolean {
    // What ReadyForQuery means is known only with its status: see `onReady`.
    if (type === backend.readyForQuery) return !this.#refusesBlock(first)
    if (this.#context.carrier?.answered(type) === false) return false
    this.trial?.watch.answered(type)
    this.#window.received(type)
    if (this.#holding && (type === backend.copyInResponse || this.#window.waitsForAnswers)) this.#resume()
    return true
  }

  onNotice(notice: ServerMessage): void {
    this.trial?.watch.notice(notice)
  }

  onNotification(notification: Notification): void {
    const server = this.backend
    const listener = server && this.trial?.listenerOf(server, notification.channel)
    this.trial?.watch.notification(notification, listener)
  }

  onTag(tag: string): void {
    this.trial?.watch.tag(tag)
    const server = this.backend
    if (server) this.#context.carrier?.tag(tag, server)
  }

  onError(error: ServerMessage): void {
    this.trial?.watch.error(error)
    const server = this.backend
    if (server) this.#context.carrier?.failed(server)
    if (error.severity === 'FATAL' || error.severity === 'PANIC') this.#fatalPassed = true
    // A request that waited for the answers before it can be judged now.
    if (this.#holding) this.#resume()
  }

  onParameter(name: string, value: string): void {
    const tracked = trackedParameter(name)
    if (tracked && this.#context.profile.followed.includes(tracked)) this.identity.tracked[tracked] = value
  }

  get awaitsNothing(): boolean {
    return this.#window.isIdle
  }

  onReady(transactionStatus: number, hasMore: boolean): void {
    this.trial?.watch.ready(transactionStatus)
    this.#context.carrier?.ready()
    this.#window.received(backend.readyForQuery)
    if (hasMore && this.#window.isIdle) {
      this.backend?.violate('an answer behind the end of an answer')
      return
    }
    if (this.#refusesBlock(transactionStatus)) return
    if (this.#window.isDoubtful) {
      this.close({
        sqlstate: '08P01',
        message: 'a Sync among the data of a COPY that failed: its answer cannot be told apart',
      })
      return
    }
    if (transactionStatus === status.idle && this.#window.isIdle) {
      if (this.#walker.bodyLeft > 0 && !this.#dropping) this.#releaseAtFrameEnd = true
      else this.#release()
    }
    this.#resume()
  }

  onLost(): void {
    const lease = this.#lease
    if (lease.state === 'linked') this.#endTransaction('backend-lost')
    this.trial?.abandoned(undefined)
    this.#lease = none
    this.#window.reset()
    this.close(this.#fatalPassed ? undefined : { sqlstate: '08P01', message: 'server conn crashed?' })
  }

  // Reading

  #onData(chunk: Buffer): void {
    if (this.#lease.state === 'closed') return
    if (this.trial && chunk[0] === frontend.sync && chunk.length > 5 && this.#walker.atBoundary) {
      this.trial.watch.sentSyncFirst()
    }
    if (!this.#holding) {
      this.#pump(chunk)
      return
    }
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    if (this.#heldBytes > heldLimitBytes) this.#socket.pause()
  }

  #onDrain(): void {
    this.#outputIsFull = false
    if (this.#lease.state === 'linked') this.#lease.backend.socket.resume()
    this.#resume()
  }

  /** Goes on with what was held, as far as it may go now. */
  #resume(): void {
    if (!this.#holding || this.#lease.state === 'closed') return
    do {
      this.#holding = false
      this.#pump(this.#nextHeld())
    } while (this.#mayGoOn())
    if (this.#held.length === 0) this.#losesHeld = false
    this.#readOn()
  }

  #mayGoOn(): boolean {
    return !this.#holding && this.#held.length > 0
  }

  #nextHeld(): Buffer {
    const chunk = this.#held.shift() ?? Buffer.alloc(0)
    this.#heldBytes -= chunk.length
    return chunk
  }

  /** Reads the client again when nothing speaks against it. */
  #readOn(): void {
    const backendIsFull = this.#lease.state === 'linked' && this.#lease.backend.socket.writableNeedDrain
    if (backendIsFull) return
    this.#waitsForDrain = false
    if (this.#heldBytes <= heldLimitBytes && this.#socket.isPaused()) this.#socket.resume()
  }

  #pump(chunk: Buffer): void {
    const walker = this.#walker
    let offset = 0
    let runStart = 0
    for (;;) {
      if (walker.bodyLeft > 0) {
        if (offset === chunk.length) break
        const start = offset
        offset = walker.skipBody(chunk, offset)
        if (this.#reader.isCapturing) this.#reader.add(chunk.subarray(start, offset))
        if (this.#dropping || this.#intercepting) runStart = offset
        if (walker.bodyLeft > 0) break
        if (this.#releaseAtFrameEnd) {
          this.#send(chunk, runStart, offset)
          runStart = offset
        }
        this.#frameEnds()
        if (this.#isOver()) return
        continue
      }
      let headerStart = -1
      if (!walker.hasHeader()) {
        if (offset === chunk.length) break
        const start = offset
        offset = walker.readHeader(chunk, offset)
        if (!walker.hasHeader()) {
          this.#send(chunk, runStart, start)
          return
        }
        if (!walker.headerWasSplit) headerStart = start
      }
      const { type } = walker
      const verdict = this.#judge(type, walker.bodyLength)
      this.#intercepting = verdict === 'forward' && this.#context.carrier?.intercepts(type) === true
      if (verdict === 'forward' && headerStart !== -1 && !this.#intercepting) {
        walker.enterBody()
      } else {
        if (headerStart !== -1) this.#send(chunk, runStart, headerStart)
        runStart = offset
        if (verdict === 'end') return
        if (verdict === 'flush-and-hold') this.#sendBytes(flush())
        if (verdict !== 'forward' && verdict !== 'drop') {
          this.#holding = true
          this.#heldBytes += chunk.length - offset
          this.#held.unshift(chunk.subarray(offset))
          return
        }
        if (verdict === 'forward' && !this.#intercepting) this.#sendBytes(Buffer.from(walker.header))
        walker.enterBody()
      }
      this.#dropping = verdict === 'drop'
      if (verdict === 'forward') {
        this.#window.sent(type)
        this.trial?.watch.sent(type)
        this.#reader.begin(type, walker.bodyLength, chunk, offset, this.#intercepting)
        if (this.#isOver()) return
      }
      if (walker.bodyLeft === 0) this.#frameEnds()
    }
    this.#send(chunk, runStart, offset)
  }

  #isOver(): boolean {
    return this.#lease.state === 'closed'
  }

  #judge(type: number, bodyLength: number): Judgement | 'end' {
    if (
      bodyLength < 0 ||
      bodyLength > largestBodyBytes ||
      isFrontendType[type] !== true ||
      type === frontend.password
    ) {
      this.close({ sqlstate: '08P01', message: `bad packet: type ${type}, length ${bodyLength + 4}` })
      return 'end'
    }
    if (type === frontend.terminate) {
      this.#saidGoodbye = true
      this.close()
      return 'end'
    }
    if (this.#losesHeld) return 'drop'
    const verdict = this.#window.judge(type)
    if (verdict === 'hold' && this.#window.isAnswerDue) this.trial?.watch.sentAhead(type)
    if (verdict !== 'forward') return verdict
    if (this.#disturbances.isUnderWay) return 'hold'
    const hasBackend =
      this.#lease.state === 'linked' || (this.#lease.state === 'none' && !this.#outputIsFull && this.#borrow())
    return hasBackend && !this.#disturbances.hinder(type) ? 'forward' : 'hold'
  }

  #send(chunk: Buffer, start: number, end: number): void {
    if (end > start) this.#sendBytes(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end))
  }

  #sendBytes(bytes: Buffer): void {
    if (this.#lease.state !== 'linked') return
    const { backend: server } = this.#lease
    if (this.#disturbances.splitsFrames) for (const one of bytes.subarray(0, -1)) server.write(Buffer.of(one))
    if (server.write(this.#disturbances.splitsFrames ? bytes.subarray(-1) : bytes) || this.#waitsForDrain) return
    this.#waitsForDrain = true
    this.#socket.pause()
    server.socket.once('drain', () => this.#readOn())
  }

  #frameEnds(): void {
    const { type } = this.#walker
    const body = this.#reader.end(type, this.#walker.bodyLength)
    if (body && this.#intercepting) this.#translate(type, body)
    this.#dropping = false
    this.#intercepting = false
    this.#disturbances.messageEnds()
    if (this.#releaseAtFrameEnd) {
      this.#releaseAtFrameEnd = false
      this.#release()
    }
  }

  #translate(type: number, body: Buffer): void {
    const { carrier } = this.#context
    const server = this.backend
    if (!carrier || !server) return
    try {
      const translation = carrier.translate(type, body, server)
      if ('bytes' in translation) this.#sendBytes(translation.bytes)
      else this.close(translation.refusal)
    } catch {
      this.close({ sqlstate: '08P01', message: `bad packet: type ${type}` })
    }
  }

  /** In statement mode a transaction may not outlive its message: the client never gets the ReadyForQuery that says so. */
  #refusesBlock(transactionStatus: number | undefined): boolean {
    if (this.#context.profile.mode !== 'statement') return false
    if (transactionStatus === undefined || transactionStatus === status.idle) return false
    const message = 'transaction blocks not allowed in statement pooling mode'
    this.trial?.watch.observe('statement-mode', 'answer', message)
    this.close({ sqlstate: '08P01', message })
    return true
  }

  #onStatement(statement: RecordedStatement): void {
    if (this.#lease.state !== 'linked') return
    const { record, backend: server } = this.#lease
    record?.statement(statement)
    if (!this.#context.emit) return
    const { pid: backendPid } = server
    this.#emit({ type: 'statement', ...this.#who(), transaction: record?.id ?? 0, backendPid, statement })
  }

  // Backends

  /** Asks for a backend; true when it is here and ready. */
  #borrow(): boolean {
    this.#lease = { state: 'waiting' }
    const backend = this.#context.pool.borrow(this)
    if (backend) this.#prepare(backend)
    return this.backend !== undefined
  }

  #prepare(backend: BackendConnection): void {
    const sql = this.#settingsFor(backend)
    const looksBefore = this.trial?.drawLot() ?? false
    if (sql === undefined && !looksBefore) {
      this.#link(backend)
      return
    }
    this.#lease = { state: 'preparing', backend }
    this.#makeReady(backend, sql, looksBefore).then(
      (isUsable) => {
        if (this.#lease.state !== 'preparing') return
        if (!isUsable) {
          // What a stranger left there cannot be undone: another one has to do.
          this.#context.pool.discard(backend)
          this.#lease = none
          this.#borrow()
          this.#resume()
          return
        }
        this.#link(backend)
        this.#resume()
      },
      (error: unknown) => {
        if (this.#lease.state !== 'preparing') return
        const message = `invalid server parameter: ${error instanceof Error ? error.message : String(error)}`
        this.close({ sqlstate: '08P01', message })
      },
    )
  }

  #settingsFor(server: BackendConnection): string | undefined {
    const followed = synchronise(this.#context.profile.followed, this.identity.tracked, server.tracked)
    const imposed = Object.entries(this.identity.imposed).map(
      ([name, value]) => `select pg_catalog.set_config(${quoteLiteral(name)}, ${quoteLiteral(value)}, false);`,
    )
    return imposed.length === 0 ? followed : `${followed ?? ''}${imposed.join('')}`
  }

  async #makeReady(backend: BackendConnection, sql: string | undefined, looksBefore: boolean): Promise<boolean> {
    if (looksBefore) {
      const recent = this.#context.recording?.transactions({ backendPid: backend.pid }).map(({ id }) => id) ?? []
      if (this.trial && !(await this.trial.lookBefore(backend, recent.slice(-50)))) return false
    }
    if (sql === undefined) return true
    await backend.query(sql)
    for (const name of this.#context.profile.followed) {
      // As the server spells it, so that the next comparison agrees.
      const value = backend.tracked[name]
      if (value !== undefined && this.identity.tracked[name] !== undefined) this.identity.tracked[name] = value
    }
    return true
  }

  #link(backend: BackendConnection): void {
    this.#transactions += 1
    backend.attach(this)
    if (this.#context.profile.notifications === 'kept') {
      const kept = backend.takeNotifications()
      if (kept) this.#socket.write(kept)
    }
    const { client, user, database } = this.identity
    const record = this.#context.recording?.begin({
      client,
      user,
      database,
      number: this.#transactions,
      applicationName: this.applicationName,
      backendPid: backend.pid,
    })
    this.#lease = { state: 'linked', backend, record }
    if (record) {
      const { id, transaction } = record
      this.trial?.begin({
        id,
        number: this.#transactions,
        backendPid: backend.pid,
        statements: transaction.statements,
      })
    }
    this.#emit({ type: 'transaction-started', ...this.#who(), transaction: record?.id ?? 0, backendPid: backend.pid })
  }

  #release(): void {
    if (this.#lease.state !== 'linked') return
    const { backend } = this.#lease
    this.#endTransaction('released')
    this.lastBackend = backend
    this.#idleSince = Date.now()
    this.#lease = none
    this.#reader.forgetTransaction()
    this.#window.reset()
    if (this.#holding && this.#context.losesPipelined) this.#losesHeld = true
    const docket = this.trial?.endTransaction()
    if (!this.trial || !docket) {
      this.#context.pool.release(backend)
    } else {
      if (this.trial.holdsClient) this.#lease = { state: 'judged', backend }
      void this.#audit(this.trial, backend, docket)
    }
    this.#readOn()
  }

  /** Nobody gets the backend before it is known what this client left on it. */
  async #audit(trial: ClientTrial, backend: BackendConnection, docket: Docket): Promise<void> {
    const { pool } = this.#context
    backend.detach()
    try {
      if (await trial.audit(backend, docket)) pool.release(backend)
      else pool.discard(backend)
    } catch {
      // The backend died meanwhile, or answers nonsense.
      pool.discard(backend)
    }
    if (this.#lease.state !== 'judged') return
    this.#lease = none
    this.#resume()
  }

  #endTransaction(how: 'released' | 'client-gone' | 'backend-lost'): void {
    if (this.#lease.state !== 'linked') return
    const { backend, record } = this.#lease
    record?.end(how)
    this.#emit({ type: 'transaction-ended', ...this.#who(), transaction: record?.id ?? 0, backendPid: backend.pid })
  }

  #onGone(): void {
    const lease = this.#lease
    if (lease.state === 'closed') return
    if (lease.state === 'linked') this.#endTransaction('client-gone')
    if (lease.state === 'linked' && !this.#wasClosedByUs) {
      const { transactionStatus } = lease.backend
      this.trial?.abandoned({ isRunning: !this.#window.isIdle, transactionStatus })
    } else if (lease.state !== 'judged') {
      this.trial?.abandoned(undefined)
    }
    this.#lease = { state: 'closed' }
    this.#held = []
    this.#reader.close()
    this.lastBackend = undefined
    if (lease.state === 'waiting') this.#context.pool.withdraw(this)
    // In a transaction, or with an answer outstanding, nobody else can use this backend.
    if (lease.state === 'linked') this.#giveUp(lease.backend)
    if (lease.state === 'preparing') this.#context.pool.discard(lease.backend)
    this.#emit({ type: 'client-closed', ...this.#who() })
    this.#context.onClosed(this)
  }

  #giveUp(server: BackendConnection): void {
    const { pool, profile } = this.#context
    const isHalfSent = this.#walker.bodyLeft > 0 || this.#window.isCopying || this.#window.isDoubtful
    const fate = this.#saidGoodbye ? profile.terminated : profile.vanished
    if (fate === 'backend-closed' || isHalfSent) {
      pool.discard(server)
      return
    }
    server.detach()
    const { isAnswerDue, needsSync } = this.#window
    void rollBack(server, { isAnswerDue, needsSync }).then((isUsable) =>
      isUsable ? pool.release(server) : pool.discard(server),
    )
  }

  #who() {
    const { client, user, database } = this.identity
    return { client, user, database, applicationName: this.applicationName }
  }

  #emit(event: PoolerEvent): void {
    this.#context.emit?.(event)
  }
}
