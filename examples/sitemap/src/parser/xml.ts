import { SaxesParser, type SaxesTagNS } from 'saxes'
import { AmpersandRepair } from './ampersands.ts'
import { detached, emptyEntry, readUrl, type RawEntry } from './batch.ts'
import {
  parseRfc822Date,
  parseW3cDate,
  readChangefreq,
  readPriority,
  type SitemapChild,
  type SitemapEntry,
} from './entry.ts'
import type { Issues } from './issues.ts'
import { Unreadable } from './unreadable.ts'
import {
  entryElements,
  fieldElements,
  imageNamespace,
  newsNamespace,
  readRoot,
  videoNamespace,
  xhtmlNamespace,
  type SitemapKind,
} from './vocabulary.ts'

export interface XmlReaderOptions {
  readonly base: string
  readonly issues: Issues
  readonly onEntry: (entry: SitemapEntry) => void
  readonly onChild: (child: SitemapChild) => void
}

/** The parser keeps a text, a comment or an attribute until it ends: none may be longer. */
const longestToken = 1_048_576
const deepest = 64
/** No root element within so many characters: whatever it is, it is not a sitemap. */
const longestProlog = 65_536

type Field = 'loc' | 'lastmod' | 'changefreq' | 'priority' | 'guid'

/**
 * Reads sitemaps, indexes and feeds as XML arrives. Elements count by the URI of their namespace, never by a prefix.
 *
 * A document type is skipped: no entity is declared, none is fetched. What is not well-formed is reported and read on.
 */
export class XmlReader {
  readonly #options: XmlReaderOptions
  readonly #parser = new SaxesParser({ xmlns: true, position: false })
  readonly #ampersands = new AmpersandRepair()
  kind: SitemapKind | undefined
  #rootUri = ''
  #depth = 0
  #entryDepth = 0
  #what: 'page' | 'sitemap' = 'page'
  #entry: RawEntry = emptyEntry()
  #guid = ''
  #isGuidUrl = false
  #field: Field | undefined
  #text = ''
  #read = 0
  #quietSince = 0

  constructor(options: XmlReaderOptions) {
    this.#options = options
    const parser = this.#parser
    reserveHandlers(parser)
    parser.on('opentag', (tag) => this.#open(tag))
    parser.on('closetag', () => this.#close())
    const collect = (text: string): void => {
      this.#heard()
      if (this.#field !== undefined && this.#depth === this.#entryDepth + 1) this.#text += text
    }
    parser.on('text', collect)
    parser.on('cdata', collect)
    parser.on('comment', () => this.#heard())
    parser.on('processinginstruction', () => this.#heard())
    parser.on('doctype', (doctype) => {
      this.#heard()
      if (this.kind === undefined && /^\s*html\b/i.test(doctype)) {
        throw new Unreadable('not_sitemap', 'The file is a page of HTML.')
      }
      options.issues.add('doctype_ignored')
    })
    parser.on('error', (error) => options.issues.add('malformed_xml', error.message))
  }

  /** @throws Unreadable */
  write(text: string): void {
    this.#read += text.length
    this.#parser.write(this.#ampersands.write(text))
    if (this.kind === undefined && this.#read > longestProlog) {
      throw new Unreadable('not_sitemap', `There is no root element in the first ${longestProlog} characters.`)
    }
    if (this.#read - this.#quietSince > longestToken) {
      throw new Unreadable('too_large', `A text or an attribute has more than ${longestToken} characters.`)
    }
  }

  /** @throws Unreadable when the file ended too early */
  close(): void {
    this.#parser.write(this.#ampersands.end())
    const { repaired } = this.#ampersands
    if (repaired > 0) this.#options.issues.add('malformed_xml', 'An ampersand is not escaped.', repaired)
    if (this.kind === undefined) throw new Unreadable('not_sitemap', 'The file has no root element.')
    if (this.#depth > 0) throw new Unreadable('truncated', 'The file ends before its root element does.')
    this.#parser.close()
  }

  #heard(): void {
    this.#quietSince = this.#read
  }

  #open({ local, uri, prefix, attributes }: SaxesTagNS): void {
    this.#heard()
    this.#depth += 1
    if (this.#depth > deepest) throw new Unreadable('malformed', `Elements are nested more than ${deepest} deep.`)
    if (this.kind === undefined) {
      this.kind = readRoot(local, uri, this.#options.issues)
      this.#rootUri = uri
      return
    }
    if (this.#entryDepth === 0) this.#openEntry(local, uri)
    else if (this.#depth === this.#entryDepth + 1) this.#openField(local, uri, prefix, attributes)
  }

  #openEntry(local: string, uri: string): void {
    if (uri !== this.#rootUri || this.kind === undefined) return
    const names = entryElements[this.kind]
    const what = Object.hasOwn(names, local) ? names[local] : undefined
    if (what === undefined || this.#depth !== (this.kind === 'rss' ? 3 : 2)) return
    if ((what === 'sitemap') !== (this.kind === 'index')) this.#options.issues.add('element_misplaced', local)
    this.#what = what
    this.#entryDepth = this.#depth
    this.#entry = emptyEntry()
    this.#guid = ''
  }

  #openField(local: string, uri: string, prefix: string, attributes: SaxesTagNS['attributes']): void {
    this.#field = undefined
    if (uri === this.#rootUri) {
      const names = this.kind === undefined ? {} : fieldElements[this.kind]
      this.#field = Object.hasOwn(names, local) ? names[local] : undefined
      this.#text = ''
      if (this.#field === 'guid') this.#isGuidUrl = attributes['isPermaLink']?.value !== 'false'
      if (this.kind === 'atom' && local === 'link') this.#atomLink(attributes)
      // A prefix that nobody declared leaves an element without a namespace, as those of a root without one are.
      if (prefix !== '' && uri === '') this.#field = undefined
      return
    }
    if (uri === imageNamespace && local === 'image') this.#entry.images += 1
    else if (uri === videoNamespace && local === 'video') this.#entry.videos += 1
    else if (uri === newsNamespace && local === 'news') this.#entry.news += 1
    else if (uri === xhtmlNamespace && local === 'link' && isHreflang(attributes)) this.#entry.hreflangs += 1
  }

  #atomLink(attributes: SaxesTagNS['attributes']): void {
    const rel = attributes['rel']?.value ?? 'alternate'
    if (rel === 'alternate' && this.#entry.loc === '') this.#entry.loc = attributes['href']?.value.trim() ?? ''
  }

  #close(): void {
    this.#heard()
    if (this.#depth === this.#entryDepth) this.#closeEntry()
    else if (this.#depth === this.#entryDepth + 1 && this.#field !== undefined) this.#closeField(this.#field)
    this.#depth -= 1
  }

  #closeField(field: Field): void {
    const text = this.#text.trim()
    this.#field = undefined
    this.#text = ''
    if (field === 'guid') this.#guid = this.#isGuidUrl ? text : ''
    // The first one counts, as for every reader of sitemaps; `updated` counts before `published`.
    else if (this.#entry[field] === '') this.#entry[field] = text
  }

  #closeEntry(): void {
    this.#entryDepth = 0
    const { issues, base, onEntry, onChild } = this.#options
    const { loc, lastmod, changefreq, priority, images, videos, news, hreflangs } = this.#entry
    const isFeed = this.kind === 'rss'
    const guid = isFeed && loc === '' && /^https?:/i.test(this.#guid) ? this.#guid : ''
    const url = readUrl(loc === '' ? guid : loc, base, issues)
    if (url === undefined) return
    const at = lastmod === '' ? undefined : isFeed ? parseRfc822Date(lastmod) : parseW3cDate(lastmod)
    if (lastmod !== '' && at === undefined) issues.add('lastmod_invalid', lastmod)
    const dates = { lastmod: lastmod === '' ? null : detached(lastmod.slice(0, 100)), lastmodAt: at ?? null }
    if (this.#what === 'sitemap') {
      onChild({ url, ...dates })
      return
    }
    const frequency = changefreq === '' ? undefined : readChangefreq(changefreq)
    if (changefreq !== '' && frequency === undefined) issues.add('changefreq_invalid', changefreq)
    const weight = priority === '' ? undefined : readPriority(priority)
    if (priority !== '' && weight === undefined) issues.add('priority_invalid', priority)
    onEntry({
      url,
      ...dates,
      changefreq: frequency ?? null,
      priority: weight ?? null,
      images,
      videos,
      news,
      hreflangs,
    })
  }
}

/**
 * `on` stores a handler under a computed name. V8 gives an object up as a dictionary when it gains more than a few
 * properties in that way, and parsing becomes six times slower (saxes 6.0.0); by their names they may be many.
 */
function reserveHandlers(parser: object): void {
  const slots = parser as Record<'openTagHandler' | 'closeTagHandler' | 'textHandler' | 'cdataHandler', unknown> &
    Record<'commentHandler' | 'piHandler' | 'doctypeHandler' | 'errorHandler', unknown>
  slots.openTagHandler = undefined
  slots.closeTagHandler = undefined
  slots.textHandler = undefined
  slots.cdataHandler = undefined
  slots.commentHandler = undefined
  slots.piHandler = undefined
  slots.doctypeHandler = undefined
  slots.errorHandler = undefined
}

function isHreflang(attributes: SaxesTagNS['attributes']): boolean {
  const rel = attributes['rel']?.value.toLowerCase().split(/\s+/) ?? []
  return rel.includes('alternate') && attributes['hreflang'] !== undefined && attributes['href'] !== undefined
}
