import { createHttpClient, type HttpClient } from '@pooler-safe/example-foundation'
import { afterAll } from 'vitest'

/** The client of the foundation for servers of a test: every name leads to loopback, but those of `unknown`. */
export function loopbackFetcher(unknown: ReadonlySet<string> = new Set()): HttpClient {
  const http = createHttpClient({
    allowLoopback: true,
    resolve: (host) => Promise.resolve(unknown.has(host) ? [] : ['127.0.0.1']),
    perHostConcurrency: 8,
    perHostDelayMs: 0,
  })
  afterAll(() => http.close())
  return http
}
