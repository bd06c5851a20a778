import { canonicalHost } from '@pooler-safe/example-foundation'
import { registrableDomainOf, resolveUrl } from './extract/page-url.ts'
import { scanInputInvalid } from './errors.ts'

/** A site as somebody named it. */
export interface Site {
  /** The one spelling of its host: what makes it one row. */
  readonly host: string
  readonly registrableDomain: string
  /** Where its home page may be, the likeliest first. */
  readonly homes: readonly string[]
  /** The page that was named, when it is not the home page. */
  readonly wanted: string | undefined
}

/**
 * Reads the name of a site, or a URL on it.
 *
 * A URL is taken by its word: scheme, `www.` and port are those of the home page. A bare name is tried with https first.
 *
 * @throws ServiceError HOST_INVALID, SCAN_INPUT_INVALID
 */
export function readSite(input: string): Site {
  const given = input.trim()
  if (given.length > 2_000) throw scanInputInvalid('The URL has more than 2,000 characters.')
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(given)?.[1]?.toLowerCase()
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw scanInputInvalid(`"${given.slice(0, 100)}" is not a page of the web.`, 'Give an http or https URL.')
  }
  const { host } = canonicalHost(given)
  const url = resolveUrl(scheme === undefined ? `https://${given}` : given, 'https://example.invalid/')
  if (url === undefined)
    throw scanInputInvalid(`"${given.slice(0, 100)}" is not a URL.`, 'Give one such as https://example.com/.')
  const { origin, pathname, search, hostname } = new URL(url)
  const home = `${origin}/`
  const bare = [home, home.replace(/^https:/, 'http:')]
  const withWww = hostname.startsWith('www.') ? [] : [`https://www.${host}/`]
  return {
    host,
    registrableDomain: registrableDomainOf(home) ?? host,
    homes: scheme === undefined ? [...bare, ...withWww] : [home],
    wanted: pathname === '/' && search === '' ? undefined : url,
  }
}
