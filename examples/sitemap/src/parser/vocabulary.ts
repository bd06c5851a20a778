import { Unreadable } from './unreadable.ts'
import type { Issues } from './issues.ts'

/** What a file turned out to be. */
export const sitemapKinds = ['urlset', 'index', 'text', 'rss', 'atom'] as const

export type SitemapKind = (typeof sitemapKinds)[number]

export const imageNamespace = 'http://www.google.com/schemas/sitemap-image/1.1'
export const videoNamespace = 'http://www.google.com/schemas/sitemap-video/1.1'
export const newsNamespace = 'http://www.google.com/schemas/sitemap-news/0.9'
export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml'
const atomNamespace = 'http://www.w3.org/2005/Atom'

/** The namespace of the protocol, and what is written for it: with https, with a slash, Google's of 2005. */
const sitemapNamespace =
  /^https?:\/\/(?:www\.)?(?:sitemaps\.org\/schemas\/sitemap\/0\.9\/?|google\.com\/schemas\/sitemap\/0\.(?:84|9)\/?)$/

const roots: Readonly<Record<string, SitemapKind>> = {
  urlset: 'urlset',
  sitemapindex: 'index',
  rss: 'rss',
  feed: 'atom',
}

/** @throws Unreadable `not_sitemap` */
export function readRoot(local: string, uri: string, issues: Issues): SitemapKind {
  const kind = Object.hasOwn(roots, local) ? roots[local] : undefined
  if (kind === undefined || (kind === 'rss' && uri !== '') || (kind === 'atom' && uri !== atomNamespace)) {
    const name = uri === '' ? local : `${local} of ${uri}`
    throw new Unreadable('not_sitemap', `The root element ${name.slice(0, 100)} is not that of a sitemap.`)
  }
  if (kind !== 'urlset' && kind !== 'index') return kind
  if (uri === '') issues.add('namespace_missing')
  else if (!sitemapNamespace.test(uri)) issues.add('namespace_unknown', uri)
  return kind
}

/** Elements that are an entry, and whether what they name is a page or a sitemap. */
export const entryElements: Readonly<Record<SitemapKind, Readonly<Record<string, 'page' | 'sitemap'>>>> = {
  // Both in both: what is misplaced is reported, not lost.
  urlset: { url: 'page', sitemap: 'sitemap' },
  index: { url: 'page', sitemap: 'sitemap' },
  rss: { item: 'page' },
  atom: { entry: 'page' },
  text: {},
}

/** Elements of an entry that are read, and which part of it they are. */
export const fieldElements: Readonly<
  Record<SitemapKind, Readonly<Record<string, 'loc' | 'lastmod' | 'changefreq' | 'priority' | 'guid'>>>
> = {
  urlset: { loc: 'loc', lastmod: 'lastmod', changefreq: 'changefreq', priority: 'priority' },
  index: { loc: 'loc', lastmod: 'lastmod', changefreq: 'changefreq', priority: 'priority' },
  rss: { link: 'loc', guid: 'guid', pubDate: 'lastmod' },
  atom: { updated: 'lastmod', published: 'lastmod' },
  text: {},
}
