import { resolveDemoHost, startDemoWorld, type DemoWorld } from '../demo/world.ts'
import { createHttpClient, type HttpClient } from '../src/http/http-client.ts'
import type { Logger } from '../src/logging.ts'

/** The demo world, and a client that finds it under the names of its sites. */
export interface CommandDemo {
  readonly world: DemoWorld
  readonly http: HttpClient
}

/**
 * Starts the demo world for a command: everything in it is made up. Sites are found without the port that the world
 * happens to have. The stack closes both.
 */
export async function openCommandDemo(stack: AsyncDisposableStack, logger: Logger): Promise<CommandDemo> {
  const world = stack.use(await startDemoWorld())
  const client = stack.use(
    createHttpClient({ allowLoopback: true, resolve: resolveDemoHost, perHostDelayMs: 0, logger }),
  )
  const there = (given: string): string => {
    const url = new URL(given)
    const isDemo = url.hostname.endsWith('.example') && url.port === ''
    return isDemo ? world.url(url.hostname, url.pathname + url.search) : given
  }
  const http: HttpClient = {
    fetch: (url, options) => client.fetch(there(url), options),
    allowedByRobots: (url) => client.allowedByRobots(there(url)),
    robotsSitemaps: (origin) => client.robotsSitemaps(new URL(there(origin)).origin),
    close: () => client.close(),
    [Symbol.asyncDispose]: () => client.close(),
  }
  return { world, http }
}
