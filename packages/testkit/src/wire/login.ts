import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import { TestkitError } from '../testkit-error.ts'
import { serverEndPoint } from './channel-binding.ts'
import { decodeParameterStatus, decodeServerMessage } from './decode.ts'
import { passwordMessage, saslInitialResponse, saslResponse, startup } from './encode.ts'
import { FrameAssembler, type Frame } from './frame-assembler.ts'
import { backend } from './message-types.ts'
import { openSocket } from './open-socket.ts'
import { ScramClient, type ClientBinding, type ScramSecret } from './scram.ts'
import { ServerError } from './server-error.ts'
import type { TlsSettings } from './tls-settings.ts'

/** Whom to log in where. */
export interface LoginOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly secret: ScramSecret
  /** Default: encrypted if the server offers it. */
  readonly tls?: TlsSettings | undefined
  /** More start-up parameters, such as `application_name`. */
  readonly parameters?: Readonly<Record<string, string>>
  /** How long connecting and logging in may take together. Default 10,000. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** A socket that has logged in and seen its first ReadyForQuery. Nobody listens to it yet, and it is paused. */
export interface LoggedIn {
  readonly socket: Socket
  readonly pid: number
  readonly secretKey: Buffer
  /** Every ParameterStatus of the log-in. */
  readonly parameters: Map<string, string>
}

function md5Password(user: string, password: string, salt: Buffer): string {
  const inner = createHash('md5')
    .update(password + user)
    .digest('hex')
  return `md5${createHash('md5').update(inner).update(salt).digest('hex')}`
}

function clearPassword(secret: ScramSecret): string {
  if (secret.kind === 'password') return secret.password
  throw new TestkitError(
    'authentication-failed',
    'The server wants a password, but only SCRAM keys are known for this user.',
    {
      hint: 'Give the password of this user in the option "users".',
    },
  )
}

/** Answers authentication requests; resolves to bytes to send, or undefined when there is nothing to say. */
class Authenticator {
  readonly #options: LoginOptions
  /** The server's certificate, when the connection is encrypted. */
  readonly #certificate: Buffer | undefined
  #scram: ScramClient | undefined
  #isBound = false

  constructor(options: LoginOptions, socket: Socket) {
    this.#options = options
    this.#certificate = socket instanceof TLSSocket ? socket.getPeerCertificate(true).raw : undefined
  }

  async answer(body: Buffer): Promise<Buffer | undefined> {
    const { secret, user } = this.#options
    const request = body.readInt32BE(0)
    switch (request) {
      case 0:
        if (this.#options.tls?.channelBinding === 'require' && !this.#isBound) throw notBound()
        return undefined
      case 3:
        return passwordMessage(clearPassword(secret))
      case 5:
        return passwordMessage(md5Password(user, clearPassword(secret), body.subarray(4, 8)))
      case 10: {
        const offered = body.toString('utf8', 4).split('\0')
        const binding = this.#bindingFor(offered)
        this.#isBound = typeof binding === 'object'
        const mechanism = this.#isBound ? boundMechanism : 'SCRAM-SHA-256'
        if (!offered.includes(mechanism)) break
        this.#scram = new ScramClient(secret, binding)
        return saslInitialResponse(mechanism, this.#scram.first)
      }
      case 11:
        if (!this.#scram) break
        return saslResponse(await this.#scram.answer(body.toString('utf8', 4)))
      case 12:
        this.#scram?.verify(body.toString('utf8', 4))
        return undefined
      default:
    }
    throw new TestkitError(
      'authentication-failed',
      `The server asks for authentication method ${request}, which is not supported.`,
    )
  }

  #bindingFor(offered: readonly string[]): ClientBinding {
    const wanted = this.#options.tls?.channelBinding ?? 'prefer'
    const end = wanted === 'disable' || !this.#certificate ? undefined : serverEndPoint(this.#certificate)
    if (end && offered.includes(boundMechanism)) return { serverEndPoint: end }
    if (wanted === 'require') throw notBound()
    return end ? 'not-offered' : 'none'
  }
}

const boundMechanism = 'SCRAM-SHA-256-PLUS'

function notBound(): TestkitError {
  return new TestkitError('authentication-failed', 'channel_binding is require, and the log-in was not bound.', {
    hint: 'It needs TLS, a server that offers SCRAM-SHA-256-PLUS, and a certificate whose signature has a hash.',
  })
}

/** What is said on a socket from the start-up packet to the first ReadyForQuery. */
class Dialogue {
  readonly #options: LoginOptions
  readonly #socket: Socket
  readonly #authenticator: Authenticator
  readonly #assembler = new FrameAssembler(1024 * 1024)
  readonly #parameters = new Map<string, string>()
  readonly #onData = (chunk: Buffer): void => this.#read(chunk)
  readonly #onClose = (): void => this.#fail(this.#closed())
  readonly #resolve: (session: LoggedIn) => void
  readonly #reject: (reason: unknown) => void
  #pid = 0
  #secretKey: Buffer = Buffer.alloc(4)

  constructor(
    options: LoginOptions,
    socket: Socket,
    resolve: (session: LoggedIn) => void,
    reject: (reason: unknown) => void,
  ) {
    this.#options = options
    this.#socket = socket
    this.#authenticator = new Authenticator(options, socket)
    this.#resolve = resolve
    this.#reject = reject
  }

  begin(): void {
    const { user, database, parameters } = this.#options
    // The 'error' listener stays until the owner has its own: an unheard one would end the process.
    this.#socket.on('data', this.#onData).on('close', this.#onClose)
    this.#socket.on('error', (cause: Error) => this.#fail(this.#closed(cause)))
    this.#socket.write(startup({ user, database, ...parameters }))
    this.#socket.resume()
  }

  #closed(cause?: Error): TestkitError {
    const { host, port } = this.#options
    const why = cause ? `: ${cause.message}` : '.'
    const message = `The server at ${host}:${port} closed the connection during log-in${why}`
    return new TestkitError('connection-failed', message, { cause })
  }

  #fail(reason: unknown): void {
    this.#stopListening()
    this.#reject(reason)
  }

  #stopListening(): void {
    this.#socket.off('data', this.#onData).off('close', this.#onClose)
  }

  #read(chunk: Buffer): void {
    try {
      const used = this.#assembler.read(chunk, (frame) => this.#take(frame))
      if (used < chunk.length) this.#socket.unshift(chunk.subarray(used))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Takes one message; false when the log-in is over. */
  #take({ type, body }: Frame): boolean {
    switch (type) {
      case backend.authentication:
        // Nothing else comes from the server until it has our answer, so the order of frames is kept.
        this.#authenticator.answer(body).then(
          (bytes) => bytes && this.#socket.write(bytes),
          (error: unknown) => this.#fail(error),
        )
        return true
      case backend.parameterStatus: {
        const { name, value } = decodeParameterStatus(body)
        this.#parameters.set(name, value)
        return true
      }
      case backend.backendKeyData:
        this.#pid = body.readInt32BE(0)
        this.#secretKey = Buffer.from(body.subarray(4))
        return true
      case backend.errorResponse:
        this.#fail(new ServerError(decodeServerMessage(body)))
        return true
      case backend.readyForQuery:
        this.#socket.pause()
        this.#stopListening()
        this.#resolve({
          socket: this.#socket,
          pid: this.#pid,
          secretKey: this.#secretKey,
          parameters: this.#parameters,
        })
        return false
      case backend.noticeResponse:
      case backend.negotiateProtocolVersion:
        return true
      default:
        throw new TestkitError('protocol-violation', `The server sent message type ${type} during log-in.`)
    }
  }
}

/**
 * Opens a client connection and logs in: SCRAM-SHA-256, bound to the channel where that is encrypted, md5, clear-text
 * password or trust. Encrypts as `tls` wants it.
 *
 * Rejects with `ServerError` for what the server refuses, `connection-failed` when it is out of reach,
 * `authentication-failed` when it cannot be trusted, and the signal's reason when aborted. The socket is destroyed then.
 */
export async function login(options: LoginOptions): Promise<LoggedIn> {
  const { host, port, timeoutMs = 10_000, signal } = options
  signal?.throwIfAborted()
  const where = `${host}:${port}`
  let current: Socket | undefined
  let resolve: (session: LoggedIn) => void = () => undefined
  let reject: (reason: Error) => void = () => undefined
  const settled = new Promise<LoggedIn>((...functions) => ([resolve, reject] = functions))
  const fail = (error: unknown): void => reject(error instanceof Error ? error : new Error(String(error)))
  const onAbort = (): void =>
    reject(signal?.reason instanceof Error ? signal.reason : new TestkitError('stopped', 'Log-in was aborted.'))
  const timer = setTimeout(
    () => reject(new TestkitError('connection-failed', `No log-in at ${where} within ${timeoutMs} ms.`)),
    timeoutMs,
  )
  signal?.addEventListener('abort', onAbort)
  openSocket(options, (socket) => (current = socket)).then((socket) => {
    new Dialogue(options, socket, resolve, fail).begin()
  }, fail)
  try {
    return await settled
  } catch (error) {
    current?.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}
