import { connect, isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { checkServerIdentity, connect as connectTls } from 'node:tls'
import { TestkitError } from '../testkit-error.ts'
import { sslRequest } from './encode.ts'
import { defaultTls, readPem, type SslMode, type TlsSettings } from './tls-settings.ts'

/** Where to connect. */
export interface SocketOptions {
  readonly host: string
  readonly port: number
  /** Default: encrypted if the server offers it. */
  readonly tls?: TlsSettings | undefined
}

const needsTls: readonly SslMode[] = ['require', 'verify-ca', 'verify-full']

function unreachable(where: string, cause: Error): TestkitError {
  return new TestkitError('connection-failed', `Cannot reach PostgreSQL at ${where}: ${cause.message}`, { cause })
}

/** Waits for one event of a socket, and fails when it ends before. */
function once<T>(socket: Socket, event: string, where: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      socket.off(event, onEvent).off('error', onError).off('close', onClose)
      finish()
    }
    const onEvent = (value: T): void => settle(() => resolve(value))
    const onError = (cause: Error): void => settle(() => reject(unreachable(where, cause)))
    const onClose = (): void =>
      settle(() =>
        reject(new TestkitError('connection-failed', `The server at ${where} closed the connection during log-in.`)),
      )
    socket.once(event, onEvent).once('error', onError).once('close', onClose)
  })
}

/** Asks for TLS; answers whether the server agreed, with one letter and nothing after it. */
async function isOffered(socket: Socket, where: string): Promise<boolean> {
  socket.write(sslRequest())
  const answer = await once<Buffer>(socket, 'data', where)
  socket.pause()
  // What follows the letter would be taken for encrypted, though anybody could have slipped it in (CVE-2021-23222).
  if (answer.length === 1 && (answer[0] === 0x53 || answer[0] === 0x4e)) return answer[0] === 0x53
  throw new TestkitError('protocol-violation', `The server at ${where} answered the request for TLS with nonsense.`)
}

async function encrypt(plain: Socket, host: string, tls: TlsSettings, where: string): Promise<TLSSocket> {
  const ca = readPem('sslrootcert', tls.rootCertFile)
  const socket = connectTls({
    socket: plain,
    // A server name is for names: an address may not be sent (RFC 6066).
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca && { ca }),
    ...(tls.certFile !== undefined && { cert: readPem('sslcert', tls.certFile) }),
    ...(tls.keyFile !== undefined && { key: readPem('sslkey', tls.keyFile) }),
    rejectUnauthorized: tls.mode === 'verify-ca' || tls.mode === 'verify-full',
    checkServerIdentity: (_name, certificate) =>
      tls.mode === 'verify-full' ? checkServerIdentity(host, certificate) : undefined,
  })
  try {
    await once(socket, 'secureConnect', where)
  } catch (error) {
    socket.destroy()
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)
    throw new TestkitError('connection-failed', `No TLS with ${where}: ${why}`, {
      cause: error,
      hint: `sslmode is ${tls.mode}: name the certificate authority with sslrootcert, or the host as in the certificate.`,
    })
  }
  return socket
}

/**
 * Connects, and encrypts as far as `tls` wants and the server can: libpq's `sslmode`. The socket is paused, and somebody
 * else has to listen to its 'error' from the same turn on. Rejects with `connection-failed`.
 */
export async function openSocket(
  { host, port, tls = defaultTls }: SocketOptions,
  onSocket: (socket: Socket) => void = () => undefined,
): Promise<Socket> {
  const where = `${host}:${port}`
  const plain = connect({ host, port, noDelay: true, keepAlive: true })
  onSocket(plain)
  try {
    await once(plain, 'connect', where)
    if (tls.mode === 'disable' || tls.mode === 'allow') return plain
    if (await isOffered(plain, where)) {
      // Whatever goes wrong from now on, the encrypted socket says so.
      plain.on('error', () => undefined)
      const secure = await encrypt(plain, host, tls, where)
      onSocket(secure)
      return secure
    }
    if (!needsTls.includes(tls.mode)) return plain
    throw new TestkitError('connection-failed', `The server at ${where} offers no TLS, and sslmode is ${tls.mode}.`, {
      hint: 'Turn on ssl at the server, or give sslmode=prefer.',
    })
  } catch (error) {
    plain.destroy()
    throw error
  }
}
