import { createServer, request, type IncomingMessage } from 'node:http'
import { ServiceError } from '@pooler-safe/example-foundation'
import type { PageClient, PageResponse } from '../src/index.ts'

/** What a site of the test answers. */
export interface Answer {
  readonly status?: number
  readonly title?: string
  readonly type?: string
  /** The answer is held until this resolves. */
  readonly when?: Promise<unknown>
}

/** A request as the target server saw it. */
export interface Seen {
  readonly host: string
  readonly path: string
  readonly at: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** Sites on loopback, told apart by the Host header, and what was asked of them. */
export interface TestWeb extends AsyncDisposable {
  readonly port: number
  readonly seen: readonly Seen[]
  /** Most requests that were under way at the same time. */
  readonly mostAtOnce: number
  /** The same, of hosts for which this is the key. */
  mostAtOnceOf(key: (host: string) => string): number
  /** The input for a host: a URL with the port. */
  url(host: string): string
  readonly client: PageClient
}

export async function startWeb(answer: (host: string, seen: Seen) => Answer | Promise<Answer>): Promise<TestWeb> {
  const seen: Seen[] = []
  const active = new Map<string, number>()
  const peaks: Map<string, number>[] = []
  let mostAtOnce = 0
  const server = createServer((incoming, response) => {
    void (async () => {
      const host = (incoming.headers.host ?? '').replace(/:\d+$/, '')
      active.set(host, (active.get(host) ?? 0) + 1)
      const all = [...active.values()].reduce((sum, one) => sum + one, 0)
      if (all >= mostAtOnce || all > 1) peaks.push(new Map(active))
      mostAtOnce = Math.max(mostAtOnce, all)
      let isDone = false
      const done = (): void => {
        if (isDone) return
        isDone = true
        active.set(host, (active.get(host) ?? 1) - 1)
      }
      response.on('close', done)
      const parts: Buffer[] = []
      for await (const part of incoming) parts.push(part as Buffer)
      const request: Seen = {
        host,
        path: incoming.url ?? '',
        at: performance.now(),
        headers: incoming.headers,
        body: Buffer.concat(parts).toString('utf8'),
      }
      seen.push(request)
      const { status = 200, title = host, type = 'text/html', when } = await answer(host, request)
      await when
      done()
      response.writeHead(status, { 'content-type': type }).end(`<!doctype html><title>${title}</title>`)
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    seen,
    get mostAtOnce() {
      return mostAtOnce
    },
    mostAtOnceOf(key) {
      const counts = peaks.flatMap((peak) => {
        const byKey = new Map<string, number>()
        for (const [host, count] of peak) byKey.set(key(host), (byKey.get(key(host)) ?? 0) + count)
        return [...byKey.values()]
      })
      return Math.max(0, ...counts)
    },
    url: (host) => `http://${host}:${port}/`,
    client: loopbackClient(port),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Stands in for the foundation's client, with its words: names that end in `.test` are on loopback, others do not exist. */
export function loopbackClient(port: number): PageClient {
  return {
    fetch: (url, { signal, method = 'GET', headers = {}, body } = {}) =>
      new Promise<PageResponse>((resolve, reject) => {
        const { hostname, pathname, search, port: given } = new URL(url)
        const fail = (code: string, message: string, retryable: boolean): void => {
          reject(Object.assign(new ServiceError(code, message), { retryable }))
        }
        if (!hostname.endsWith('.test')) {
          fail('dns', `${hostname} does not exist.`, false)
          return
        }
        const startedAt = performance.now()
        const outgoing = request(
          {
            host: '127.0.0.1',
            port: given === '' ? port : Number(given),
            path: pathname + search,
            method,
            headers: { ...headers, host: `${hostname}:${given}` },
            ...(signal ? { signal } : {}),
          },
          (incoming) => {
            void (async () => {
              const parts: Buffer[] = []
              for await (const part of incoming) parts.push(part as Buffer)
              const status = incoming.statusCode ?? 0
              if (status >= 500) fail('http_5xx', `${hostname} answered ${status}.`, true)
              else if (status >= 400) fail('http_4xx', `${hostname} answered ${status}.`, false)
              else {
                resolve({
                  url,
                  status,
                  headers: new Headers({ 'content-type': incoming.headers['content-type'] ?? '' }),
                  elapsedMs: performance.now() - startedAt,
                  text: () => Promise.resolve(Buffer.concat(parts).toString('utf8')),
                  [Symbol.asyncDispose]: () => Promise.resolve(),
                })
              }
            })().catch(reject)
          },
        )
        outgoing.on('error', (error) => {
          if (signal?.aborted) reject(signal.reason as Error)
          else fail('connect', error.message, true)
        })
        outgoing.end(body)
      }),
  }
}
