import robotsParser from 'robots-parser'
import { FetchError, toFetchError } from './fetch-error.ts'

// Its types describe an ES module, which it is not.
const parseRobots = robotsParser as unknown as typeof robotsParser.default

/** RFC 9309, 2.5: at least 500 KiB have to be read; the rest is not. */
export const robotsMaxBytes = 512 * 1024
const goodForMs = 60 * 60 * 1_000
/** Until a file that could not be read is asked for again. */
const badForMs = 10 * 1_000
const maxEntries = 5_000
const maxCrawlDelayMs = 10_000

/** What came of asking for a robots.txt. */
export interface RobotsFile {
  readonly status: number
  /** The first {@link robotsMaxBytes} of it. */
  readonly text: string
}

/** What one origin allows. */
export interface RobotsRules {
  allows(url: string): boolean
  readonly crawlDelayMs: number
  readonly sitemaps: readonly string[]
  /** Why it could not be read; then nothing is allowed. */
  readonly failure: FetchError | undefined
}

export interface RobotsOptions {
  /** The product token that groups of rules are addressed to. */
  readonly productToken: string
  readonly read: (url: string) => Promise<RobotsFile>
}

interface Entry {
  readonly rules: Promise<RobotsRules>
  until: number
}

/** Reads and keeps the robots.txt of each origin (RFC 9309). */
export class Robots {
  readonly #entries = new Map<string, Entry>()
  readonly #options: RobotsOptions

  constructor(options: RobotsOptions) {
    this.#options = options
  }

  /** The rules of an origin; requests at the same time share one reading. Never rejects for what a site does. */
  rulesOf(origin: string): Promise<RobotsRules> {
    const known = this.#entries.get(origin)
    if (known && known.until > performance.now()) return known.rules
    const rules = this.#read(origin)
    const entry: Entry = { rules, until: Number.POSITIVE_INFINITY }
    this.#entries.delete(origin)
    this.#entries.set(origin, entry)
    rules.then(
      ({ failure }) => (entry.until = performance.now() + (failure ? badForMs : goodForMs)),
      () => this.#entries.delete(origin),
    )
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= maxEntries) break
      this.#entries.delete(oldest)
    }
    return rules
  }

  async #read(origin: string): Promise<RobotsRules> {
    const url = `${origin}/robots.txt`
    let file: RobotsFile
    try {
      file = await this.#options.read(url)
    } catch (error) {
      if (!(error instanceof FetchError)) throw error
      return unreadable(error)
    }
    const { status, text } = file
    if (status === 429 || status >= 500) {
      const message = `${url} answered ${status}, so nothing on it may be fetched.`
      return unreadable(new FetchError('robots', message, { url, status, retryable: true }))
    }
    return status >= 200 && status < 300 ? parse(url, text, this.#options.productToken) : everything
  }
}

/** RFC 9309, 2.3.1.3: a file that is not there forbids nothing. */
const everything: RobotsRules = { allows: () => true, crawlDelayMs: 0, sitemaps: [], failure: undefined }

function unreadable(error: FetchError): RobotsRules {
  return { allows: () => false, crawlDelayMs: 0, sitemaps: [], failure: toFetchError(error, error.url) }
}

function parse(url: string, text: string, productToken: string): RobotsRules {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)
  // `robots-parser` ends a group at any line that it knows; by the standard only a rule may.
  const file = parseRobots(
    url,
    lines.filter((line) => /^\s*(user-agent|allow|disallow|crawl-delay)\s*:/i.test(line)).join('\n'),
  )
  const crawlDelayMs = Math.min(Math.max((file.getCrawlDelay(productToken) ?? 0) * 1_000, 0), maxCrawlDelayMs)
  return {
    allows: (page) => file.isAllowed(page, productToken) ?? true,
    crawlDelayMs,
    sitemaps: sitemapsOf(url, lines),
    failure: undefined,
  }
}

function sitemapsOf(url: string, lines: readonly string[]): string[] {
  const given = lines.flatMap((line) => /^\s*sitemap\s*:\s*([^\s#]\S*)/i.exec(line)?.[1] ?? [])
  const urls = given.flatMap((one) => (URL.canParse(one, url) ? [new URL(one, url).href] : []))
  return [...new Set(urls)].filter((one) => /^https?:/.test(one))
}
