import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { RequestLog } from './request-log.ts'
import type { Answer, DemoSite, PageAnswer } from './site.ts'
import { company, companyFate, companyNumber } from './sites/companies.ts'
import {
  bomb,
  circles,
  failing,
  hostile,
  huge,
  parked,
  restricted,
  slow,
  softNotFound,
  wrongCharset,
} from './sites/difficult.ts'
import { hotel } from './sites/hotel.ts'
import { joinery } from './sites/joinery.ts'
import { newspaper } from './sites/newspaper.ts'
import { potteryShop } from './sites/pottery-shop.ts'
import { restaurant } from './sites/restaurant.ts'

/** The host names of the demo world. `firma-1.example`, `firma-2.example` and so on exist besides. */
export const demoHosts = {
  joinery: joinery.host,
  potteryShop: potteryShop.host,
  restaurant: restaurant.host,
  hotel: hotel.host,
  newspaper: newspaper.host,
  softNotFound: softNotFound.host,
  slow: slow(0).host,
  restricted: restricted.host,
  hostile: hostile.host,
  circles: circles.host,
  bomb: bomb.host,
  huge: huge.host,
  wrongCharset: wrongCharset.host,
  parked: parked.host,
  failing: failing.host,
  /** Its name leads to 10.0.0.1, where nobody may ask. */
  inside: 'innen.example',
  /** Its name has no address. */
  missing: 'gibt-es-nicht.example',
} as const

export interface DemoWorldOptions {
  /** Default: a free one. */
  readonly port?: number
  /** How long the slow site takes for an answer. Default 400. */
  readonly slowMs?: number
  /** How long every other site takes at least, or what says so for each request. Default 0. */
  readonly delayMs?: number | (() => number)
}

/** Sites of our own writing on loopback. Nothing in it exists outside. */
export interface DemoWorld extends AsyncDisposable {
  readonly hosts: typeof demoHosts
  readonly port: number
  /** What each site is there for. */
  readonly about: Readonly<Record<string, string>>
  readonly url: (host: string, path?: string) => string
  /** For the `resolve` of the HTTP client, which also needs `allowLoopback`. `www.` works as well. */
  readonly resolve: (host: string) => Promise<readonly string[]>
  readonly requests: RequestLog
  close(): Promise<void>
}

/**
 * Starts the demo world.
 *
 * ```ts
 * await using world = await startDemoWorld()
 * await using client = createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0 })
 * const response = await client.fetch(world.url(world.hosts.joinery))
 * ```
 */
export async function startDemoWorld({
  port = 0,
  slowMs = 400,
  delayMs = 0,
}: DemoWorldOptions = {}): Promise<DemoWorld> {
  const sites = [
    joinery,
    potteryShop,
    restaurant,
    hotel,
    newspaper,
    softNotFound,
    slow(slowMs),
    restricted,
    hostile,
    circles,
    bomb,
    huge,
    wrongCharset,
    parked,
    failing,
  ]
  const byHost = new Map<string, DemoSite>(sites.map((site) => [site.host, site]))
  const requests = new RequestLog()
  const answersOf = rememberAnswers()
  const server = createServer((request, response) => {
    const authority = request.headers.host ?? ''
    const asked = authority.replace(/:\d+$/, '').toLowerCase()
    const host = asked.replace(/^www\./, '')
    requests.enter(host, request, response)
    const number = companyNumber(host)
    const site = byHost.get(host) ?? (number === undefined ? undefined : company(number))
    if (!site) {
      response.writeHead(421, { 'content-type': 'text/plain' }).end('No such site in the demo world.\n')
      return
    }
    // As most sites do, `www.` leads to the name without it.
    if (asked !== host) {
      response.writeHead(301, { location: `http://${authority.slice(4)}${request.url ?? '/'}` }).end()
      return
    }
    const answers = answersOf(site, `http://${authority}`)
    const answer = answers[request.url ?? '/'] ?? answers['*'] ?? notFound
    const waitMs = typeof delayMs === 'number' ? delayMs : delayMs()
    if (waitMs === 0) give(answer, request, response)
    else setTimeout(give, waitMs, answer, request, response)
  })
  await listen(server, port)
  const { port: actual } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    hosts: demoHosts,
    port: actual,
    about: Object.fromEntries(sites.map(({ host, about }) => [host, about])),
    url: (host, path = '/') => `http://${host}:${actual}${path}`,
    resolve: resolveDemoHost,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  }
}

const notFound: PageAnswer = {
  status: 404,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: '<!doctype html><title>404</title><h1>404</h1>',
}
const modified = 'Sat, 01 Jun 2024 06:00:00 GMT'

const named: ReadonlySet<string> = new Set(Object.values(demoHosts).filter((host) => host !== demoHosts.missing))

/**
 * The address of a host of the demo world, whichever process asks: workers of a demo know the port by what they are given.
 *
 * Rejects with ENOTFOUND for every other name.
 */
export function resolveDemoHost(asked: string): Promise<readonly string[]> {
  const host = asked.toLowerCase().replace(/^www\./, '')
  const number = companyNumber(host)
  const isCompany = number !== undefined && companyFate(number) !== 'has no address'
  if (named.has(host) || isCompany) return Promise.resolve([host === demoHosts.inside ? '10.0.0.1' : '127.0.0.1'])
  return Promise.reject(Object.assign(new Error(`getaddrinfo ENOTFOUND ${asked}`), { code: 'ENOTFOUND' }))
}

/** Sites are written once for each origin, the generated ones each time. */
function rememberAnswers(): (site: DemoSite, origin: string) => Readonly<Record<string, Answer>> {
  const known = new Map<string, Readonly<Record<string, Answer>>>()
  return (site, origin) => {
    if (companyNumber(site.host) !== undefined) return site.answers(origin)
    const answers = known.get(origin) ?? site.answers(origin)
    known.set(origin, answers)
    return answers
  }
}

/** Pages can be asked for conditionally, and with HEAD. */
function give(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  if (typeof answer === 'function') {
    answer(request, response)
    return
  }
  const { status = 200, headers = {}, body = '' } = answer
  if (status !== 200) {
    response.writeHead(status, headers).end(body)
    return
  }
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 16)}"`
  const { 'if-none-match': known, 'if-modified-since': since } = request.headers
  const isKnown = known === undefined ? since === modified : known === etag
  const validators = { etag, 'last-modified': modified }
  if (isKnown) response.writeHead(304, validators).end()
  else response.writeHead(200, { ...headers, ...validators, 'content-length': Buffer.byteLength(body) }).end(body)
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
}
