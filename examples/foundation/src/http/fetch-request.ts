import { domainToASCII } from 'node:url'
import { ServiceError } from '../service-error.ts'
import { FetchError } from './fetch-error.ts'

export interface FetchOptions {
  /** Ends the request with the signal's reason. */
  readonly signal?: AbortSignal
  /** For the whole request: connecting, redirects and the body; waiting for our turn at the host does not count. */
  readonly timeoutMs?: number
  /** Of the body after decompression. */
  readonly maxBytes?: number
  /** `Accept`. When it names HTML and not everything, an answer of another type is `not_html`. */
  readonly accept?: string
  /** Makes the request conditional; the answer may be 304. */
  readonly etag?: string
  /** Makes the request conditional; the answer may be 304. */
  readonly lastModified?: string
  /** Default `obey`. `ignore` is for interfaces that were made for programs. */
  readonly robots?: 'obey' | 'ignore'
  readonly method?: 'GET' | 'HEAD' | 'POST'
  /** Not sent on to another origin. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Default `success`: 4xx and 5xx are errors. */
  readonly expectStatus?: 'success' | 'any'
}

const known: ReadonlySet<string> = new Set<keyof FetchOptions>([
  'signal',
  'timeoutMs',
  'maxBytes',
  'accept',
  'etag',
  'lastModified',
  'robots',
  'method',
  'headers',
  'body',
  'expectStatus',
])
/** What the client says by itself: who it is, and how the connection works. */
const ownHeaders = new Set([
  'host',
  'user-agent',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
])

/** @throws ServiceError OPTION_UNKNOWN, OPTION_INVALID, HEADER_RESERVED */
export function checkFetchOptions(options: FetchOptions): void {
  refuseUnknown(options, known, 'fetch')
  checkLimits(options, { timeoutMs: 1, maxBytes: 0 })
  const reserved = Object.keys(options.headers ?? {}).find((name) => ownHeaders.has(name.toLowerCase()))
  if (reserved !== undefined) {
    throw new ServiceError('HEADER_RESERVED', `The header "${reserved}" is set by the client.`, {
      hint: 'Leave it out.',
    })
  }
}

/** @throws ServiceError OPTION_INVALID for a limit that is no whole number, or less than the least */
export function checkLimits(options: object, least: Readonly<Record<string, number>>): void {
  for (const [name, min] of Object.entries(least)) {
    const value = (options as Readonly<Record<string, number | undefined>>)[name]
    if (value === undefined || (Number.isSafeInteger(value) && value >= min)) continue
    throw new ServiceError('OPTION_INVALID', `"${name}" is ${String(value)}, not a whole number from ${min} on.`)
  }
}

/** @throws ServiceError OPTION_UNKNOWN */
export function refuseUnknown(options: object, names: ReadonlySet<string>, where: string): void {
  const unknown = Object.keys(options).find((name) => !names.has(name))
  if (unknown !== undefined) {
    const hint = `There are ${[...names].join(', ')}.`
    throw new ServiceError('OPTION_UNKNOWN', `"${unknown}" is no option of ${where}, and would be ignored.`, { hint })
  }
}

/**
 * The URL to ask, without its fragment and credentials, which are never sent.
 *
 * @throws FetchError parse, ssrf
 */
export function parseTarget(given: string, base?: string): URL {
  if (!URL.canParse(given, base)) {
    throw new FetchError('parse', `"${given.slice(0, 200)}" is not a URL.`, { url: given.slice(0, 2_000) })
  }
  const url = new URL(given, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    const message = `"${url.protocol}" is not asked: only http and https are.`
    throw new FetchError('ssrf', message, { url: url.href.slice(0, 2_000) })
  }
  url.hash = ''
  url.username = ''
  url.password = ''
  return url
}

/** The host that politeness is about: all its ports, with and without `www.`. */
export function politeKey(url: URL): string {
  return (domainToASCII(url.hostname) || url.hostname).replace(/\.$/, '').replace(/^www\.(?=.*\.)/, '')
}

/** Headers of the caller and of us. */
export function requestHeaders(
  { accept, etag, lastModified, headers }: FetchOptions,
  userAgent: string,
  acceptEncoding: string,
): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value])),
    'user-agent': userAgent,
    accept: accept ?? '*/*',
    'accept-encoding': acceptEncoding,
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
  }
}

/** Headers of an answer. */
export function headersOf(raw: Readonly<Record<string, string | string[] | undefined>>): Headers {
  const headers = new Headers()
  for (const [name, values] of Object.entries(raw)) {
    for (const value of [values ?? []].flat()) {
      try {
        headers.append(name, value)
      } catch {
        // A value that no header may have says nothing.
      }
    }
  }
  return headers
}
