import type { PageExtraction } from '../extract/extract-page.ts'
import { isSameSite, pageKey } from '../extract/page-url.ts'
import type { PageFetcher } from '../http-client.ts'
import type { Site } from '../site.ts'
import { Frontier } from './frontier.ts'
import type { PageKind } from './page-kind.ts'
import { readPage, type PageFailure, type ReadPage } from './read-page.ts'
import { pagesOfSitemaps } from './sitemap-pages.ts'

export interface CrawlOptions {
  readonly http: PageFetcher
  readonly site: Site
  /** Pages that are asked for at most, the home page and failures included. */
  readonly maxPages: number
  /** How long the crawl may take; then it ends with what it has. Default 90,000. */
  readonly budgetMs?: number | undefined
  /** Links away from the home page. Default 3. */
  readonly maxDepth?: number | undefined
  /** Pages under way. The client limits it for each host, too. Default 2. */
  readonly concurrency?: number | undefined
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** A page that was visited. */
export type VisitedPage = ReadPage & { readonly kind: PageKind; readonly depth: number }

export interface Crawl {
  readonly home: ReadPage & { readonly extraction: PageExtraction }
  /** The home page leads to another site. */
  readonly isMoved: boolean
  /** In the order in which they were begun; the home page is the first. */
  readonly pages: readonly VisitedPage[]
  /** How many were asked for, those that led elsewhere or to a page that was known included. */
  readonly asked: number
  readonly stoppedBy: 'done' | 'max_pages' | 'budget'
}

/** The home page could not be read: nothing is known about the site. */
export class HomeUnreadable extends Error {
  override readonly name = 'HomeUnreadable'
  readonly failure: PageFailure

  constructor(failure: PageFailure) {
    super(failure.message)
    this.failure = failure
  }
}

/** Failures after which another spelling of the address is worth a try. */
const elsewhere = new Set(['dns', 'connect', 'tls', 'timeout'])

/**
 * Visits the home page of a site and its most telling pages: those of the same registrable domain that robots.txt allows,
 * best first, within bounds of number, depth and time.
 *
 * @throws HomeUnreadable; the reason of the signal when it fires
 */
export async function crawlSite(options: CrawlOptions): Promise<Crawl> {
  const { http, site, maxPages, budgetMs = 90_000, signal, onProgress } = options
  const budget = new AbortController()
  const timer = setTimeout(() => budget.abort(new Error('the time for the crawl is over')), budgetMs)
  const either = AbortSignal.any([budget.signal, ...(signal ? [signal] : [])])
  try {
    const home = await readHome(http, site.homes, either, budget.signal)
    onProgress?.(1, maxPages)
    const pages: VisitedPage[] = [{ ...home, kind: 'home', depth: 0 }]
    const isMoved = !site.homes.some((one) => isSameSite(one, home.url))
    const isLive = home.extraction.judgement.verdict === 'live'
    if (isMoved || !isLive) return { home, isMoved, pages, asked: 1, stoppedBy: 'done' }
    const walk = new Walk(options, home, either)
    await walk.run(pages)
    signal?.throwIfAborted()
    const stoppedBy = budget.signal.aborted ? 'budget' : walk.hasMore ? 'max_pages' : 'done'
    return { home, isMoved, pages, asked: walk.asked, stoppedBy }
  } finally {
    clearTimeout(timer)
  }
}

async function readHome(
  http: PageFetcher,
  homes: readonly string[],
  signal: AbortSignal,
  budget: AbortSignal,
): Promise<Crawl['home']> {
  let first: PageFailure | undefined
  for (const url of homes) {
    const page = await readPage(http, url, signal).catch((error: unknown) => {
      if (!budget.aborted || error !== budget.reason) throw error
      const message = `${url}: the time for the scan was over.`
      throw new HomeUnreadable(first ?? { code: 'timeout', message, retryable: true })
    })
    if (page.extraction) return page
    first ??= page.failure
    if (!elsewhere.has(page.failure.code)) throw new HomeUnreadable(page.failure)
  }
  throw new HomeUnreadable(first ?? { code: 'parse', message: 'There is no home page to ask for.', retryable: false })
}

/** The visits after the home page. */
class Walk {
  asked = 1
  readonly #options: CrawlOptions
  readonly #home: Crawl['home']
  readonly #signal: AbortSignal
  readonly #frontier: Frontier

  constructor(options: CrawlOptions, home: Crawl['home'], signal: AbortSignal) {
    this.#options = options
    this.#home = home
    this.#signal = signal
    this.#frontier = new Frontier(home.url, options.maxDepth ?? 3)
  }

  get hasMore(): boolean {
    return !this.#frontier.isEmpty
  }

  async run(pages: VisitedPage[]): Promise<void> {
    const { site, http, concurrency = 2, maxPages } = this.#options
    for (const home of [...site.homes, this.#home.url]) this.#frontier.markSeen(home)
    if (site.wanted !== undefined) this.#frontier.add(site.wanted, '', 'main', 0, 'wanted')
    this.#learn(this.#home.extraction, 0)
    if (maxPages > 1) await this.#learnFromSitemaps(http)
    const visited = new Map<number, VisitedPage>()
    let begun = 0
    const active = new Set<Promise<void>>()
    for (;;) {
      while (active.size < concurrency && this.asked < maxPages && !this.#signal.aborted) {
        const candidate = this.#frontier.take()
        if (!candidate) break
        const slot = begun
        begun += 1
        // Counted before anything waits: no other visit can take its place.
        this.asked += 1
        const visit = this.#visit(candidate.url, candidate.kind, candidate.depth).then((page) => {
          if (page) visited.set(slot, page)
        })
        const ended: Promise<void> = visit.finally(() => active.delete(ended))
        active.add(ended)
      }
      if (active.size === 0) break
      await Promise.race(active)
    }
    pages.push(...[...visited].sort(([a], [b]) => a - b).map(([, page]) => page))
  }

  async #visit(url: string, kind: PageKind, depth: number): Promise<VisitedPage | undefined> {
    const { http, maxPages, onProgress } = this.#options
    try {
      if (!(await http.allowedByRobots(url))) {
        this.asked -= 1
        return undefined
      }
      const page = await readPage(http, url, this.#signal)
      onProgress?.(Math.min(this.asked, maxPages), maxPages)
      if (page.failure) return { ...page, kind, depth }
      // It led to another site, or to a page that was visited or will be.
      const isNew = pageKey(page.url) === pageKey(url) || this.#frontier.markSeen(page.url)
      if (!isNew || !isSameSite(page.url, this.#home.url)) return undefined
      this.#learn(page.extraction, depth)
      return { ...page, kind, depth }
    } catch (error) {
      if (this.#signal.aborted) return undefined
      throw error
    }
  }

  #learn({ links, judgement }: PageExtraction, depth: number): void {
    if (judgement.verdict !== 'live') return
    for (const { url, text, place } of links.internal) this.#frontier.add(url, text, place, depth + 1)
  }

  async #learnFromSitemaps(http: PageFetcher): Promise<void> {
    try {
      const pages = await pagesOfSitemaps(http, new URL(this.#home.url).origin, this.#signal)
      for (const url of pages) this.#frontier.add(url, '', 'sitemap', 1)
    } catch (error) {
      if (!this.#signal.aborted) throw error
    }
  }
}
