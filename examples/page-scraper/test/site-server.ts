import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll } from 'vitest'

export interface SitePage {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  /** Called when the page is asked for, before it is answered. */
  readonly before?: () => Promise<void> | void
  /** The connection is cut instead of an answer. */
  readonly cut?: boolean
}

/** The pages of one host by path. */
export type SitePages = Readonly<Record<string, SitePage | string>>

export interface SiteServer {
  readonly port: number
  /** Puts a site there; until the end of the test. Every other host is not found. */
  serve(host: string, pages: SitePages): void
  /** `host path` of every request, in their order; robots.txt left out. */
  readonly asked: string[]
}

/** A server on loopback that serves sites by host name. */
export function useSiteServer(): SiteServer {
  const sites = new Map<string, SitePages>()
  const asked: string[] = []
  let port = 0
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const host = request.headers.host?.replace(/:\d+$/, '') ?? ''
    const path = request.url ?? '/'
    const given = sites.get(host)?.[path]
    if (path !== '/robots.txt') asked.push(`${host} ${path}`)
    const page: SitePage = typeof given === 'string' ? { body: given } : (given ?? { status: 404, body: 'none' })
    await page.before?.()
    if (page.cut) {
      request.socket.destroy()
      return
    }
    response.writeHead(page.status ?? 200, { 'content-type': 'text/html', ...page.headers })
    response.end(page.body)
  }
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.destroy(error as Error)
    })
  })
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  })
  afterEach(() => {
    sites.clear()
    asked.length = 0
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    get port() {
      return port
    },
    serve: (host, pages) => void sites.set(host, pages),
    asked,
  }
}
