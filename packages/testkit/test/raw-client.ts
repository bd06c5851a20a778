import type { Socket } from 'node:net'
import { parseTarget } from '../src/connection-target.ts'
import { decodeDataRow, decodeServerMessage, type ServerMessage } from '../src/wire/decode.ts'
import { cstrings, flush, int32, message, query } from '../src/wire/encode.ts'
import { FrameAssembler, type Frame } from '../src/wire/frame-assembler.ts'
import { login } from '../src/wire/login.ts'
import { defaultTls, type TlsSettings } from '../src/wire/tls-settings.ts'
import { backend, frontend } from '../src/wire/message-types.ts'

const int16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255])

/** Every byte is the test's own: nothing is asked for before the start-up packet. */
const plain: TlsSettings = { ...defaultTls, mode: 'disable' }

/** Frontend messages, one function each. */
export const send = {
  query,
  flush,
  parse: (text: string, name = '') => message(frontend.parse, Buffer.concat([cstrings(name, text), int16(0)])),
  bind: (values: readonly string[] = [], statement = '', portal = '') =>
    message(
      frontend.bind,
      Buffer.concat([
        cstrings(portal, statement),
        int16(0),
        int16(values.length),
        ...values.flatMap((value) => [int32(Buffer.byteLength(value)), Buffer.from(value)]),
        int16(0),
      ]),
    ),
  describe: (kind: 'S' | 'P' = 'P', name = '') =>
    message(frontend.describe, Buffer.concat([Buffer.from(kind), cstrings(name)])),
  execute: (portal = '', rows = 0) => message(frontend.execute, Buffer.concat([cstrings(portal), int32(rows)])),
  close: (kind: 'S' | 'P', name: string) => message(frontend.close, Buffer.concat([Buffer.from(kind), cstrings(name)])),
  sync: () => message(frontend.sync),
  copyData: (text: string | Buffer) => message(frontend.copyData, Buffer.from(text)),
  copyDone: () => message(frontend.copyDone),
  copyFail: (why: string) => message(frontend.copyFail, cstrings(why)),
  terminate: () => message(frontend.terminate),
  /** pg_backend_pid() has the oid 2026. */
  functionCall: (oid: number) =>
    message(frontend.functionCall, Buffer.concat([int32(oid), int16(0), int16(0), int16(0)])),
  /** Parse, Bind, Describe, Execute, Sync. */
  extended: (text: string, values: readonly string[] = []) =>
    Buffer.concat([send.parse(text), send.bind(values), send.describe(), send.execute(), send.sync()]),
}

/** What one ReadyForQuery ended. */
export interface Answer {
  /** Message types in order, as letters. */
  readonly types: string
  readonly rows: (string | null)[][]
  readonly errors: ServerMessage[]
  readonly status: string
}

/** A client that says exactly what a test wants, byte by byte. */
export class RawClient {
  readonly socket: Socket
  readonly pid: number
  readonly secretKey: Buffer
  readonly parameters: Map<string, string>
  readonly notices: ServerMessage[] = []
  /** How many notifications have come. */
  notifications = 0
  /** Resolves when the socket is closed, with the FATAL errors that nobody waited for. */
  readonly closed: Promise<ServerMessage[]>
  readonly #assembler = new FrameAssembler(128 * 1024 * 1024)
  readonly #stray: ServerMessage[] = []
  #frames: Frame[] = []
  #answers: Answer[] = []
  #wake: () => void = () => undefined
  #isClosed = false

  private constructor(session: Awaited<ReturnType<typeof login>>) {
    this.socket = session.socket
    this.pid = session.pid
    this.secretKey = session.secretKey
    this.parameters = session.parameters
    this.closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#isClosed = true
        this.#wake()
        resolve([
          ...this.#stray,
          ...this.#frames
            .filter(({ type }) => type === backend.errorResponse)
            .map(({ body }) => decodeServerMessage(body)),
        ])
      })
    })
    this.socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.socket.resume()
  }

  static async connect(url: string, parameters: Record<string, string> = {}, password?: string): Promise<RawClient> {
    const { password: own, ...target } = parseTarget(url)
    return new RawClient(
      await login({ ...target, tls: plain, parameters, secret: { kind: 'password', password: password ?? own } }),
    )
  }

  write(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  /** The next answer that ends with ReadyForQuery. Rejects when the socket is closed before. */
  async answer(): Promise<Answer> {
    for (;;) {
      const next = this.#answers.shift()
      if (next) return next
      if (this.#isClosed)
        throw new Error(
          `closed: ${(await this.closed).map(({ severity, code, message: text }) => `${severity} ${code} ${text}`).join('; ')}`,
        )
      await this.#woken()
    }
  }

  /** Waits until a message of this type has come since the last answer. */
  async seen(letter: string): Promise<void> {
    while (!this.types().includes(letter)) {
      if (this.#isClosed) throw new Error('closed')
      await this.#woken()
    }
  }

  /** Types of the messages since the last ReadyForQuery. */
  types(): string {
    return this.#frames.map(({ type }) => String.fromCharCode(type)).join('')
  }

  /** Sends and waits for one answer. */
  ask(...parts: readonly Buffer[]): Promise<Answer> {
    this.write(...parts)
    return this.answer()
  }

  /** The first value of a simple query. */
  async value(sql: string): Promise<string | null> {
    const { rows, errors } = await this.ask(send.query(sql))
    if (errors[0]) throw new Error(`${errors[0].code}: ${errors[0].message}`)
    return rows[0]?.[0] ?? null
  }

  /** How many answers have come that nobody asked for. */
  get surplus(): number {
    return this.#answers.length
  }

  async end(): Promise<void> {
    this.socket.end(send.terminate())
    await this.closed
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake
      this.#wake = () => {
        before()
        resolve()
      }
    })
  }

  #read(chunk: Buffer): void {
    try {
      this.#take(chunk)
    } catch {
      // Garbage: what a driver does with it is not the question here.
      this.socket.destroy()
    }
    const wake = this.#wake
    this.#wake = () => undefined
    wake()
  }

  #take(chunk: Buffer): void {
    this.#assembler.read(chunk, (frame) => {
      if (frame.type === backend.noticeResponse) this.notices.push(decodeServerMessage(frame.body))
      else if (frame.type === backend.notificationResponse) this.notifications += 1
      else this.#frames.push({ type: frame.type, body: Buffer.from(frame.body) })
      if (frame.type === backend.readyForQuery) this.#finish(frame.body.toString())
      return true
    })
  }

  #finish(status: string): void {
    const frames = this.#frames.filter(({ type }) => type !== backend.parameterStatus)
    this.#frames = []
    this.#answers.push({
      types: frames.map(({ type }) => String.fromCharCode(type)).join(''),
      rows: frames.filter(({ type }) => type === backend.dataRow).map(({ body }) => decodeDataRow(body)),
      errors: frames.filter(({ type }) => type === backend.errorResponse).map(({ body }) => decodeServerMessage(body)),
      status,
    })
  }
}
