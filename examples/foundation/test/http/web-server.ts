import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHttpClient, type HttpClient, type HttpClientOptions } from '../../src/index.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

/** A site on loopback that answers to any host name; paths without a handler are 404. */
export interface WebServer extends AsyncDisposable {
  readonly port: number
  /** `host path` of each request, in order. */
  readonly requests: string[]
  url(path: string, host?: string): string
}

export async function serve(paths: Readonly<Record<string, Handler>>): Promise<WebServer> {
  const requests: string[] = []
  const listener: RequestListener = (request, response) => {
    const path = request.url ?? ''
    requests.push(`${request.headers.host?.replace(/:\d+$/, '') ?? ''} ${path}`)
    const handler = paths[path] ?? paths['*']
    if (handler) handler(request, response)
    else response.writeHead(404).end()
  }
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    requests,
    url: (path, host = 'site.example') => `http://${host}:${port}${path}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A client for the demo web of a test: every name is on loopback, and nobody waits. */
export function localClient(options: HttpClientOptions = {}): HttpClient {
  return createHttpClient({
    allowLoopback: true,
    resolve: () => Promise.resolve(['127.0.0.1']),
    perHostDelayMs: 0,
    timeoutMs: 5_000,
    ...options,
  })
}

export function send(status: number, body: string | Uint8Array = '', headers: Record<string, string> = {}): Handler {
  return (_request, response) => void response.writeHead(status, headers).end(body)
}

/** The code of what a promise rejects with, or `fulfilled`. */
export async function outcome(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
    return 'fulfilled'
  } catch (error) {
    return (error as { code?: unknown }).code ?? error
  }
}
