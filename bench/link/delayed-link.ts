import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A link of a given length, between a client and a pooler or server that are near each other in truth. */
export interface DelayedLink extends AsyncDisposable {
  readonly url: string
}

/** Forwards bytes both ways, each `delayMs` after it came. Their order and their chunks stay. */
export async function startDelayedLink(upstream: string, delayMs: number): Promise<DelayedLink> {
  const target = new URL(upstream)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (client) => {
    const backend = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
    for (const [from, to] of [
      [client, backend],
      [backend, client],
    ] as const) {
      sockets.add(from)
      from.on('data', (chunk: Buffer) => {
        setTimeout(() => {
          if (to.writable) to.write(chunk)
        }, delayMs)
      })
      from.on('error', () => undefined)
      from.on('close', () => {
        sockets.delete(from)
        setTimeout(() => to.destroy(), delayMs)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(upstream)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as AddressInfo).port)
  return {
    url: url.href,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
