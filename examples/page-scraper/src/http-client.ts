import * as foundation from '@pooler-safe/example-foundation'
import { ServiceError, type Logger } from '@pooler-safe/example-foundation'

/** Why there is no answer to use, as the HTTP client of the foundation says it. */
export const fetchErrorCodes = [
  'dns',
  'connect',
  'tls',
  'timeout',
  'http_4xx',
  'http_5xx',
  'blocked',
  'robots',
  'too_large',
  'not_html',
  'parse',
  'ssrf',
] as const

export type FetchErrorCode = (typeof fetchErrorCodes)[number]

/** What a scan asks for. */
export interface PageRequest {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  readonly maxBytes?: number
  readonly accept?: string
}

/** The part of an answer that a scan reads. */
export interface PageAnswer extends AsyncDisposable {
  readonly url: string
  readonly status: number
  readonly headers: Headers
  readonly elapsedMs: number
  bytes(): Promise<Uint8Array>
}

/** The part of the foundation's HTTP client that a scan uses. */
export interface PageFetcher {
  fetch(url: string, options?: PageRequest): Promise<PageAnswer>
  allowedByRobots(url: string): Promise<boolean>
  robotsSitemaps(origin: string): Promise<readonly string[]>
}

/** A fetcher that was opened and has to be closed. */
export interface OpenFetcher extends PageFetcher {
  close(): Promise<void>
}

export interface FetcherOptions {
  readonly allowLoopback?: boolean
  readonly resolve?: (host: string) => Promise<readonly string[]>
  readonly perHostConcurrency?: number
  readonly perHostDelayMs?: number
  readonly logger?: Logger
}

/**
 * The foundation's HTTP client: guarded against private addresses, robots-aware, polite, limited.
 *
 * @throws ServiceError HTTP_CLIENT_MISSING
 */
export function openFetcher(options: FetcherOptions): OpenFetcher {
  const { createHttpClient } = foundation as { createHttpClient?: (options: FetcherOptions) => OpenFetcher }
  if (createHttpClient) return createHttpClient(options)
  throw new ServiceError('HTTP_CLIENT_MISSING', 'This version of the foundation has no HTTP client.')
}

/** The error of a fetch that brought no answer to use, if it is one. */
export function fetchFailure(
  error: unknown,
): { readonly code: FetchErrorCode; readonly message: string; readonly retryable: boolean } | undefined {
  if (!(error instanceof Error) || error.name !== 'FetchError') return undefined
  const { code, retryable } = error as { code?: unknown; retryable?: unknown }
  const known = fetchErrorCodes.find((one) => one === code)
  return known && { code: known, message: error.message, retryable: retryable === true }
}
