import * as foundation from '@pooler-safe/example-foundation'
import type { HttpClient } from '../http.ts'

/** The client for the public web: no private addresses, robots.txt obeyed, one host not asked too often. */
export function openHttpClient(options: { readonly allowLoopback: boolean }): HttpClient & AsyncDisposable {
  const { createHttpClient } = foundation as unknown as {
    readonly createHttpClient?: (options: object) => HttpClient & AsyncDisposable
  }
  if (createHttpClient) return createHttpClient(options)
  throw new foundation.ServiceError('HTTP_CLIENT_MISSING', 'This version of the foundation has no HTTP client.')
}
