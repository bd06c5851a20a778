import type { Socket } from 'node:net'
import { TestkitError } from '../testkit-error.ts'
import {
  decodeNotification,
  decodeParameterStatus,
  decodeServerMessage,
  type Notification,
  type ServerMessage,
} from '../wire/decode.ts'
import { cancelRequest, message, query, terminate } from '../wire/encode.ts'
import { FrameWalker } from '../wire/frame-walker.ts'
import { login, type LoginOptions } from '../wire/login.ts'
import { backend, isBackendType, largestBodyBytes, mayComeUnasked, status } from '../wire/message-types.ts'
import { openSocket } from '../wire/open-socket.ts'
import { SimpleAnswer, type SimpleResult } from '../wire/simple-client.ts'
import { trackedParameter, trackedValues, type TrackedValues } from './tracked-parameters.ts'

/** Whoever has a backend for the time being. */
export interface BackendUser {
  /** Bytes for the client, whole messages or parts of them, in order. */
  onBytes(bytes: Buffer): void
  /**
   * A message of this type begins; `first` is the first byte of its body, where that is known already. False keeps the
   * message from the client.
   */
  onMessage(type: number, first: number | undefined): boolean
  onError(error: ServerMessage): void
  onNotice(notice: ServerMessage): void
  onNotification(notification: Notification): void
  /** The tag of a CommandComplete; only when `wantsTags`. */
  onTag(tag: string): void
  /** Whether the tags of what is running now matter to this user. */
  readonly wantsTags: boolean
  onParameter(name: string, value: string): void
  /** ReadyForQuery was passed on. `hasMore`: an answer goes on behind it, as if more had been asked for. */
  onReady(transactionStatus: number, hasMore: boolean): void
  /** Nothing was asked for that has not been answered. */
  readonly awaitsNothing: boolean
  /** The backend is gone. */
  onLost(error: Error): void
}

interface OwnQuery {
  readonly answer: SimpleAnswer
  readonly resolve: (result: SimpleResult) => void
  readonly reject: (error: Error) => void
}

type Route = 'user' | 'own' | 'nobody'

/** Bodies that we read, not only pass on, are read up to here. */
const readableBytes = 64 * 1024
/** Notifications that are kept for the next user, for poolers that do so. */
const mostKept = 100

/**
 * One connection to PostgreSQL, used by one client at a time. It reads the headers of what comes from the backend and
 * passes the bytes on as they are; only what says how a request went is looked into, never a row.
 */
export class BackendConnection {
  readonly pid: number
  readonly socket: Socket
  readonly openedAt = Date.now()
  /** What this backend has for the settings that follow the client. */
  readonly tracked: TrackedValues
  /** Every ParameterStatus of the log-in. */
  readonly parameters: ReadonlyMap<string, string>
  /** Transaction status of the last ReadyForQuery. */
  transactionStatus: number = status.idle
  /** Called once when the backend is gone, used or not. */
  onClosed: (error: Error) => void = () => undefined

  readonly #options: LoginOptions
  readonly #secretKey: Buffer
  readonly #walker = new FrameWalker()
  #user: BackendUser | undefined
  #own: OwnQuery | undefined
  #route: Route = 'nobody'
  #parts: Buffer[] = []
  #partBytes = 0
  #cancels = 0
  #cancelsDone: (() => void)[] = []
  #lost: Error | undefined
  /** Notifications that came while nobody had this backend. */
  #kept: Buffer[] = []

  private constructor(options: LoginOptions, session: Awaited<ReturnType<typeof login>>) {
    this.#options = options
    this.pid = session.pid
    this.#secretKey = session.secretKey
    this.socket = session.socket
    this.parameters = session.parameters
    this.tracked = trackedValues(session.parameters)
    const { socket } = this
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#lose(error))
    socket.on('close', () => this.#lose(new TestkitError('connection-failed', 'The backend closed its connection.')))
    socket.resume()
  }

  /** Connects and logs in. Failures are those of `login`. */
  static async open(options: LoginOptions): Promise<BackendConnection> {
    return new BackendConnection(options, await login(options))
  }

  get isOpen(): boolean {
    return this.#lost === undefined
  }

  /** True while a client has it. */
  get isInUse(): boolean {
    return this.#user !== undefined
  }

  attach(user: BackendUser): void {
    this.#user = user
  }

  /** The notifications that came while nobody had this backend, as they came. */
  takeNotifications(): Buffer | undefined {
    if (this.#kept.length === 0) return undefined
    const kept = Buffer.concat(this.#kept)
    this.#kept = []
    return kept
  }

  /** Takes the backend away from its user; reading goes on, whatever backpressure the user had caused. */
  detach(): void {
    this.#user = undefined
    this.socket.resume()
  }

  /** Sends bytes of the user; answers false when they should wait for `drain`. */
  write(bytes: Buffer): boolean {
    return this.socket.write(bytes)
  }

  /** Runs SQL of the pooler itself as one simple Query, unseen by the user. Rejects with `ServerError`, or when the backend is lost. */
  query(text: string): Promise<SimpleResult> {
    return this.run(query(text))
  }

  /**
   * Sends a request of the pooler itself that one ReadyForQuery ends. Without Describe nobody says what the columns are
   * called: then the caller does.
   */
  run(request: Buffer, columns: readonly string[] = []): Promise<SimpleResult> {
    if (this.#lost) return Promise.reject(this.#lost)
    return new Promise((resolve, reject) => {
      this.#own = { answer: new SimpleAnswer(columns), resolve, reject }
      this.socket.write(request)
    })
  }

  /**
   * Asks PostgreSQL to cancel what this backend runs, over a connection of its own; resolves when PostgreSQL has closed
   * that one, which it does after the signal was sent.
   */
  async cancel(): Promise<void> {
    this.#cancels += 1
    try {
      await this.#sendCancel()
    } catch {
      // Nobody to ask: then nothing was cancelled.
    } finally {
      this.#cancels -= 1
      if (this.#cancels === 0) for (const done of this.#cancelsDone.splice(0)) done()
    }
  }

  async #sendCancel(): Promise<void> {
    const { timeoutMs = 10_000 } = this.#options
    const socket = await openSocket(this.#options, (one) => one.setTimeout(timeoutMs, () => one.destroy()))
    await new Promise<void>((resolve) => {
      socket.on('error', () => undefined).on('data', () => undefined)
      socket.once('close', () => resolve())
      socket.write(cancelRequest(this.pid, this.#secretKey))
      socket.resume()
    })
  }

  /** Calls back when no cancel is on its way: until then nobody else may get this backend, or the cancel would hit a stranger. */
  whenNoCancel(done: () => void): void {
    if (this.#cancels === 0) done()
    else this.#cancelsDone.push(done)
  }

  /** Says goodbye; what is being executed runs to its end, an open transaction is rolled back. */
  close(): void {
    if (!this.#lost && !this.socket.destroyed) this.socket.write(terminate())
    this.socket.destroySoon()
    this.#lose(new TestkitError('stopped', 'The backend was closed by the pooler.'))
  }

  #lose(error: Error): void {
    if (this.#lost) return
    this.#lost = error
    const user = this.#user
    const own = this.#own
    this.#user = undefined
    this.#own = undefined
    this.onClosed(error)
    own?.reject(own.answer.error ?? error)
    user?.onLost(error)
  }

  /** Gives this backend up because of what it said: nobody can know whose answers the next bytes are. */
  violate(what: string): void {
    this.#lose(new TestkitError('protocol-violation', `The backend broke the protocol: ${what}.`))
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    const walker = this.#walker
    let offset = 0
    let runStart = 0
    while (offset < chunk.length) {
      if (walker.bodyLeft === 0) {
        const headerStart = offset
        offset = walker.readHeader(chunk, offset)
        if (!walker.hasHeader()) {
          this.#pass(chunk, runStart, headerStart)
          return
        }
        if (!this.#isPlausible()) return
        const before = this.#route
        this.#route = this.#routeOf()
        if (this.#route === 'user' && this.#user?.onMessage(walker.type, chunk[offset]) === false)
          this.#route = 'nobody'
        if (this.#route !== before || this.#route !== 'user' || walker.headerWasSplit) {
          if (before === 'user') this.#pass(chunk, runStart, headerStart)
          runStart = headerStart
          if (this.#route === 'user' && walker.headerWasSplit) {
            this.#user?.onBytes(Buffer.from(walker.header))
            runStart = offset
          }
        }
        walker.enterBody()
        if (walker.bodyLength > 0 && offset === chunk.length) break
      }
      const start = offset
      offset = walker.skipBody(chunk, offset)
      if (this.#isRead()) this.#collect(chunk, start, offset)
      if (this.#route !== 'user') runStart = offset
      if (walker.bodyLeft === 0 && this.#isRead()) {
        if (walker.type === backend.readyForQuery) {
          this.#pass(chunk, runStart, offset)
          runStart = offset
        }
        this.#messageEnds(offset < chunk.length && mayComeUnasked[chunk[offset] ?? 0] !== true)
        if (this.#lost) return
      }
    }
    this.#pass(chunk, runStart, offset)
  }

  #pass(chunk: Buffer, start: number, end: number): void {
    if (this.#route !== 'user' || end <= start) return
    this.#user?.onBytes(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end))
  }

  #isPlausible(): boolean {
    const { type, bodyLength } = this.#walker
    if (bodyLength < 0 || bodyLength > largestBodyBytes || isBackendType[type] !== true) {
      this.violate(`message type ${type} with a length of ${bodyLength + 4} bytes`)
      return false
    }
    if (type === backend.readyForQuery && (bodyLength !== 1 || (!this.#user && !this.#own))) {
      this.violate('a ReadyForQuery that nobody waits for')
      return false
    }
    if (mayComeUnasked[type] !== true && !this.#own && this.#user?.awaitsNothing !== false) {
      this.violate(`an answer that nobody waits for, of type ${type}`)
      return false
    }
    return true
  }

  #routeOf(): Route {
    if (this.#own) return 'own'
    return this.#user ? 'user' : 'nobody'
  }

  /** True for messages whose bodies we read. */
  #isRead(): boolean {
    const { type } = this.#walker
    return (
      this.#route === 'own' ||
      type === backend.readyForQuery ||
      type === backend.parameterStatus ||
      type === backend.errorResponse ||
      type === backend.noticeResponse ||
      type === backend.notificationResponse ||
      (type === backend.commandComplete && this.#user?.wantsTags === true)
    )
  }

  #collect(chunk: Buffer, start: number, end: number): void {
    const room = this.#route === 'own' ? Number.MAX_SAFE_INTEGER : readableBytes - this.#partBytes
    const taken = Math.min(end - start, room)
    if (taken <= 0) return
    this.#parts.push(chunk.subarray(start, start + taken))
    this.#partBytes += taken
  }

  #messageEnds(hasMore: boolean): void {
    const { type } = this.#walker
    const body = this.#parts.length === 1 && this.#parts[0] ? this.#parts[0] : Buffer.concat(this.#parts)
    this.#parts = []
    this.#partBytes = 0
    try {
      this.#take(type, body, hasMore)
    } catch {
      this.violate(`an unreadable message of type ${type}`)
    }
  }

  #take(type: number, body: Buffer, hasMore: boolean): void {
    if (type === backend.parameterStatus) {
      const { name, value } = decodeParameterStatus(body)
      const tracked = trackedParameter(name)
      if (tracked) this.tracked[tracked] = value
      if (this.#route === 'user') this.#user?.onParameter(name, value)
    }
    if (type === backend.readyForQuery) this.transactionStatus = body[0] ?? status.failed
    if (this.#route === 'own') {
      const own = this.#own
      const result = own?.answer.take({ type, body })
      if (!own || !result) return
      if (hasMore) {
        this.violate('an answer behind the end of an answer')
        return
      }
      this.#own = undefined
      if (own.answer.error) own.reject(own.answer.error)
      else own.resolve(result)
      return
    }
    if (this.#route === 'nobody' && type === backend.notificationResponse) {
      if (this.#kept.length < mostKept) this.#kept.push(message(type, body))
      return
    }
    if (this.#route !== 'user') return
    const user = this.#user
    switch (type) {
      case backend.errorResponse:
        user?.onError(decodeServerMessage(body))
        return
      case backend.noticeResponse:
        user?.onNotice(decodeServerMessage(body))
        return
      case backend.notificationResponse:
        user?.onNotification(decodeNotification(body))
        return
      case backend.commandComplete:
        user?.onTag(body.toString('latin1', 0, Math.max(0, body.length - 1)))
        return
      case backend.readyForQuery:
        user?.onReady(this.transactionStatus, hasMore)
        return
      default:
    }
  }
}
