import { redact } from '../redaction.ts'
import { ServiceError } from '../service-error.ts'

/**
 * Why there is no answer to use.
 *
 * - `dns`: the name has no address
 * - `connect`: no connection, or it broke
 * - `tls`: the certificate or the handshake was refused
 * - `timeout`: the time for the whole request was over
 * - `http_4xx`, `http_5xx`: the status
 * - `blocked`: the site does not want us: 403, 429, 451 or a challenge; or it told us to come back later
 * - `robots`: robots.txt forbids it, or could not be read
 * - `too_large`: more bytes than allowed, counted after decompression
 * - `not_html`: something else than the HTML that was asked for
 * - `parse`: an answer that makes no sense: not a URL, not HTTP, broken compression, redirects that do not end
 * - `ssrf`: the address or the scheme is not one of the public web
 */
export type FetchErrorCode =
  | 'dns'
  | 'connect'
  | 'tls'
  | 'timeout'
  | 'http_4xx'
  | 'http_5xx'
  | 'blocked'
  | 'robots'
  | 'too_large'
  | 'not_html'
  | 'parse'
  | 'ssrf'

export interface FetchErrorDetails {
  readonly url: string
  readonly status?: number | undefined
  /** How long the site asked us to wait. */
  readonly retryAfterMs?: number | undefined
  /** Default by code: `timeout`, `connect` and `http_5xx` may pass, the others do not. */
  readonly retryable?: boolean | undefined
  readonly hint?: string | undefined
  readonly cause?: unknown
}

const passing: ReadonlySet<FetchErrorCode> = new Set(['connect', 'timeout', 'http_5xx'])

/** A request that brought no answer to use. A failed fetch is stored as a failure, under this code. */
export class FetchError extends ServiceError {
  override readonly name = 'FetchError'
  declare readonly code: FetchErrorCode
  readonly url: string
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  /** Whether the same request may succeed later. */
  readonly retryable: boolean

  constructor(code: FetchErrorCode, message: string, details: FetchErrorDetails) {
    super(code, redact(message), { hint: details.hint, cause: details.cause })
    this.url = details.url
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
    this.retryable = details.retryable ?? passing.has(code)
  }
}

/**
 * The {@link FetchError} of whatever a request threw.
 *
 * `undici` and Node give a code to everything; what has none is a broken answer.
 */
export function toFetchError(error: unknown, url: string): FetchError {
  const known = [...chain(error)].find((one) => one instanceof FetchError)
  if (known) return known
  const codes = [...chain(error)].flatMap(({ code }) => (typeof code === 'string' ? [code] : []))
  const code = codes[0] ?? ''
  const cause = error
  if (codes.some(isTls)) return new FetchError('tls', `${url}: the certificate was refused (${code}).`, { url, cause })
  if (codes.some((one) => one.endsWith('TIMEDOUT') || one.endsWith('_TIMEOUT'))) {
    return new FetchError('timeout', `${url}: no connection in time.`, { url, cause })
  }
  if (codes.some((one) => one === 'UND_ERR_HEADERS_OVERFLOW' || one === 'HPE_HEADER_OVERFLOW')) {
    return new FetchError('too_large', `${url}: the headers are too large.`, { url, cause })
  }
  if (codes.some((one) => connection.test(one))) {
    return new FetchError('connect', `${url}: the connection failed (${code}).`, { url, cause })
  }
  return new FetchError('parse', `${url}: the answer cannot be read (${code || String(error)}).`, { url, cause })
}

const connection = /^(ECONN|EHOST|ENET|EPIPE|EADDR|EACCES|UND_ERR_SOCKET|UND_ERR_CLOSED|UND_ERR_DESTROYED)/

function isTls(code: string): boolean {
  return /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO|CRL_|INVALID_CA)/.test(
    code,
  )
}

interface Coded extends Error {
  readonly code?: unknown
}

function* chain(error: unknown, depth = 0): Generator<Coded> {
  if (!(error instanceof Error) || depth > 5) return
  yield error
  if (error instanceof AggregateError) for (const one of error.errors) yield* chain(one, depth + 1)
  yield* chain(error.cause, depth + 1)
}
