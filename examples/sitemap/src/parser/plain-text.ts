import { readUrl } from './batch.ts'
import type { SitemapEntry } from './entry.ts'
import type { Issues } from './issues.ts'
import { Unreadable } from './unreadable.ts'

const longestLine = 16_384

/** A sitemap that is a list of URLs, one a line. */
export class PlainTextReader {
  readonly #base: string
  readonly #issues: Issues
  readonly #onEntry: (entry: SitemapEntry) => void
  #rest = ''
  #isFirst = true

  constructor(base: string, issues: Issues, onEntry: (entry: SitemapEntry) => void) {
    this.#base = base
    this.#issues = issues
    this.#onEntry = onEntry
  }

  /** @throws Unreadable `not_sitemap` when the first line is not a URL, `malformed` when a line does not end */
  write(text: string): void {
    const lines = (this.#rest + text).split(/\r\n|[\r\n]/)
    this.#rest = lines.pop() ?? ''
    for (const line of lines) this.#line(line)
    if (this.#rest.length <= longestLine) return
    if (this.#isFirst) throw new Unreadable('not_sitemap', 'The file is neither XML nor a list of URLs.')
    throw new Unreadable('malformed', `A line has more than ${longestLine} characters.`)
  }

  close(): void {
    this.#line(this.#rest)
    if (this.#isFirst) throw new Unreadable('not_sitemap', 'The file is empty.')
  }

  #line(line: string): void {
    const text = line.trim()
    if (text === '') return
    if (this.#isFirst && !/^https?:\/\/[^\s<>"]+$/i.test(text)) {
      throw new Unreadable('not_sitemap', 'The file is neither XML nor a list of URLs.')
    }
    this.#isFirst = false
    // Unlike in XML a relative line is no URL at all: any word would be one.
    const url = /^https?:\/\//i.test(text) ? readUrl(text, this.#base, this.#issues) : undefined
    if (url === undefined) {
      if (!/^https?:\/\//i.test(text)) this.#issues.add('url_invalid', text)
      return
    }
    this.#onEntry({
      url,
      lastmod: null,
      lastmodAt: null,
      changefreq: null,
      priority: null,
      images: 0,
      videos: 0,
      news: 0,
      hreflangs: 0,
    })
  }
}
