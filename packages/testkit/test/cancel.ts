import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as secure } from 'node:tls'
import { cancelRequest, sslRequest } from '../src/wire/encode.ts'
import type { RawClient } from './raw-client.ts'

interface Target {
  readonly port: number
}

/** Asks a pooler to cancel what a client runs; resolves when the pooler hangs up. */
export async function cancel(client: Pick<RawClient, 'pid' | 'secretKey'>, { port }: Target): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  await once(socket, 'connect')
  await sendCancel(socket, client)
}

/** The same over TLS. */
export async function cancelOverTls(client: Pick<RawClient, 'pid' | 'secretKey'>, { port }: Target): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.write(sslRequest())
  await once(socket, 'data')
  const encrypted = secure({ socket, rejectUnauthorized: false })
  await once(encrypted, 'secureConnect')
  await sendCancel(encrypted, client)
}

async function sendCancel(socket: Socket, { pid, secretKey }: Pick<RawClient, 'pid' | 'secretKey'>): Promise<void> {
  socket.on('error', () => undefined)
  socket.write(cancelRequest(pid, secretKey))
  await new Promise((resolve) => socket.once('close', resolve).resume())
}
