import { newId } from '@pooler-safe/example-foundation'
import type { FetchedResponse } from '@pooler-safe/example-foundation'
import { fetchFailureOf } from '../http.ts'
import { Issues, parseSitemap, type ParsedSitemap, type SitemapBatch } from '../parser/parse-sitemap.ts'
import { isOfSite, pageTypeOf } from '../site.ts'
import { forgetValidators, endSitemap, touchSitemap, type SitemapEnd } from '../store/sitemaps.ts'
import { upsertUrls, type UrlRow } from '../store/urls.ts'
import { urlHash } from './hash.ts'
import type { Scan, SitemapTask } from './scan.ts'

/**
 * Reads the body of an answer and stores what it names, a thousand URLs in a transaction; between two of them nothing is
 * held in the database.
 *
 * Says whether it is a sitemap. Of a guess that is none nothing is written.
 */
export async function readFile(scan: Scan, task: SitemapTask, response: FetchedResponse): Promise<boolean> {
  const file = new FileInProgress(scan, task)
  let parsed: ParsedSitemap | undefined
  let failure: { readonly code: string; readonly message: string } | undefined
  try {
    parsed = await parseSitemap(response.body, {
      base: response.url,
      charset: charsetOf(response.headers),
      maxBytes: scan.limits.maxBytes,
      onBatch: (batch) => file.take(batch),
    })
    failure = parsed.error
  } catch (error) {
    scan.signal.throwIfAborted()
    failure = fetchFailureOf(error)
    if (!failure) throw error
  }
  const isSitemap = parsed?.kind !== undefined || file.hasContent
  if (!isSitemap && task.isGuess) return false
  if (file.limit) failure ??= { code: file.limit, message: limitTexts[file.limit] }
  await file.end(response, parsed, failure)
  return isSitemap
}

const limitTexts = {
  url_limit: 'The scan has reached its number of URLs. The rest of the file was not read.',
  child_limit: 'The site has more sitemaps than a scan reads. The rest of the index was not followed.',
} as const

/** One reading of one file. */
class FileInProgress {
  readonly #scan: Scan
  readonly #task: SitemapTask
  readonly #fetchId = newId()
  readonly #issues = new Issues()
  #id: Promise<string> | undefined
  #stored = 0
  #children = 0
  limit: keyof typeof limitTexts | undefined

  constructor(scan: Scan, task: SitemapTask) {
    this.#scan = scan
    this.#task = task
  }

  get hasContent(): boolean {
    return this.#id !== undefined
  }

  /** The row of the file, made when it is needed. */
  id(): Promise<string> {
    const { run } = this.#scan
    const { url, parentId, depth, method } = this.#task
    const found = { id: newId(), url, urlHash: urlHash(url), parentId, depth, method }
    return (this.#id ??= this.#scan.write((tx) => touchSitemap(tx, run, found)))
  }

  async take({ entries, children }: SitemapBatch): Promise<boolean> {
    const { signal, run } = this.#scan
    signal.throwIfAborted()
    if (!this.hasContent) {
      const first = await this.id()
      await this.#scan.write((tx) => forgetValidators(tx, first))
    }
    for (const { url } of children) await this.#child(url)
    const rows = new Map<string, UrlRow>()
    for (const entry of entries) {
      if (!isOfSite(entry.url, run.host)) {
        this.#issues.add('url_other_site', entry.url)
        continue
      }
      if (rows.has(entry.url)) this.#issues.add('url_duplicate', entry.url)
      else if (this.#scan.stored + rows.size < run.maxUrls) {
        rows.set(entry.url, { ...entry, id: newId(), urlHash: urlHash(entry.url), pageType: pageTypeOf(entry.url) })
      } else {
        this.limit = 'url_limit'
        break
      }
    }
    if (rows.size > 0) {
      const id = await this.id()
      const repeated = await this.#scan.write((tx) => upsertUrls(tx, run, id, this.#fetchId, [...rows.values()]))
      if (repeated > 0) this.#issues.add('url_duplicate', undefined, repeated)
      this.#stored += rows.size - repeated
      this.#scan.stored += rows.size - repeated
    }
    return this.limit !== 'url_limit'
  }

  async #child(url: string): Promise<void> {
    this.#children += 1
    const problem = this.#scan.addChild(url, this.#task, await this.id())
    if (problem === undefined) return
    this.#issues.add(problem, url)
    if (problem === 'child_limit') this.limit = 'child_limit'
  }

  async end(
    response: FetchedResponse,
    parsed: ParsedSitemap | undefined,
    failure: { readonly code: string; readonly message: string } | undefined,
  ): Promise<void> {
    const { run } = this.#scan
    const isComplete = failure === undefined
    const header = (name: string): string | undefined => response.headers.get(name)?.slice(0, 500)
    if (this.limit) this.#issues.add(this.limit, undefined)
    const end: SitemapEnd = {
      state: isComplete ? 'read' : this.#stored + this.#children > 0 ? 'partial' : 'failed',
      kind: parsed?.kind,
      statusCode: response.status,
      bytes: parsed?.bytes ?? 0,
      fetchMs: response.elapsedMs,
      etag: isComplete ? header('etag') : undefined,
      lastModified: isComplete ? header('last-modified') : undefined,
      gzip: parsed?.gzip ?? false,
      encoding: parsed?.encoding,
      urlCount: this.#stored + this.#children,
      issues: [...(parsed?.issues ?? []), ...this.#issues.list()],
      errorCode: failure?.code,
      error: failure?.message,
      fetchId: this.#fetchId,
    }
    const id = await this.id()
    await this.#scan.write((tx) => endSitemap(tx, run, id, end))
  }
}

function charsetOf(headers: Headers): string | undefined {
  return /;\s*charset\s*=\s*["']?([^\s;"']+)/i.exec(headers.get('content-type') ?? '')?.[1]
}
