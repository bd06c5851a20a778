import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createHttpClient, type HttpClient } from '@pooler-safe/example-foundation'
import { afterAll, beforeAll } from 'vitest'

/** What a site answers for a path. */
export interface Answer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer | ((response: ServerResponse) => void)
}

type Site = (path: string, request: IncomingMessage) => Answer | undefined

/** Sites by host name on one loopback port, and a client that finds them there. */
export interface Web {
  readonly port: number
  readonly http: HttpClient
  /** Defines a site anew; `http://<host>:<port>` is in front of its paths. */
  site(host: string, site: Site | Readonly<Record<string, Answer | string | Buffer>>): string
  /** What a host was asked for, in order. */
  asked(host: string): { readonly path: string; readonly conditional: boolean }[]
}

export function useWeb(): Web {
  const sites = new Map<string, Site>()
  const log: { readonly host: string; readonly path: string; readonly conditional: boolean }[] = []
  const server = createServer((incoming, response) => {
    const host = (incoming.headers.host ?? '').replace(/:\d+$/, '')
    const path = incoming.url ?? '/'
    log.push({ host, path, conditional: incoming.headers['if-none-match'] !== undefined })
    const { status = 200, headers = {}, body = '' } = sites.get(host)?.(path, incoming) ?? { status: 404 }
    if (headers['etag'] !== undefined && headers['etag'] === incoming.headers['if-none-match']) {
      response.writeHead(304, headers).end()
      return
    }
    response.writeHead(status, headers)
    if (typeof body === 'function') body(response)
    else response.end(body)
  })
  let port = 0
  const http = createHttpClient({
    allowLoopback: true,
    resolve: (host) => Promise.resolve(sites.has(host) ? ['127.0.0.1'] : []),
    perHostConcurrency: 8,
    perHostDelayMs: 0,
    maxBytes: 1024 ** 3,
  })
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  })
  afterAll(async () => {
    await http.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    get port() {
      return port
    },
    http,
    site(host, site) {
      sites.set(
        host,
        typeof site === 'function'
          ? site
          : (path) => {
              const answer = site[path]
              return typeof answer === 'string' || Buffer.isBuffer(answer) ? { body: answer } : answer
            },
      )
      return `http://${host}:${port}`
    },
    asked: (host) => log.filter((one) => one.host === host),
  }
}
