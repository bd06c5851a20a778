import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { TestkitError } from '../testkit-error.ts'
import { decodeParameterStatus, decodeServerMessage } from './decode.ts'
import { passwordMessage, saslInitialResponse, saslResponse, startup } from './encode.ts'
import { FrameAssembler, type Frame } from './frame-assembler.ts'
import { backend } from './message-types.ts'
import { ScramClient, type ScramSecret } from './scram.ts'
import { ServerError } from './server-error.ts'

/** Whom to log in where. */
export interface LoginOptions {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  readonly secret: ScramSecret
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
  #scram: ScramClient | undefined

  constructor(options: LoginOptions) {
    this.#options = options
  }

  async answer(body: Buffer): Promise<Buffer | undefined> {
    const { secret, user } = this.#options
    const request = body.readInt32BE(0)
    switch (request) {
      case 0:
        return undefined
      case 3:
        return passwordMessage(clearPassword(secret))
      case 5:
        return passwordMessage(md5Password(user, clearPassword(secret), body.subarray(4, 8)))
      case 10: {
        const offered = body.toString('utf8', 4).split('\0')
        if (!offered.includes('SCRAM-SHA-256')) break
        this.#scram = new ScramClient(secret)
        return saslInitialResponse('SCRAM-SHA-256', this.#scram.first)
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
}

/**
 * Opens a client connection and logs in: SCRAM-SHA-256, md5, clear-text password or trust; no TLS.
 *
 * Rejects with `ServerError` for what the server refuses, `connection-failed` when it is out of reach,
 * `authentication-failed` when it cannot be trusted, and the signal's reason when aborted. The socket is destroyed then.
 */
export async function login(options: LoginOptions): Promise<LoggedIn> {
  const { host, port, user, database, parameters, timeoutMs = 10_000, signal } = options
  signal?.throwIfAborted()
  const socket = connect({ host, port, noDelay: true, keepAlive: true })
  let resolve: (session: LoggedIn) => void = () => undefined
  let reject: (reason: Error) => void = () => undefined
  const settled = new Promise<LoggedIn>((...functions) => ([resolve, reject] = functions))
  const authenticator = new Authenticator(options)
  const assembler = new FrameAssembler(1024 * 1024)
  const seen = new Map<string, string>()
  let pid = 0
  let secretKey: Buffer = Buffer.alloc(4)

  const onFrame = ({ type, body }: Frame): boolean => {
    if (type === backend.authentication) {
      // Nothing else comes from the server until it has our answer, so the order of frames is kept.
      authenticator.answer(body).then((bytes) => bytes && socket.write(bytes), reject)
    } else if (type === backend.parameterStatus) {
      const { name, value } = decodeParameterStatus(body)
      seen.set(name, value)
    } else if (type === backend.backendKeyData) {
      pid = body.readInt32BE(0)
      secretKey = Buffer.from(body.subarray(4))
    } else if (type === backend.errorResponse) {
      reject(new ServerError(decodeServerMessage(body)))
    } else if (type === backend.readyForQuery) {
      socket.pause()
      resolve({ socket, pid, secretKey, parameters: seen })
      return false
    } else if (type !== backend.noticeResponse && type !== backend.negotiateProtocolVersion) {
      throw new TestkitError('protocol-violation', `The server sent message type ${type} during log-in.`)
    }
    return true
  }
  const onData = (chunk: Buffer): void => {
    try {
      const used = assembler.read(chunk, onFrame)
      if (used < chunk.length) socket.unshift(chunk.subarray(used))
    } catch (error) {
      reject(error instanceof Error ? error : new Error(String(error)))
    }
  }
  const where = `${host}:${port}`
  const onError = (cause: Error): void =>
    reject(new TestkitError('connection-failed', `Cannot reach PostgreSQL at ${where}: ${cause.message}`, { cause }))
  const onClose = (): void =>
    reject(new TestkitError('connection-failed', `The server at ${where} closed the connection during log-in.`))
  const onAbort = (): void =>
    reject(signal?.reason instanceof Error ? signal.reason : new TestkitError('stopped', 'Log-in was aborted.'))
  const timer = setTimeout(
    () => reject(new TestkitError('connection-failed', `No log-in at ${where} within ${timeoutMs} ms.`)),
    timeoutMs,
  )
  socket.on('data', onData).on('error', onError).on('close', onClose)
  socket.once('connect', () => socket.write(startup({ user, database, ...parameters })))
  signal?.addEventListener('abort', onAbort)
  try {
    return await settled
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
    socket.off('data', onData).off('close', onClose)
    // An 'error' listener stays until the owner has its own: an unheard one would end the process.
  }
}
