import type { Socket } from 'node:net'
import { parseTarget, type ConnectionTarget } from '../connection-target.ts'
import { TestkitError } from '../testkit-error.ts'
import { decodeDataRow, decodeRowDescription, decodeServerMessage, type ServerMessage } from './decode.ts'
import { query, terminate } from './encode.ts'
import { FrameAssembler, type Frame } from './frame-assembler.ts'
import { login } from './login.ts'
import { backend } from './message-types.ts'
import { ServerError } from './server-error.ts'

/** One row in text form, by column name. */
export type TextRow = Record<string, string | null>

/** What one simple Query brought. */
export interface SimpleResult {
  /** The rows of all statements of the text, in order. */
  readonly rows: TextRow[]
  /** The command tags, one for each statement. */
  readonly tags: string[]
  readonly notices: ServerMessage[]
  /** The transaction status after it: `I`, `T` or `E`. */
  readonly status: string
}

/** Gathers the answer to one simple Query, frame by frame. */
export class SimpleAnswer {
  readonly #rows: TextRow[] = []
  readonly #tags: string[] = []
  readonly #notices: ServerMessage[] = []
  #columns: readonly string[]
  error: ServerError | undefined

  constructor(columns: readonly string[] = []) {
    this.#columns = columns
  }

  /** Takes a frame; answers the result when ReadyForQuery has come. `error` is set when a statement failed. */
  take({ type, body }: Frame): SimpleResult | undefined {
    switch (type) {
      case backend.rowDescription:
        this.#columns = decodeRowDescription(body)
        return undefined
      case backend.dataRow: {
        const values = decodeDataRow(body)
        this.#rows.push(Object.fromEntries(this.#columns.map((name, index) => [name, values[index] ?? null])))
        return undefined
      }
      case backend.commandComplete:
        this.#tags.push(body.toString('utf8', 0, Math.max(0, body.length - 1)))
        return undefined
      case backend.noticeResponse:
        this.#notices.push(decodeServerMessage(body))
        return undefined
      case backend.errorResponse:
        this.error ??= new ServerError(decodeServerMessage(body))
        return undefined
      case backend.readyForQuery:
        return { rows: this.#rows, tags: this.#tags, notices: this.#notices, status: body.toString('latin1', 0, 1) }
      default:
        return undefined
    }
  }
}

interface Waiting {
  readonly answer: SimpleAnswer
  readonly resolve: (result: SimpleResult) => void
  readonly reject: (error: Error) => void
}

/**
 * A client connection that knows simple queries and nothing else: no statements, no state of its own.
 * It serves launchers and audits, which must not depend on the driver under test.
 */
export class SimpleClient implements AsyncDisposable {
  readonly pid: number
  readonly parameters: ReadonlyMap<string, string>
  readonly #socket: Socket
  readonly #assembler = new FrameAssembler()
  #waiting: Waiting | undefined
  #queue: Promise<unknown> = Promise.resolve()
  #closed: Error | undefined

  private constructor(socket: Socket, pid: number, parameters: ReadonlyMap<string, string>) {
    this.pid = pid
    this.parameters = parameters
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new TestkitError('connection-failed', 'The server closed the connection.')))
    socket.resume()
  }

  /** Logs in at a URL or target. Failures are those of `login`. */
  static async connect(
    where: string | ConnectionTarget,
    options: {
      parameters?: Readonly<Record<string, string>>
      timeoutMs?: number
      signal?: AbortSignal | undefined
    } = {},
  ): Promise<SimpleClient> {
    const { password, ...target } = typeof where === 'string' ? parseTarget(where) : where
    const { socket, pid, parameters } = await login({ ...target, ...options, secret: { kind: 'password', password } })
    return new SimpleClient(socket, pid, parameters)
  }

  /** Sends one simple Query; calls are queued. One round trip. Rejects with `ServerError` after ReadyForQuery has come. */
  query(text: string): Promise<SimpleResult> {
    const next = this.#queue.then(() => this.#send(text))
    this.#queue = next.catch(() => undefined)
    return next
  }

  /** Says goodbye and waits until the server has closed the socket. */
  async close(): Promise<void> {
    if (this.#socket.destroyed) return
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end(terminate())
    const timer = setTimeout(() => this.#socket.destroy(), 2_000)
    try {
      await closed
    } finally {
      clearTimeout(timer)
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #send(text: string): Promise<SimpleResult> {
    if (this.#closed) return Promise.reject(this.#closed)
    return new Promise((resolve, reject) => {
      this.#waiting = { answer: new SimpleAnswer(), resolve, reject }
      this.#socket.write(query(text))
    })
  }

  #read(chunk: Buffer): void {
    try {
      this.#assembler.read(chunk, (frame) => {
        this.#take(frame)
        return true
      })
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error(String(error)))
      this.#socket.destroy()
    }
  }

  #take(frame: Frame): void {
    const waiting = this.#waiting
    const result = waiting?.answer.take(frame)
    if (!waiting || !result) return
    this.#waiting = undefined
    if (waiting.answer.error) waiting.reject(waiting.answer.error)
    else waiting.resolve(result)
  }

  #fail(error: Error): void {
    this.#closed ??= this.#waiting?.answer.error ?? error
    this.#waiting?.reject(this.#closed)
    this.#waiting = undefined
  }
}
