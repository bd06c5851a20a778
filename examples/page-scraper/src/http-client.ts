import { FetchError, type FetchErrorCode, type HttpClient } from '@pooler-safe/example-foundation'

/** The part of the foundation's HTTP client that a scan uses. */
export type PageFetcher = Pick<HttpClient, 'fetch' | 'allowedByRobots' | 'robotsSitemaps'>

/** The error of a fetch that brought no answer to use, if it is one. */
export function fetchFailure(
  error: unknown,
): { readonly code: FetchErrorCode; readonly message: string; readonly retryable: boolean } | undefined {
  if (!(error instanceof FetchError)) return undefined
  const { code, message, retryable } = error
  return { code, message, retryable }
}
