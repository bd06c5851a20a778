import type { SitemapChild, SitemapEntry } from './entry.ts'
import type { Issues } from './issues.ts'

/** Entries that were read together. */
export interface SitemapBatch {
  readonly entries: readonly SitemapEntry[]
  readonly children: readonly SitemapChild[]
}

/** What stands in one entry, as it was read. */
export interface RawEntry {
  loc: string
  lastmod: string
  changefreq: string
  priority: string
  images: number
  videos: number
  news: number
  hreflangs: number
}

export function emptyEntry(): RawEntry {
  return { loc: '', lastmod: '', changefreq: '', priority: '', images: 0, videos: 0, news: 0, hreflangs: 0 }
}

const longestUrl = 2_048
/** PostgreSQL could store more, but nothing could use it. */
const longestKept = 8_192

/** A copy. What the parser hands out is a part of the chunk that was read, and keeps all of it in memory. */
export function detached(text: string): string {
  return Buffer.from(text).toString()
}

/** What the URL standard would write in the same way: parsing it costs as much as the rest of an entry. */
const standard =
  /^https?:\/\/(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,20}(?:\/[\w~!$&()*+,;=:@-][\w.~!$&()*+,;=:@-]*)*\/?(?:\?[\w.~!$&()*+,;=:@/?-]*)?$/

function isStandard(text: string): boolean {
  // Punycode is checked by the parser, and a URL without a path gets one.
  return text.length <= 2_048 && standard.test(text) && !text.includes('xn--') && text.indexOf('/', 8) > 0
}

/** Resolves and checks a URL. Undefined when it cannot be used; says why. */
export function readUrl(text: string, base: string, issues: Issues): string | undefined {
  if (text === '') {
    issues.add('url_missing')
    return undefined
  }
  if (isStandard(text)) return detached(text)
  let url = URL.parse(text)
  if (!url && !/^[a-z][a-z0-9+.-]*:/i.test(text)) {
    url = URL.parse(text, base)
    if (url) issues.add('url_relative', text)
  }
  const isWeb = url !== null && (url.protocol === 'http:' || url.protocol === 'https:')
  if (!isWeb || url === null || url.href.length > longestKept || !text.isWellFormed() || /[<>\t\r\n]/.test(text)) {
    issues.add('url_invalid', text)
    return undefined
  }
  if (url.href.length > longestUrl) issues.add('url_too_long', text)
  if (url.hash !== '' || url.href.endsWith('#')) url.hash = ''
  return url.href
}
