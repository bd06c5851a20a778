import type { Attributes, PageDocument } from './page-document.ts'
import { resolveUrl } from './page-url.ts'
import { countWords } from './words.ts'

export interface Feed {
  readonly url: string
  readonly type: 'rss' | 'atom' | 'json'
  readonly title: string | undefined
}

export interface Alternate {
  readonly language: string
  readonly url: string
}

/** What a page says about itself. */
export interface PageMetadata {
  readonly title: string | undefined
  readonly description: string | undefined
  readonly canonical: string | undefined
  /** `robots` and the crawlers' own, as written, lower case. */
  readonly robots: string | undefined
  readonly generator: string | undefined
  readonly hreflang: readonly Alternate[]
  readonly h1: readonly string[]
  /** `og:title` as `title`, and so on. */
  readonly openGraph: Readonly<Record<string, string>>
  /** `twitter:card` as `card`, and so on. */
  readonly twitter: Readonly<Record<string, string>>
  readonly feeds: readonly Feed[]
  readonly favicon: string | undefined
  readonly words: number
  readonly forms: readonly { readonly action: string; readonly method: string; readonly fields: readonly string[] }[]
}

const limits = { text: 1_000, properties: 60, hreflang: 200, feeds: 20, forms: 50 } as const
const feedTypes = new Map<string, Feed['type']>([
  ['application/rss+xml', 'rss'],
  ['application/atom+xml', 'atom'],
  ['application/feed+json', 'json'],
])

export function readMetadata(document: PageDocument, pageUrl: string): PageMetadata {
  const { metas, links, title, headings, text } = document
  const base = baseOf(document, pageUrl)
  const named = (name: string): string | undefined =>
    clean(metas.find((meta) => meta.get('name')?.toLowerCase() === name)?.get('content'))
  const openGraph = properties(metas, 'og:')
  return {
    title: clean(title),
    description: named('description'),
    canonical: linkTo(links, 'canonical', base),
    robots: named('robots')?.toLowerCase(),
    generator: named('generator'),
    hreflang: alternates(links, base),
    h1: headings,
    openGraph,
    twitter: properties(metas, 'twitter:'),
    feeds: feeds(links, base),
    favicon: favicon(links, base),
    words: countWords(text),
    forms: document.forms.slice(0, limits.forms).map(({ action, method, fields }) => {
      return { action: resolveUrl(action, base) ?? pageUrl, method, fields }
    }),
  }
}

/** What the page's references are relative to. */
export function baseOf({ base }: Pick<PageDocument, 'base'>, pageUrl: string): string {
  return base === undefined ? pageUrl : (resolveUrl(base, pageUrl) ?? pageUrl)
}

/** The logo: what the organisation names, else an image that is called so, in the head of the page if it can be. */
export function findLogo(document: PageDocument, pageUrl: string, declared: string | undefined): string | undefined {
  if (declared !== undefined) return declared
  const base = baseOf(document, pageUrl)
  const named = document.images.filter(({ attributes }) =>
    ['class', 'id', 'alt', 'src'].some((name) => /\blogo|logo\b/i.test(attributes.get(name)?.slice(0, 500) ?? '')),
  )
  const best = named.find(({ place }) => place === 'header' || place === 'nav') ?? named[0]
  const source = best?.attributes.get('src') ?? best?.attributes.get('data-src')
  return source === undefined ? undefined : resolveUrl(source, base)
}

function clean(value: string | undefined): string | undefined {
  const text = value
    ?.slice(0, limits.text * 4)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, limits.text)
  return text === '' ? undefined : text
}

function hasRel(link: Attributes, rel: string): boolean {
  return (link.get('rel') ?? '').toLowerCase().split(/\s/).includes(rel)
}

function linkTo(links: readonly Attributes[], rel: string, base: string): string | undefined {
  const href = links.find((link) => hasRel(link, rel))?.get('href')
  return href === undefined ? undefined : resolveUrl(href, base)
}

function properties(metas: readonly Attributes[], prefix: string): Record<string, string> {
  const found = new Map<string, string>()
  for (const meta of metas) {
    const name = (meta.get('property') ?? meta.get('name') ?? '').toLowerCase().trim()
    const content = clean(meta.get('content'))
    const key = name.slice(prefix.length, prefix.length + 60)
    if (!name.startsWith(prefix) || !/^[\w:.-]+$/.test(key) || content === undefined || found.size >= limits.properties)
      continue
    if (!found.has(key)) found.set(key, content)
  }
  return Object.fromEntries(found)
}

function alternates(links: readonly Attributes[], base: string): Alternate[] {
  return links
    .filter((link) => hasRel(link, 'alternate') && link.has('hreflang'))
    .slice(0, limits.hreflang)
    .flatMap((link) => {
      const url = resolveUrl(link.get('href') ?? '', base)
      const language = link.get('hreflang')?.trim().toLowerCase().slice(0, 20) ?? ''
      return url === undefined || language === '' ? [] : [{ language, url }]
    })
}

function feeds(links: readonly Attributes[], base: string): Feed[] {
  return links.slice(0, 500).flatMap((link) => {
    const type = feedTypes.get(link.get('type')?.toLowerCase().split(';', 1)[0]?.trim() ?? '')
    const url = resolveUrl(link.get('href') ?? '', base)
    if (type === undefined || url === undefined || !hasRel(link, 'alternate')) return []
    return [{ url, type, title: clean(link.get('title')) }]
  })
}

/** The largest icon that is declared. Where browsers look without a declaration there may be none. */
function favicon(links: readonly Attributes[], base: string): string | undefined {
  const icons = links
    .filter((link) => hasRel(link, 'icon') || hasRel(link, 'apple-touch-icon'))
    .flatMap((link) => {
      const url = resolveUrl(link.get('href') ?? '', base)
      const size = link.get('sizes') === 'any' ? 1_000 : Number.parseInt(link.get('sizes') ?? '', 10) || 0
      return url === undefined ? [] : [{ url, size }]
    })
    .sort((a, b) => b.size - a.size)
  return icons[0]?.url
}
