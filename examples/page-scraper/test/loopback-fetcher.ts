import { request } from 'node:http'
import type { FetchErrorCode, PageAnswer, PageFetcher, PageRequest } from '../src/http-client.ts'

/** As the foundation's HTTP client throws it. */
class FetchError extends Error {
  override readonly name = 'FetchError'
  readonly code: FetchErrorCode
  readonly retryable: boolean
  readonly status: number | undefined

  constructor(code: FetchErrorCode, message: string, retryable: boolean, status?: number) {
    super(message)
    this.code = code
    this.retryable = retryable
    this.status = status
  }
}

interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
}

/** Every name leads to loopback, but those of `unknown`, which have no address. */
export function loopbackFetcher(unknown: ReadonlySet<string> = new Set()): PageFetcher {
  const ask = (url: string, signal?: AbortSignal): Promise<RawAnswer> =>
    new Promise((resolve, reject) => {
      const { hostname, port, pathname, search, protocol } = new URL(url)
      if (unknown.has(hostname)) {
        reject(new FetchError('dns', `${hostname} has no address.`, false))
        return
      }
      if (protocol === 'https:') {
        reject(new FetchError('connect', `${url}: the connection failed.`, true))
        return
      }
      const asking = request(
        {
          host: '127.0.0.1',
          port,
          path: pathname + search,
          headers: { host: `${hostname}:${port}` },
          ...(signal ? { signal } : {}),
        },
        (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('error', reject)
          answer.on('end', () => {
            const headers = new Headers()
            for (const [name, value] of Object.entries(answer.headersDistinct)) {
              for (const one of value ?? []) headers.append(name, one)
            }
            resolve({ status: answer.statusCode ?? 0, headers, bytes: Buffer.concat(chunks) })
          })
        },
      )
      asking.on('error', (error) => {
        reject(signal?.aborted ? (signal.reason as Error) : new FetchError('connect', `${url}: ${error.message}`, true))
      })
      asking.end()
    })
  const rulesOf = async (url: string): Promise<string[]> => {
    const { status, bytes } = await ask(new URL('/robots.txt', url).href)
    return status === 200 ? bytes.toString().split('\n') : []
  }
  const allowed = async (url: string): Promise<boolean> => {
    const { pathname } = new URL(url)
    const rules = (await rulesOf(url)).flatMap((line) => /^Disallow: (\S+)/.exec(line)?.[1] ?? [])
    return !rules.some((rule) => pathname.startsWith(rule))
  }
  const fetch = async (url: string, { signal }: PageRequest = {}): Promise<PageAnswer> => {
    let at = url
    for (let hop = 0; hop < 10; hop += 1) {
      if (!(await allowed(at).catch(() => true))) throw new FetchError('robots', `robots.txt forbids ${at}.`, false)
      const { status, headers, bytes } = await ask(at, signal)
      const location = headers.get('location')
      if (status >= 300 && status < 400 && location !== null) {
        at = new URL(location, at).href
        continue
      }
      if (status === 403 || status === 429) throw new FetchError('blocked', `${at} refuses us.`, false, status)
      if (status >= 500) throw new FetchError('http_5xx', `${at} answered ${status}.`, true, status)
      if (status >= 400) throw new FetchError('http_4xx', `${at} answered ${status}.`, false, status)
      return {
        url: at,
        status,
        headers,
        elapsedMs: 1,
        bytes: () => Promise.resolve(bytes),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
    }
    throw new FetchError('parse', `${url} redirects too often.`, false)
  }
  return {
    fetch,
    allowedByRobots: (url) => allowed(url),
    robotsSitemaps: async (origin) =>
      (await rulesOf(origin)).flatMap((line) => /^Sitemap: (\S+)/.exec(line)?.[1] ?? []),
  }
}
