import { plainBytes, type ByteCount } from './bytes.ts'
import type { SitemapBatch } from './batch.ts'
import type { SitemapChild, SitemapEntry } from './entry.ts'
import { Issues, type Issue } from './issues.ts'
import { PlainTextReader } from './plain-text.ts'
import { decodeText, type DecodedText } from './text.ts'
import { Unreadable, type UnreadableCode } from './unreadable.ts'
import type { SitemapKind } from './vocabulary.ts'
import { XmlReader } from './xml.ts'

export type { SitemapBatch } from './batch.ts'
export type { Changefreq, SitemapChild, SitemapEntry } from './entry.ts'
export { issueCodes, Issues, type Issue, type IssueCode } from './issues.ts'
export type { UnreadableCode } from './unreadable.ts'
export { sitemapKinds, type SitemapKind } from './vocabulary.ts'

/** Limits of the protocol (sitemaps.org): what is beyond is reported and read. */
export const protocolLimits = { entries: 50_000, bytes: 52_428_800 } as const

export interface ParseSitemapOptions {
  /** The address of the file; relative URLs are resolved against it. */
  readonly base: string
  /**
   * Takes what was read, at most a thousand entries at a time and in the order of the file; reading waits for it. `false`
   * ends the reading.
   */
  readonly onBatch: (batch: SitemapBatch) => Promise<boolean> | boolean
  /** The `charset` of the Content-Type header. */
  readonly charset?: string | undefined
  /** The file is left when it has more, after decompression. Default 256 MiB. */
  readonly maxBytes?: number | undefined
}

/** What a file was. */
export interface ParsedSitemap {
  /** Undefined when it is not a sitemap. */
  readonly kind: SitemapKind | undefined
  readonly gzip: boolean
  readonly encoding: string
  /** Bytes read, after decompression. */
  readonly bytes: number
  /** Pages and sitemaps that were handed over. */
  readonly entries: number
  readonly issues: readonly Issue[]
  /** Why the rest was not read. Entries before that were handed over. */
  readonly error: { readonly code: UnreadableCode; readonly message: string } | undefined
  /** `onBatch` ended the reading. */
  readonly stopped: boolean
}

const batchSize = 1_000
export const defaultMaxBytes = 256 * 1024 * 1024

/**
 * Reads a sitemap, an index of sitemaps, a list of URLs, RSS 2.0 or Atom while it arrives: gzip or not, in any encoding.
 *
 * Memory does not depend on the size of the file. It never rejects for what is in the file; it does when `source` or
 * `onBatch` fails. However it ends, the source is closed.
 */
export async function parseSitemap(
  source: AsyncIterable<Uint8Array>,
  { base, onBatch, charset, maxBytes = defaultMaxBytes }: ParseSitemapOptions,
): Promise<ParsedSitemap> {
  const count: ByteCount = { gzip: false, bytes: 0 }
  const decoded: DecodedText = { encoding: 'utf-8', isDamaged: false }
  const issues = new Issues()
  const collected = new Collected()
  let reader: XmlReader | PlainTextReader | undefined
  let error: ParsedSitemap['error']
  let stopped = false
  let handedOver = 0

  const handOver = async (least: number): Promise<boolean> => {
    for (let batch = collected.take(least); batch; batch = collected.take(least)) {
      const more = await onBatch(batch)
      handedOver += batch.entries.length + batch.children.length
      if (!more) return false
    }
    return true
  }
  try {
    for await (const text of decodeText(plainBytes(source, maxBytes, count), charset, decoded)) {
      reader ??= readerFor(text, base, issues, collected)
      reader?.write(text)
      if (!(await handOver(batchSize))) {
        stopped = true
        break
      }
    }
    if (!stopped) {
      if (!reader) throw new Unreadable('not_sitemap', 'The file is empty.')
      reader.close()
    }
  } catch (thrown) {
    if (!(thrown instanceof Unreadable)) throw thrown
    error = { code: thrown.code, message: thrown.message }
  }
  if (!stopped && !(await handOver(1))) stopped = true
  const kind = reader instanceof XmlReader ? reader.kind : reader && error?.code !== 'not_sitemap' ? 'text' : undefined
  if (kind === undefined) return { kind, ...summary(), issues: [], error }
  if (decoded.isDamaged) issues.add('encoding_invalid')
  if (collected.total > protocolLimits.entries) issues.add('too_many_urls', String(collected.total))
  if (count.bytes > protocolLimits.bytes) issues.add('too_many_bytes', String(count.bytes))
  return { kind, ...summary(), issues: issues.list(), error }

  function summary() {
    return { gzip: count.gzip, encoding: decoded.encoding, bytes: count.bytes, entries: handedOver, stopped }
  }
}

/** XML begins with `<`, everything else is a list of URLs or nothing. */
function readerFor(
  text: string,
  base: string,
  issues: Issues,
  collected: Collected,
): XmlReader | PlainTextReader | undefined {
  const first = /\S/.exec(text)?.[0]
  if (first === undefined) return undefined
  const onEntry = (entry: SitemapEntry): void => void collected.entries.push(entry)
  if (first !== '<') return new PlainTextReader(base, issues, onEntry)
  return new XmlReader({ base, issues, onEntry, onChild: (child) => void collected.children.push(child) })
}

/** What was read and not handed over yet. */
class Collected {
  entries: SitemapEntry[] = []
  children: SitemapChild[] = []
  total = 0

  take(least: number): SitemapBatch | undefined {
    if (this.entries.length + this.children.length < least) return undefined
    const entries = this.entries.splice(0, batchSize)
    const children = this.children.splice(0, batchSize)
    this.total += entries.length + children.length
    return { entries, children }
  }
}
