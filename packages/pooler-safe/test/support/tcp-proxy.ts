import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** One client connection that goes through the proxy. */
export interface ProxiedConnection {
  readonly client: Socket
  readonly server: Socket
  /** What the client wrote after it had logged in: the message types of each chunk, as letters. */
  readonly writes: string[]
  /** The bodies of those messages. */
  readonly messages: { readonly type: string; readonly body: Buffer }[]
}

export interface TcpProxy extends AsyncDisposable {
  readonly url: string
  readonly connections: ProxiedConnection[]
  /** The only client connection there was. */
  only(): ProxiedConnection
  /** Message types of all requests on all connections, one string per chunk. */
  writes(): string[]
  /** Forgets what was written so far. */
  forget(): void
  /** Called with each chunk from the client; returning false keeps it from the server. */
  onRequest: ((chunk: Buffer, connection: ProxiedConnection) => boolean) | undefined
  /** Called with each chunk from the server; returning false keeps it from the client. */
  onAnswer: ((chunk: Buffer, connection: ProxiedConnection) => boolean) | undefined
  /** Refuses new connections and cuts those there are. */
  goDown(): Promise<void>
  /** Listens again, on the same port. */
  comeBack(): Promise<void>
}

/** A TCP proxy that reads what a client writes, and can lose it or the answer to it. */
export async function startTcpProxy(upstream: string): Promise<TcpProxy> {
  const target = new URL(upstream)
  const connections: ProxiedConnection[] = []
  const proxy: TcpProxy = {
    url: '',
    connections,
    onRequest: undefined,
    onAnswer: undefined,
    only() {
      if (connections.length !== 1) throw new Error(`There are ${connections.length} connections, not one.`)
      return connections[0]!
    },
    writes: () => connections.flatMap(({ writes }) => writes),
    forget() {
      for (const { writes, messages } of connections) {
        writes.length = 0
        messages.length = 0
      }
    },
    async goDown() {
      const closed = once(server, 'close')
      server.close()
      for (const { client, server: backend } of connections) {
        client.destroy()
        backend.destroy()
      }
      await closed
    },
    async comeBack() {
      server.listen(port, '127.0.0.1')
      await once(server, 'listening')
    },
    async [Symbol.asyncDispose]() {
      if (server.listening) await proxy.goDown()
    },
  }
  const server = createServer((client) => {
    const backend = connect(Number(target.port), target.hostname)
    const connection: ProxiedConnection = { client, server: backend, writes: [], messages: [] }
    connections.push(connection)
    const reader = new RequestReader(connection)
    client.on('data', (chunk: Buffer) => {
      reader.read(chunk)
      if (proxy.onRequest?.(chunk, connection) ?? true) backend.write(chunk)
    })
    backend.on('data', (chunk: Buffer) => {
      if (proxy.onAnswer?.(chunk, connection) ?? true) client.write(chunk)
    })
    for (const socket of [client, backend]) socket.on('error', () => undefined)
    client.on('close', () => backend.destroy())
    backend.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = new URL(upstream)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return Object.assign(proxy, { url: url.href })
}

/** Splits what a client writes into messages, independently of the code under test. */
class RequestReader {
  readonly #connection: ProxiedConnection
  #pending = Buffer.alloc(0)
  #started = false

  constructor(connection: ProxiedConnection) {
    this.#connection = connection
  }

  read(chunk: Buffer): void {
    this.#pending = Buffer.concat([this.#pending, chunk])
    if (!this.#started) {
      if (this.#pending.length < 4) return
      const length = this.#pending.readInt32BE(0)
      if (this.#pending.length < length) return
      this.#pending = this.#pending.subarray(length)
      this.#started = true
    }
    let types = ''
    while (this.#pending.length >= 5) {
      const length = this.#pending.readInt32BE(1)
      if (this.#pending.length < length + 1) break
      const type = String.fromCharCode(this.#pending[0]!)
      if (type !== 'p') {
        types += type
        this.#connection.messages.push({ type, body: Buffer.from(this.#pending.subarray(5, length + 1)) })
      }
      this.#pending = this.#pending.subarray(length + 1)
    }
    if (types !== '') this.#connection.writes.push(types)
  }
}

/** The names that Parse, Bind, Describe and Close messages carry for statements. */
export function statementNames(connections: readonly ProxiedConnection[]): string[] {
  return connections.flatMap(({ messages }) =>
    messages.flatMap(({ type, body }) => {
      const texts = body.toString('latin1').split('\0')
      if (type === 'P') return [texts[0]!]
      if (type === 'B') return [texts[1]!]
      if ((type === 'D' || type === 'C') && body[0] === 0x53) return [texts[0]!.slice(1)]
      return []
    }),
  )
}
