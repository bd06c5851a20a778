import { createHttpClient, type HttpClient, type Logger } from '@pooler-safe/example-foundation'
import { resolveDemoHost } from '@pooler-safe/example-foundation/demo'

export interface HttpClients extends AsyncDisposable {
  /** For the services. */
  readonly http: HttpClient
  /** Reaches the demo and nothing else; undefined without a demo. */
  readonly demo: HttpClient | undefined
}

/**
 * The HTTP client of the services. With a demo, names below `.example` lead there: that domain is reserved and exists nowhere
 * else. Every other name goes the usual way, on which loopback stays forbidden.
 */
export function openHttpClients(withDemo: boolean, logger: Logger): HttpClients {
  const outside = createHttpClient({ logger })
  const demo = withDemo
    ? createHttpClient({ logger, allowLoopback: true, resolve: resolveDemoHost, perHostDelayMs: 0 })
    : undefined
  const close = async (): Promise<void> => {
    await Promise.all([outside.close(), demo?.close()])
  }
  const clientFor = (url: string): HttpClient => (demo !== undefined && isDemo(url) ? demo : outside)
  const http: HttpClient = {
    fetch: (url, options) => clientFor(url).fetch(url, options),
    allowedByRobots: (url) => clientFor(url).allowedByRobots(url),
    robotsSitemaps: (origin) => clientFor(origin).robotsSitemaps(origin),
    close,
    [Symbol.asyncDispose]: close,
  }
  return { http, demo, [Symbol.asyncDispose]: close }
}

function isDemo(url: string): boolean {
  return URL.canParse(url) && /\.example\.?$/.test(new URL(url).hostname)
}
