import { canonicalHost } from '@pooler-safe/example-foundation'
import { invalidInput } from './errors.ts'

/** The one spelling of the host of a site, whatever part or form of its address is given. */
export function siteHost(input: string): string {
  return canonicalHost(input).host
}

/**
 * The URL to begin with. A name without a scheme is asked by https.
 *
 * @throws SitemapServiceError SITEMAP_INPUT_INVALID; ServiceError HOST_INVALID
 */
export function startUrl(input: string): URL {
  const text = input.trim()
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`)
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:') || text.length > 2_000) {
    throw invalidInput(`"${text.slice(0, 100)}" is not the address of a site or of a sitemap.`)
  }
  if (url.username !== '' || url.password !== '') throw invalidInput('An address with a password is not scanned.')
  siteHost(url.href)
  url.hash = ''
  return url
}

/** Whether an address belongs to the site: its host, with or without `www.`, or one below it. */
export function isOfSite(url: string, host: string): boolean {
  const name = URL.parse(url)
    ?.hostname.replace(/\.$/, '')
    .replace(/^www\./, '')
  return name !== undefined && (name === host || name.endsWith(`.${host}`))
}

/** The addresses at which a site may answer: http and https, with and without `www.`; the given one first. */
export function originsOf(url: URL): string[] {
  const bare = url.hostname.replace(/^www\./, '')
  const hosts = url.hostname === bare ? [bare, `www.${bare}`] : [url.hostname, bare]
  // With a port of its own there is one scheme that is spoken there.
  const others = url.protocol === 'https:' ? ['https:', 'http:'] : ['http:', 'https:']
  const schemes = url.port === '' ? others : [url.protocol]
  return schemes.flatMap((scheme) => hosts.map((host) => `${scheme}//${host}${url.port === '' ? '' : `:${url.port}`}`))
}

const pageTypes: readonly (readonly [type: string, pattern: RegExp])[] = [
  ['contact', /^(contact|contact-us|kontakt|contatti|contacto)$/],
  [
    'legal',
    /^(impressum|imprint|legal|legal-notice|privacy|privacy-policy|datenschutz|terms|agb|cookies?|disclaimer)$/,
  ],
  ['about', /^(about|about-us|ueber-uns|uber-uns|company|unternehmen|team|our-team)$/],
  ['product', /^(products?|produkte?|shop|store|item|p)$/],
  ['category', /^(category|categories|kategorien?|collections?|c|tag|tags)$/],
  ['article', /^(blog|news|posts?|articles?|artikel|magazine?|stories|press|\d{4})$/],
  ['job', /^(jobs?|careers?|karriere)$/],
  ['event', /^(events?|termine|veranstaltungen)$/],
  ['faq', /^(faqs?|help|hilfe|support)$/],
]

/** What kind of page a path speaks of; a guess that no page was asked for. */
export function pageTypeOf(url: string): string {
  const segments = (URL.parse(url)?.pathname ?? '').toLowerCase().split('/').filter(Boolean)
  const withoutLanguage = /^[a-z]{2}(-[a-z]{2})?$/.test(segments[0] ?? '') ? segments.slice(1) : segments
  if (withoutLanguage.length === 0) return 'home'
  const words = withoutLanguage.map((segment) => segment.replace(/\.(html?|php|aspx?)$/, ''))
  const isList = words.length === 1
  for (const [type, pattern] of pageTypes) {
    if (!words.some((word) => pattern.test(word))) continue
    return isList && (type === 'product' || type === 'article') ? 'category' : type
  }
  return 'page'
}
