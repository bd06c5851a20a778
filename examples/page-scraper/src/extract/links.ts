import { baseOf } from './metadata.ts'
import type { PageDocument, Place } from './page-document.ts'
import { pageKey, registrableDomainOf, resolveUrl } from './page-url.ts'

/** A link to another page of the site. */
export interface InternalLink {
  readonly url: string
  readonly text: string
  readonly place: Place
}

export interface PageLinks {
  /** Each page once, in the order of the page. */
  readonly internal: readonly InternalLink[]
  /** How many other pages of the site are linked. */
  readonly internalCount: number
  /** How many URLs of other sites are linked. */
  readonly externalCount: number
  /** The other sites, by registrable domain, bounded. */
  readonly externalDomains: readonly string[]
}

const mostKept = 1_000
const files =
  /\.(png|jpe?g|gif|svg|webp|avif|ico|css|js|pdf|docx?|xlsx?|pptx?|zip|rar|7z|gz|mp3|mp4|webm|avi|mov|exe|dmg|apk|ics|vcf|xml|json|rss|woff2?)$/i

export function readLinks(document: PageDocument, pageUrl: string): PageLinks {
  const base = baseOf(document, pageUrl)
  const own = pageKey(pageUrl)
  const site = siteOf(pageUrl)
  const internal = new Map<string, InternalLink>()
  const external = new Set<string>()
  const domains = new Set<string>()
  for (const { href, text, place } of document.anchors) {
    const url = href.startsWith('#') ? undefined : resolveUrl(href, base)
    if (url === undefined) continue
    const domain = siteOf(url)
    if (domain !== site) {
      external.add(url)
      if (domains.size < 200) domains.add(domain)
      continue
    }
    const key = pageKey(url)
    const { pathname } = new URL(url)
    // What Cloudflare serves under every host is no page of the site.
    if (key === own || files.test(pathname) || pathname.startsWith('/cdn-cgi/')) continue
    const known = internal.get(key)
    // A link in the navigation says more than the same in the text.
    if (!known || (known.place === 'main' && place !== 'main')) internal.set(key, { url, text, place })
  }
  return {
    internal: [...internal.values()].slice(0, mostKept),
    internalCount: internal.size,
    externalCount: external.size,
    externalDomains: [...domains],
  }
}

function siteOf(url: string): string {
  return registrableDomainOf(url) ?? new URL(url).hostname
}
