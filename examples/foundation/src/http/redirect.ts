import { definedOf } from './defined.ts'
import { FetchError } from './fetch-error.ts'
import { parseTarget, type FetchOptions } from './fetch-request.ts'

/** One request on the way to an answer. */
export interface Hop {
  readonly url: URL
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly options: FetchOptions
}

/** Where a redirect leads, if the answer is one. */
export function redirectTarget(status: number, location: string | null): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) && location !== null ? location : undefined
}

/**
 * The request that a redirect asks for.
 *
 * @throws FetchError parse, ssrf
 */
export function nextHop({ url, method, options }: Hop, status: number, location: string): Hop {
  const next = parseTarget(location, url.href)
  const isElsewhere = next.origin !== url.origin
  const keepsMethod = method !== 'POST' || status === 307 || status === 308
  if (method === 'POST' && keepsMethod && isElsewhere) {
    throw new FetchError('parse', `${url.href} sends a POST on to ${next.origin}.`, { url: url.href, status })
  }
  const { headers, etag, lastModified, ...others } = options
  // Keys in headers are for the origin they were given for.
  const same = isElsewhere ? {} : definedOf({ headers, etag, lastModified })
  return { url: next, method: keepsMethod ? method : 'GET', options: { ...others, ...same } }
}
