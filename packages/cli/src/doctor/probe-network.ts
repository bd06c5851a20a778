import { connect, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { NetworkFacts } from './diagnosis.ts'

const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export interface Address {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
}

/** Asks what listens for TLS, its certificate and its ways to log in; hangs up before a password would be sent. */
export async function probeNetwork(address: Address, timeoutMs: number): Promise<NetworkFacts> {
  const started = performance.now()
  const isPath = address.host.startsWith('/')
  const socket = isPath
    ? connect(`${address.host}/.s.PGSQL.${address.port}`)
    : connect({ host: address.host, port: address.port })
  try {
    await once(socket, 'connect', timeoutMs)
    const connectMs = performance.now() - started
    const asked = performance.now()
    socket.write(sslRequest)
    const [answer] = await nextData(socket, timeoutMs)
    const times = { connectMs: round(connectMs), poolerRoundTripMs: round(performance.now() - asked) }
    const letter = String.fromCharCode(answer ?? 0)
    if (letter !== 'S') {
      const login = letter === 'N' ? await probeLogin(socket, address, timeoutMs) : {}
      return { tls: letter === 'N' ? 'refused' : 'unknown', ...login, ...times }
    }
    const secure = connectTls({
      socket,
      host: address.host,
      servername: isIp(address.host) ? '' : address.host,
      rejectUnauthorized: false,
    })
    await once(secure, 'secureConnect', timeoutMs)
    const login = await probeLogin(secure, address, timeoutMs)
    return { tls: 'offered', ...describeTls(secure), ...login, ...times }
  } finally {
    socket.destroy()
  }
}

function describeTls(socket: TLSSocket): Pick<NetworkFacts, 'tlsProtocol' | 'certificate'> {
  const { issuer, subject, valid_to: validTo } = socket.getPeerCertificate()
  // Typed as an Error, but Node gives the text of OpenSSL's code.
  const reason = socket.authorizationError as unknown
  const problem = socket.authorized ? undefined : String(reason)
  return {
    tlsProtocol: socket.getProtocol() ?? 'unknown',
    certificate: {
      subject: nameOf(subject),
      issuer: nameOf(issuer),
      validTo,
      ...(problem !== undefined && { problem }),
    },
  }
}

function nameOf(names: { readonly CN?: string | string[] } | undefined): string {
  return [names?.CN ?? '(no name)'].flat().join(', ')
}

/** Starts to log in, to hear how: the first answer names the method, for SCRAM also its variants. */
async function probeLogin(
  socket: Socket,
  { user, database }: Address,
  timeoutMs: number,
): Promise<Pick<NetworkFacts, 'authentication' | 'channelBinding'>> {
  const body = Buffer.from(`\0\x03\0\0user\0${user}\0database\0${database}\0\0`, 'latin1')
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  socket.write(Buffer.concat([length, body]))
  const answer = await nextData(socket, timeoutMs).catch(() => Buffer.alloc(0))
  if (answer.length < 9 || answer[0] !== 0x52) return {}
  const code = answer.readInt32BE(5)
  const names: Readonly<Record<number, string>> = {
    0: 'trust',
    3: 'password in clear text',
    5: 'md5',
    10: 'scram-sha-256',
  }
  const isScram = code === 10
  return {
    authentication: names[code] ?? `method ${code}`,
    ...(isScram && { channelBinding: answer.includes('SCRAM-SHA-256-PLUS') }),
  }
}

async function nextData(socket: Socket, timeoutMs: number): Promise<Buffer> {
  return once<Buffer>(socket, 'data', timeoutMs)
}

function once<T = undefined>(socket: Socket, event: string, timeoutMs: number): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error(`No answer within ${timeoutMs} ms.`))), timeoutMs)
    const settle = (then: () => void): void => {
      clearTimeout(timer)
      socket.off(event, succeed).off('error', fail).off('close', close)
      then()
    }
    const succeed = (value: T): void => settle(() => resolve(value))
    const fail = (error: Error): void => settle(() => reject(error))
    const close = (): void => fail(new Error('The connection was closed.'))
    socket.once(event, succeed).once('error', fail).once('close', close)
  })
}

function isIp(host: string): boolean {
  return /^[\d.]+$|:/.test(host)
}

const round = (ms: number): number => Math.round(ms * 100) / 100
