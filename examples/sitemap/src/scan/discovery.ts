import { randomBytes } from 'node:crypto'
import type { Logger } from '@pooler-safe/example-foundation'
import type { HttpClient } from '@pooler-safe/example-foundation'
import { fetchFailureOf, type FetchFailure } from '../http.ts'
import { parseSitemap } from '../parser/parse-sitemap.ts'
import { originsOf } from '../site.ts'
import type { DiscoveryMethod } from '../sitemap.ts'
import { pageLinks } from './page-links.ts'
import { sitemapLines } from './robots-lines.ts'

/** A sitemap that somebody named, or that may be there. */
export interface Candidate {
  readonly url: string
  readonly method: DiscoveryMethod
}

export interface DiscoveryContext {
  readonly http: HttpClient
  readonly signal: AbortSignal
  readonly logger: Logger
}

/** What a site says about its sitemaps by itself. */
export interface Announced {
  readonly candidates: readonly Candidate[]
  readonly feeds: readonly Candidate[]
  /** The address at which the site answers, after redirects; undefined when it does not answer at all. */
  readonly origin: string | undefined
  /** Why it does not. */
  readonly failure: FetchFailure | undefined
}

/** Where sitemaps are when nobody says so. */
const wellKnownPaths = [
  '/sitemap.xml',
  '/sitemap_index.xml',
  '/sitemap-index.xml',
  '/sitemap.xml.gz',
  '/sitemap_index.xml.gz',
  '/sitemap.txt',
  '/sitemaps.xml',
  '/sitemap1.xml',
  '/sitemap/sitemap.xml',
  '/sitemap/index.xml',
  '/sitemaps/sitemap.xml',
  '/wp-sitemap.xml',
  '/post-sitemap.xml',
  '/page-sitemap.xml',
  '/news-sitemap.xml',
  '/sitemap-news.xml',
  '/sitemap.php',
] as const

const robotsBytes = 512 * 1024
const pageBytes = 2 * 1024 * 1024

/** Asks robots.txt at every address of the site, and the page itself. Nothing is guessed. */
export async function announcedSitemaps(start: URL, context: DiscoveryContext): Promise<Announced> {
  const candidates: Candidate[] = []
  const feeds: Candidate[] = []
  const read = new Set<string>()
  let origin: string | undefined
  let failure: FetchFailure | undefined
  for (const one of originsOf(start)) {
    const robots = await readText(`${one}/robots.txt`, robotsBytes, '*/*', context)
    if (robots.failure) {
      failure ??= robots.failure
      // It answers, though not with what was asked for.
      if (robots.failure.status !== undefined) origin ??= one
      continue
    }
    // The same file at another address names nothing new, even where its lines are relative.
    if (read.has(robots.url) || read.has(robots.text)) continue
    read.add(robots.url).add(robots.text)
    origin ??= new URL(robots.url).origin
    for (const url of sitemapLines(robots.text, robots.url)) candidates.push({ url, method: 'robots' })
  }
  const pages = origin === undefined ? originsOf(start).map((one) => `${one}/`) : [`${origin}/`]
  for (const page of new Set([start.pathname === '/' ? pages[0] : start.href, ...pages])) {
    if (page === undefined) continue
    const home = await readText(page, pageBytes, 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.1', context)
    if (home.failure) {
      failure ??= home.failure
      continue
    }
    origin = new URL(home.url).origin
    const links = pageLinks(home.text, home.url)
    for (const url of links.sitemaps) candidates.push({ url, method: 'link' })
    for (const url of links.feeds) feeds.push({ url, method: 'feed' })
    break
  }
  return { candidates, feeds, origin, failure: origin === undefined ? failure : undefined }
}

/** What a host does with a path that nobody made. */
export interface ProbeResult {
  /** It answers as if it were there: an answer proves nothing. */
  readonly answersNonsense: boolean
  /** It answers even with a sitemap: nothing can be learned by asking. */
  readonly inventsSitemaps: boolean
}

export async function probeNonsense(origin: string, { http, signal }: DiscoveryContext): Promise<ProbeResult> {
  const path = `/sitemap-${randomBytes(8).toString('hex')}.xml`
  try {
    await using response = await http.fetch(origin + path, { signal, maxBytes: pageBytes, expectStatus: 'any' })
    const answersNonsense = response.status >= 200 && response.status < 300
    if (!answersNonsense) return { answersNonsense, inventsSitemaps: false }
    const { kind } = await parseSitemap(response.body, { base: response.url, onBatch: () => false })
    return { answersNonsense, inventsSitemaps: kind !== undefined }
  } catch (error) {
    signal.throwIfAborted()
    if (!fetchFailureOf(error)) throw error
    return { answersNonsense: false, inventsSitemaps: false }
  }
}

export function wellKnownSitemaps(origin: string): Candidate[] {
  return wellKnownPaths.map((path) => ({ url: origin + path, method: 'well_known' }))
}

type TextOrFailure =
  { readonly url: string; readonly text: string; readonly failure: undefined } | { readonly failure: FetchFailure }

async function readText(
  url: string,
  maxBytes: number,
  accept: string,
  { http, signal, logger }: DiscoveryContext,
): Promise<TextOrFailure> {
  const isRobots = accept === '*/*'
  try {
    await using response = await http.fetch(url, {
      signal,
      maxBytes,
      accept,
      ...(isRobots ? { robots: 'ignore' as const } : {}),
    })
    return { url: response.url, text: await response.text(), failure: undefined }
  } catch (error) {
    signal.throwIfAborted()
    const failure = fetchFailureOf(error)
    if (!failure) throw error
    logger.debug({ url, code: failure.code }, 'no answer')
    return { failure }
  }
}
