/**
 * The HTTP client of the foundation as this service uses it.
 *
 * Everything that goes to the web goes through it: it refuses private addresses, obeys robots.txt, waits between two
 * requests to a host and ends what takes too long or grows too large.
 */
export interface FetchOptions {
  readonly signal?: AbortSignal
  readonly timeoutMs?: number
  /** Of the body after decompression by the server's Content-Encoding. */
  readonly maxBytes?: number
  readonly accept?: string
  readonly etag?: string
  readonly lastModified?: string
  readonly robots?: 'obey' | 'ignore'
  readonly expectStatus?: 'success' | 'any'
}

export interface FetchedResponse extends AsyncDisposable {
  /** After redirects. */
  readonly url: string
  /** 304 is an answer. */
  readonly status: number
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
  readonly elapsedMs: number
  text(): Promise<string>
}

export interface HttpClient {
  /** Rejects with an error whose `code` says why there is no answer, and whose `retryable` whether there may be one later. */
  fetch(url: string, options?: FetchOptions): Promise<FetchedResponse>
}

/** Why there was no answer: what of the error of a fetch is stored. */
export interface FetchFailure {
  readonly code: string
  readonly message: string
  readonly status: number | undefined
  readonly retryable: boolean
}

const fetchErrorCodes = new Set([
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
])

/** What is to be stored of an error; undefined when it is not one of a fetch. */
export function fetchFailureOf(error: unknown): FetchFailure | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, status, retryable } = error as { code?: unknown; status?: unknown; retryable?: unknown }
  if (typeof code !== 'string' || !fetchErrorCodes.has(code)) return undefined
  return {
    code,
    message: error.message,
    status: typeof status === 'number' ? status : undefined,
    retryable: retryable === true,
  }
}
