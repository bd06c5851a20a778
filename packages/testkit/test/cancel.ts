import { connect } from 'node:net'
import { cancelRequest } from '../src/wire/encode.ts'
import type { RawClient } from './raw-client.ts'

/** Asks a pooler to cancel what a client runs; resolves when the pooler hangs up. */
export async function cancel(
  { pid, secretKey }: Pick<RawClient, 'pid' | 'secretKey'>,
  { port }: { readonly port: number },
): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port })
  socket.on('error', () => undefined)
  socket.once('connect', () => socket.write(cancelRequest(pid, secretKey)))
  await new Promise((resolve) => socket.once('close', resolve).resume())
}
