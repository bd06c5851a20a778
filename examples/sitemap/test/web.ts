import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { createGunzip } from 'node:zlib'
import type { Readable } from 'node:stream'
import { afterAll, beforeAll } from 'vitest'
import type { FetchedResponse, FetchOptions, HttpClient } from '../src/index.ts'

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
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
  })
  afterAll(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    get port() {
      return port
    },
    http: { fetch: (url, options) => follow(url, options, [...sites.keys()]) },
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

function failure(code: string, message: string, status?: number): Error {
  return Object.assign(new Error(message), { code, status, retryable: code === 'http_5xx' || code === 'connect' })
}

/** The part of the foundation's client that matters here, for host names that only this test knows. */
async function follow(url: string, options: FetchOptions = {}, hosts: readonly string[]): Promise<FetchedResponse> {
  let at = new URL(url)
  for (let step = 0; step < 5; step += 1) {
    if (!hosts.includes(at.hostname)) throw failure('dns', `${at.hostname} has no address`)
    if (at.protocol === 'https:') throw failure('tls', 'no TLS here')
    const incoming = await ask(at, options)
    const status = incoming.statusCode ?? 0
    const location = incoming.headers.location
    if (status >= 300 && status < 400 && status !== 304 && location !== undefined) {
      incoming.resume()
      at = new URL(location, at)
      continue
    }
    if (status >= 400 && options.expectStatus !== 'any') {
      incoming.resume()
      throw failure(status < 500 ? 'http_4xx' : 'http_5xx', `answered ${status}`, status)
    }
    return responseOf(at.href, incoming, options)
  }
  throw failure('parse', 'redirects do not end')
}

function ask(at: URL, { signal, etag, lastModified }: FetchOptions): Promise<IncomingMessage> {
  const headers = {
    host: at.host,
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
  return new Promise((resolve, reject) => {
    request(
      {
        host: '127.0.0.1',
        port: at.port,
        path: at.pathname + at.search,
        headers,
        agent: false,
        ...(signal ? { signal } : {}),
      },
      resolve,
    )
      .on('error', (error) => reject(failure('connect', error.message)))
      .end()
  })
}

function responseOf(url: string, incoming: IncomingMessage, { maxBytes = Infinity }: FetchOptions): FetchedResponse {
  const isZipped = incoming.headers['content-encoding'] === 'gzip'
  const plain: Readable = isZipped ? incoming.pipe(createGunzip()) : incoming
  const body = async function* (): AsyncGenerator<Uint8Array> {
    let bytes = 0
    try {
      for await (const chunk of plain) {
        bytes += (chunk as Buffer).length
        if (bytes > maxBytes) throw failure('too_large', `more than ${maxBytes} bytes`)
        yield chunk as Buffer
      }
      if (!incoming.complete) throw failure('connect', 'the connection broke')
    } catch (error) {
      throw typeof (error as { retryable?: unknown }).retryable === 'boolean'
        ? error
        : failure('connect', 'the connection broke')
    }
  }
  const read = body()
  return {
    url,
    status: incoming.statusCode ?? 0,
    headers: new Headers(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)])),
    body: read,
    elapsedMs: 1,
    text: async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of read) chunks.push(chunk)
      return Buffer.concat(chunks).toString()
    },
    [Symbol.asyncDispose]: () => {
      incoming.destroy()
      return Promise.resolve()
    },
  }
}
