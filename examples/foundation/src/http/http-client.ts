import { Agent } from 'undici'
import { interruptible } from '../clock.ts'
import { redact } from '../redaction.ts'
import { ServiceError } from '../service-error.ts'
import { silentLogger, type Logger } from '../logging.ts'
import { definedOf } from './defined.ts'
import { FetchError, toFetchError } from './fetch-error.ts'
import {
  checkFetchOptions,
  checkLimits,
  headersOf,
  parseTarget,
  politeKey,
  refuseUnknown,
  requestHeaders,
  type FetchOptions,
} from './fetch-request.ts'
import { HttpResponse, type FetchedResponse, type ResponseParts } from './fetched-response.ts'
import { HostTurns } from './host-turns.ts'
import { acceptedEncodings } from './limited-body.ts'
import { pinnedConnector, systemResolve, type Resolve } from './pinned-connector.ts'
import { nextHop, redirectTarget, type Hop } from './redirect.ts'
import { RequestScope } from './request-scope.ts'
import { retryAfterMs } from './retry-after.ts'
import { Robots, robotsMaxBytes, type RobotsFile } from './robots.ts'
import { statusError, typeError } from './status-error.ts'
import { productToken } from './user-agent.ts'

export interface HttpClientOptions {
  /** Who asks. Begins with the name that robots.txt files know, such as `my-crawler/1.0 (+https://example.com/bot)`. */
  readonly userAgent?: string
  /** Lets 127.0.0.0/8 and ::1 be asked. For demos and tests. Default false. */
  readonly allowLoopback?: boolean
  /** Looks up addresses; what it answers is checked like any other. Default: the system. */
  readonly resolve?: Resolve
  /** Requests under way at one host. Default 2. */
  readonly perHostConcurrency?: number
  /** Between the beginnings of two requests to one host; a longer `Crawl-delay` of the host counts. Default 500. */
  readonly perHostDelayMs?: number
  /** Default 20,000. */
  readonly timeoutMs?: number
  /** Default 10 MiB. */
  readonly maxBytes?: number
  /** Default 10. */
  readonly maxRedirects?: number
  readonly logger?: Logger
}

/** Asks the public web, politely and within limits. */
export interface HttpClient extends AsyncDisposable {
  /**
   * Asks for a URL.
   *
   * @throws FetchError what came of it, by `code`
   * @throws the reason of `options.signal` when it fires
   */
  fetch(url: string, options?: FetchOptions): Promise<FetchedResponse>
  /** Whether robots.txt lets us ask for it; false also when robots.txt cannot be read. */
  allowedByRobots(url: string): Promise<boolean>
  /**
   * The `Sitemap` lines of an origin's robots.txt, as absolute URLs; none if it has no such file.
   *
   * @throws FetchError if it cannot be read
   */
  robotsSitemaps(origin: string): Promise<readonly string[]>
  /** Ends what is under way. */
  close(): Promise<void>
}

const defaults = {
  userAgent: 'pooler-safe-example/0.0 (example services of pooler-safe; obeys robots.txt)',
  allowLoopback: false,
  resolve: systemResolve,
  perHostConcurrency: 2,
  perHostDelayMs: 500,
  timeoutMs: 20_000,
  maxBytes: 10 * 1024 * 1024,
  maxRedirects: 10,
} as const
const known: ReadonlySet<string> = new Set([...Object.keys(defaults), 'logger'])
const limits = { perHostConcurrency: 1, perHostDelayMs: 0, timeoutMs: 1, maxBytes: 0, maxRedirects: 0 }
const connectTimeoutMs = 10_000
/** A host that asks for a longer pause is not waited for: the job comes back later. */
const longestHoldMs = 10_000

/**
 * Makes the client that all services ask the web with.
 *
 * Only addresses of the public Internet are connected to; robots.txt is obeyed; a host is asked slowly; bodies, redirects
 * and times are limited; certificates are verified.
 *
 * @throws ServiceError OPTION_UNKNOWN, OPTION_INVALID, USER_AGENT_INVALID
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  refuseUnknown(options, known, 'createHttpClient')
  return new Client(options)
}

type Answer = Omit<ResponseParts, 'redirects' | 'elapsedMs' | 'signal'>

class Client implements HttpClient {
  readonly #options: Required<Omit<HttpClientOptions, 'logger'>>
  readonly #logger: Logger
  readonly #agent: Agent
  readonly #turns: HostTurns
  readonly #robots: Robots
  readonly #closing = new AbortController()

  constructor({ logger = silentLogger(), ...options }: HttpClientOptions) {
    this.#options = { ...defaults, ...definedOf(options) }
    this.#logger = logger
    checkLimits(this.#options, limits)
    const { allowLoopback, resolve, perHostConcurrency, perHostDelayMs, userAgent } = this.#options
    this.#agent = new Agent({
      connect: pinnedConnector({ allowLoopback, resolve, timeoutMs: connectTimeoutMs }),
      // The scope of each request limits its time.
      headersTimeout: 0,
      bodyTimeout: 0,
    })
    this.#turns = new HostTurns({ concurrency: perHostConcurrency, delayMs: perHostDelayMs })
    this.#robots = new Robots({ productToken: productToken(userAgent), read: (url) => this.#readRobots(url) })
  }

  async fetch(given: string, options: FetchOptions = {}): Promise<FetchedResponse> {
    checkFetchOptions(options)
    const url = parseTarget(given)
    const limitMs = options.timeoutMs ?? this.#options.timeoutMs
    const outer = [this.#closing.signal, ...(options.signal ? [options.signal] : [])]
    const scope = new RequestScope(limitMs, outer, () => {
      return new FetchError('timeout', `${url.href} took longer than ${limitMs} ms.`, { url: url.href })
    })
    try {
      return await this.#follow({ url, method: options.method ?? 'GET', options }, scope)
    } catch (error) {
      scope[Symbol.dispose]()
      scope.signal.throwIfAborted()
      const failure = error instanceof FetchError ? error : toFetchError(error, url.href)
      this.#logger.debug({ url: redact(url.href), code: failure.code, status: failure.status }, 'fetch failed')
      throw failure
    }
  }

  async allowedByRobots(given: string): Promise<boolean> {
    const url = parseTarget(given)
    const rules = await this.#robots.rulesOf(url.origin)
    return rules.allows(url.href)
  }

  async robotsSitemaps(origin: string): Promise<readonly string[]> {
    const { sitemaps, failure } = await this.#robots.rulesOf(parseTarget(origin).origin)
    if (failure) throw failure
    return sitemaps
  }

  async close(): Promise<void> {
    this.#closing.abort(new ServiceError('CLIENT_CLOSED', 'The HTTP client was closed.'))
    await this.#agent.destroy()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #follow(first: Hop, scope: RequestScope): Promise<FetchedResponse> {
    const startedAt = performance.now()
    const redirects: string[] = []
    const seen = new Set<string>()
    for (let hop = first; ;) {
      seen.add(`${hop.method} ${hop.url.href}`)
      const answer = await this.#ask(hop, scope)
      const location = redirectTarget(answer.status, answer.headers.get('location'))
      if (location === undefined) {
        const elapsedMs = performance.now() - startedAt
        const onEnd = (): void => {
          scope[Symbol.dispose]()
          answer.onEnd()
        }
        const response = new HttpResponse({ ...answer, redirects, elapsedMs, signal: scope.signal, onEnd })
        return accept(response, first.options)
      }
      answer.source.destroy()
      answer.onEnd()
      const { status } = answer
      const next = nextHop(hop, status, location)
      redirects.push(hop.url.href)
      const isCircle = seen.has(`${next.method} ${next.url.href}`)
      if (isCircle || redirects.length > this.#options.maxRedirects) {
        const how = isCircle ? 'in a circle' : `more than ${this.#options.maxRedirects} times`
        throw new FetchError('parse', `${first.url.href} redirects ${how}.`, { url: first.url.href, status })
      }
      scope.pause()
      hop = next
    }
  }

  /** One request, when it is allowed and our turn. */
  async #ask({ url, method, options }: Hop, scope: RequestScope): Promise<Answer> {
    const key = politeKey(url)
    const crawlDelayMs = options.robots === 'ignore' ? 0 : await this.#obeyRobots(url, scope.signal)
    this.#refuseHeld(url, key)
    const release = await this.#turns.take(key, scope.signal, crawlDelayMs)
    try {
      this.#refuseHeld(url, key)
      scope.start()
      const {
        statusCode: status,
        headers: raw,
        body: source,
      } = await this.#agent.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: requestHeaders(options, this.#options.userAgent, acceptedEncodings),
        body: method === 'POST' ? (options.body ?? '') : null,
        signal: scope.signal,
      })
      // Its readers see its errors; without any, destroying it is none.
      source.on('error', () => undefined)
      const headers = headersOf(raw)
      const holdMs = retryAfterMs(headers.get('retry-after'))
      if (holdMs !== undefined && (status === 429 || status === 503)) this.#turns.hold(key, holdMs)
      this.#logger.debug({ url: redact(url.href), method, status }, 'asked')
      const maxBytes = options.maxBytes ?? this.#options.maxBytes
      const hasBody = method !== 'HEAD' && status !== 204 && status !== 304
      return { url: url.href, status, headers, source, maxBytes, hasBody, onEnd: release }
    } catch (error) {
      release()
      throw error
    }
  }

  /** Resolves with the pause that the host wants between requests. */
  async #obeyRobots(url: URL, signal: AbortSignal): Promise<number> {
    const rules = await interruptible(this.#robots.rulesOf(url.origin), signal)
    if (rules.failure) throw rules.failure
    if (!rules.allows(url.href)) {
      throw new FetchError('robots', `${url.origin}/robots.txt forbids ${url.pathname}.`, { url: url.href })
    }
    return rules.crawlDelayMs
  }

  #refuseHeld(url: URL, key: string): void {
    const heldMs = this.#turns.heldMs(key)
    if (heldMs <= longestHoldMs) return
    const message = `${url.host} asked to be left alone for another ${Math.ceil(heldMs / 1_000)} s.`
    throw new FetchError('blocked', message, { url: url.href, retryAfterMs: Math.ceil(heldMs), retryable: true })
  }

  async #readRobots(url: string): Promise<RobotsFile> {
    const maxBytes = robotsMaxBytes * 2
    await using response = await this.fetch(url, {
      robots: 'ignore',
      expectStatus: 'any',
      maxBytes,
      accept: 'text/plain,*/*;q=0.5',
    })
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response.body) {
      chunks.push(chunk)
      bytes += chunk.byteLength
      if (bytes >= robotsMaxBytes) break
    }
    return { status: response.status, text: Buffer.concat(chunks).subarray(0, robotsMaxBytes).toString() }
  }
}

/** The answer, if it is one that was asked for. */
async function accept(answer: FetchedResponse, { expectStatus, accept }: FetchOptions): Promise<FetchedResponse> {
  if (expectStatus === 'any') return answer
  const failure = statusError(answer) ?? typeError(answer, accept)
  if (!failure) return answer
  await answer[Symbol.asyncDispose]()
  throw failure
}
