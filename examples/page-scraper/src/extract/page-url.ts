import { getDomain } from 'tldts'

const longest = 2_000
const trackers = /^(utm_\w+|fbclid|gclid|msclkid|mc_cid|mc_eid|igshid|ref_src)$/i

/** The absolute URL of a reference on a page, without fragment; undefined when it leads to no page of the web. */
export function resolveUrl(reference: string, base: string): string | undefined {
  const given = reference.trim()
  if (given === '' || given.length > longest || !URL.canParse(given, base)) return undefined
  const url = new URL(given, base)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  url.hash = ''
  url.username = ''
  url.password = ''
  return url.href.length > longest ? undefined : url.href
}

/** The URL that stands for all spellings of a page: no tracking parameters, no index file. */
export function pageKey(href: string): string {
  const url = new URL(href)
  for (const name of [...url.searchParams.keys()]) if (trackers.test(name)) url.searchParams.delete(name)
  url.pathname = url.pathname.replace(/\/(index|default)\.(html?|php|aspx?)$/i, '/').replace(/(.)\/$/, '$1')
  return `${url.host.replace(/^www\./, '')}${url.pathname}${url.search}`
}

/** What somebody registered; a name below a suffix that is let to many (`a.github.io`) is a domain of its own. */
export function registrableDomainOf(href: string): string | undefined {
  const options = { allowPrivateDomains: true } as const
  return getDomain(href, options) ?? undefined
}

/** Whether two URLs belong to one site owner. */
export function isSameSite(a: string, b: string): boolean {
  const domain = registrableDomainOf(a)
  if (domain !== undefined) return domain === registrableDomainOf(b)
  return new URL(a).hostname === new URL(b).hostname
}
