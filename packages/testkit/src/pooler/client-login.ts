import type { Socket } from 'node:net'
import { TLSSocket, type SecureContext } from 'node:tls'
import { TestkitError } from '../testkit-error.ts'
import { cstringAt, decodeStartupParameters } from '../wire/decode.ts'
import { authentication, cstrings, fatal, negotiateProtocolVersion } from '../wire/encode.ts'
import { FrameAssembler } from '../wire/frame-assembler.ts'
import { frontend, startupCodes } from '../wire/message-types.ts'
import { ScramServer, type ScramSecret } from '../wire/scram.ts'
import { LoginRefused } from './login-refused.ts'
import type { PoolerProfile } from './profile.ts'
import { sortParameters, type StartupOutcome } from './startup-parameters.ts'
import type { UserDirectory } from './user-directory.ts'

/** What a new client connection turned out to be. */
export type Arrival =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'cancel'
      readonly pid: number
      readonly secretKey: Buffer
      /** The key did not travel in clear. */
      readonly isEncrypted: boolean
    }
  | {
      readonly kind: 'client'
      /** What to go on with: encrypted, if the client asked for that. */
      readonly socket: Socket
      readonly user: string
      readonly database: string
      readonly startup: StartupOutcome
      readonly secret: ScramSecret
    }

export interface ClientLoginOptions {
  readonly users: UserDirectory
  readonly clientAuth: 'scram' | 'trust'
  readonly profile: PoolerProfile
  /** With it a client gets TLS when it asks for it; without it, it is told that there is none. */
  readonly secureContext: SecureContext | undefined
  /** Called when a client is refused, with what is known of it. */
  readonly onRefused: (refusal: LoginRefused, user: string, database: string, applicationName: string) => void
  /** Start-up parameters that are accepted and forgotten; `'*'` for all. */
  readonly ignoreStartupParameters: readonly string[]
}

/** PostgreSQL's own limit (`MAX_STARTUP_PACKET_LENGTH`). */
const largestStartupBytes = 10_000

/**
 * Reads a socket piece by piece with `await`. It never reads past what was asked for, so that what follows the log-in
 * stays in the socket.
 */
class SocketReader {
  readonly #socket: Socket
  constructor(socket: Socket) {
    this.#socket = socket
  }

  /** That many bytes; undefined when the socket ends before. */
  async read(bytes: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = []
    let missing = bytes
    while (missing > 0) {
      const chunk = await this.#chunk()
      if (!chunk) return undefined
      parts.push(chunk.subarray(0, missing))
      if (chunk.length > missing) this.#socket.unshift(chunk.subarray(missing))
      missing -= Math.min(missing, chunk.length)
    }
    return Buffer.concat(parts)
  }

  #chunk(): Promise<Buffer | undefined> {
    const socket = this.#socket
    if (socket.destroyed || socket.readableEnded) return Promise.resolve(undefined)
    return new Promise((resolve) => {
      const finish = (chunk: Buffer | undefined): void => {
        socket.off('data', onData).off('close', onClose).off('end', onClose)
        socket.pause()
        resolve(chunk)
      }
      const onData = (chunk: Buffer): void => finish(chunk)
      const onClose = (): void => finish(undefined)
      socket.on('data', onData).on('close', onClose).on('end', onClose)
      socket.resume()
    })
  }
}

/** One authentication message of the client. */
async function readPassword(reader: SocketReader): Promise<Buffer | undefined> {
  const assembler = new FrameAssembler(largestStartupBytes)
  const header = await reader.read(5)
  if (!header) return undefined
  const length = header.readInt32BE(1) - 4
  if (header[0] !== frontend.password || length < 0 || length > largestStartupBytes)
    throw new LoginRefused('08P01', 'bad packet during log-in')
  const body = await reader.read(length)
  if (!body) return undefined
  let message: Buffer | undefined
  assembler.read(Buffer.concat([header, body]), (frame) => {
    message = frame.body
    return false
  })
  return message
}

async function scram(
  socket: Socket,
  reader: SocketReader,
  user: string,
  users: UserDirectory,
  profile: PoolerProfile,
): Promise<ScramSecret | undefined> {
  const known = await users.find(user)
  const server = new ScramServer(known.verifier)
  socket.write(authentication(10, cstrings('SCRAM-SHA-256', '')))
  const initial = await readPassword(reader)
  if (!initial) return undefined
  const mechanism = cstringAt(initial, 0)
  if (mechanism.text !== 'SCRAM-SHA-256')
    throw new LoginRefused('08P01', 'client selected an invalid SASL authentication mechanism')
  socket.write(authentication(11, Buffer.from(server.first(initial.toString('utf8', mechanism.next + 4)))))
  const final = await readPassword(reader)
  if (!final) return undefined
  const proof = server.final(final.toString('utf8'))
  if (!proof || !known.exists) {
    const { sqlstate, message, severity } = profile.wrongPassword(user)
    throw new LoginRefused(sqlstate, message, undefined, undefined, severity)
  }
  socket.write(authentication(12, Buffer.from(proof.finalMessage)))
  return known.secret ?? proof.secret
}

/** What a client said of itself before it was refused. */
interface Seen {
  user: string
  database: string
  applicationName: string
}

/** The stream a log-in reads from and writes to; TLS replaces it on the way. */
interface Line {
  socket: Socket
  reader: SocketReader
}

/** Goes on encrypted. Bytes sent before the handshake would be taken for encrypted ones: such a client is refused. */
async function encrypt(line: Line, secureContext: SecureContext): Promise<boolean> {
  const plain = line.socket
  if (plain.readableLength > 0) return false
  plain.write('S')
  const socket = new TLSSocket(plain, { isServer: true, secureContext })
  // Whatever goes wrong, 'close' follows.
  socket.on('error', () => undefined)
  const isSecure = await new Promise<boolean>((resolve) => {
    socket.once('secure', () => resolve(true))
    socket.once('close', () => resolve(false))
  })
  line.socket = socket
  line.reader = new SocketReader(socket)
  return isSecure
}

/** Reads packets until it is clear what this connection is; encryption is agreed to or declined on the way. */
async function readStartup(
  line: Line,
  secureContext: SecureContext | undefined,
): Promise<{ code: number; body: Buffer } | undefined> {
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const head = await line.reader.read(8)
    if (!head) return undefined
    const length = head.readInt32BE(0)
    const code = head.readInt32BE(4)
    if (length < 8 || length > largestStartupBytes) return undefined
    const body = await line.reader.read(length - 8)
    if (!body) return undefined
    if (code !== startupCodes.ssl && code !== startupCodes.gssenc) return { code, body }
    if (code !== startupCodes.ssl || !secureContext || line.socket instanceof TLSSocket) line.socket.write('N')
    else if (!(await encrypt(line, secureContext))) return undefined
  }
  return undefined
}

async function arrive(line: Line, options: ClientLoginOptions, seen: Seen): Promise<Arrival> {
  const startup = await readStartup(line, options.secureContext)
  if (!startup) return { kind: 'gone' }
  const { code, body } = startup
  const { socket, reader } = line
  if (code === startupCodes.cancel) {
    if (body.length < 8) return { kind: 'gone' }
    const isEncrypted = socket instanceof TLSSocket
    return { kind: 'cancel', pid: body.readInt32BE(0), secretKey: body.subarray(4), isEncrypted }
  }
  const major = code >>> 16
  if (major !== 3)
    throw new LoginRefused('08P01', `unsupported frontend protocol ${major}.${code & 0xffff}: only 3.0 is served`)
  const parameters = decodeStartupParameters(body)
  const user = parameters.get('user') ?? ''
  if (user === '') throw new LoginRefused('08P01', 'no username supplied')
  const database = parameters.get('database') ?? user
  seen.user = user
  seen.database = database
  seen.applicationName = parameters.get('application_name') ?? ''
  const outcome = sortParameters(parameters, options.profile, options.ignoreStartupParameters)
  const extensions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'))
  if ((code & 0xffff) > 0 || extensions.length > 0) socket.write(negotiateProtocolVersion(0, extensions))
  const trusted = options.users.secretOf(user) ?? { kind: 'password' as const, password: '' }
  const secret =
    options.clientAuth === 'trust' ? trusted : await scram(socket, reader, user, options.users, options.profile)
  if (!secret) return { kind: 'gone' }
  socket.write(authentication(0))
  return { kind: 'client', socket, user, database, startup: outcome, secret }
}

/**
 * Receives a new connection up to AuthenticationOk. A client that may not come in has been told why, and is gone.
 * The socket is paused afterwards; what the client sent beyond its log-in is still in it.
 */
export async function receiveClient(socket: Socket, options: ClientLoginOptions): Promise<Arrival> {
  const seen: Seen = { user: '', database: '', applicationName: '' }
  const line: Line = { socket, reader: new SocketReader(socket) }
  try {
    return await arrive(line, options, seen)
  } catch (error) {
    const refusal =
      error instanceof LoginRefused
        ? error
        : new LoginRefused('08P01', error instanceof TestkitError ? error.message : 'bad packet during log-in')
    options.onRefused(refusal, seen.user, seen.database, seen.applicationName)
    if (refusal.sqlstate !== '') line.socket.write(fatal(refusal.sqlstate, refusal.message, refusal.severity))
    line.socket.destroySoon()
    return { kind: 'gone' }
  }
}
