import { newId, type Logger } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { FetchedResponse, HttpClient } from '@pooler-safe/example-foundation'
import { scanSuperseded } from '../errors.ts'
import { fetchFailureOf } from '../http.ts'
import type { IssueCode } from '../parser/parse-sitemap.ts'
import { isOfSite } from '../site.ts'
import type { DiscoveryMethod } from '../sitemap.ts'
import { holdScan, type ScanToRun } from '../store/scans.ts'
import {
  failSitemap,
  findKnown,
  keepSitemap,
  markGone,
  selectChildren,
  touchSitemap,
  type KnownSitemap,
} from '../store/sitemaps.ts'
import { urlHash } from './hash.ts'
import { readFile } from './read-file.ts'

/** How much a scan reads. */
export interface ScanLimits {
  /** Of one file, after decompression. */
  readonly maxBytes: number
  readonly maxSitemaps: number
  /** How deep indexes may name indexes. */
  readonly maxDepth: number
  /** For one file, all of it. */
  readonly timeoutMs: number
}

export const defaultLimits: ScanLimits = {
  maxBytes: 256 * 1024 * 1024,
  maxSitemaps: 5_000,
  maxDepth: 4,
  timeoutMs: 300_000,
}

export interface ScanContext {
  readonly session: Session
  readonly http: HttpClient
  readonly logger: Logger
  readonly signal: AbortSignal
  readonly progress: (done: number, total: number) => void
  readonly limits: ScanLimits
}

/** A file to be read. */
export interface SitemapTask {
  readonly url: string
  readonly method: DiscoveryMethod
  readonly parentId: string | undefined
  readonly depth: number
  /** Nobody says that it is there: when it is not, that is no failure. */
  readonly isGuess: boolean
}

/**
 * Reads files and those that they name, breadth first, each once.
 *
 * Fetching and storing take turns: no transaction is open while anything is fetched.
 */
export class Scan {
  readonly run: ScanToRun
  readonly session: Session
  readonly signal: AbortSignal
  readonly limits: ScanLimits
  readonly #context: ScanContext
  /** Addresses that were asked for or are about to be, and those that answered. */
  readonly #seen = new Set<string>()
  readonly #queue: SitemapTask[] = []
  #done = 0
  #accepted = 0
  /** Whether a failure may be gone in a while. */
  hasRetryableFailure = false
  /** URLs stored by this run. */
  stored = 0

  constructor(run: ScanToRun, context: ScanContext) {
    this.run = run
    this.#context = context
    this.session = context.session
    this.signal = context.signal
    this.limits = context.limits
  }

  /**
   * Writes in a transaction, if this run still has the scan. A run that hung longer than its lease would drop what the one
   * after it has stored.
   */
  write<T>(work: (tx: Session) => Promise<T>): Promise<T> {
    return this.session.transaction(async (tx) => {
      // The first statement of the work rides with the question.
      const [isHeld, result] = await Promise.all([holdScan(tx, this.run), work(tx)])
      if (!isHeld) throw scanSuperseded(this.run.id, this.run.attempt)
      return result
    })
  }

  /** Files that turned out to be sitemaps. */
  get accepted(): number {
    return this.#accepted
  }

  /** Puts a file on the list unless it is there. Who named it may be another one. */
  add(url: string, method: DiscoveryMethod, isGuess = method === 'well_known'): void {
    if (this.#seen.has(url)) return
    this.#seen.add(url)
    this.#queue.push({ url, method, parentId: undefined, depth: 0, isGuess })
  }

  /** Puts what an index names on the list; or says why it is not. */
  addChild(url: string, parent: SitemapTask, parentId: string): IssueCode | undefined {
    if (this.#seen.has(url)) return 'child_repeated'
    if (!isOfSite(url, this.run.host) && URL.parse(url)?.host !== URL.parse(parent.url)?.host) return 'child_other_site'
    if (parent.depth + 1 > this.limits.maxDepth) return 'child_too_deep'
    if (this.#done + this.#queue.length >= this.limits.maxSitemaps) return 'child_limit'
    this.#seen.add(url)
    this.#queue.push({ url, method: 'index', parentId, depth: parent.depth + 1, isGuess: false })
    return undefined
  }

  /** Works through the list and what is added to it on the way. */
  async readAll(): Promise<void> {
    for (let task = this.#queue.shift(); task; task = this.#queue.shift()) {
      this.signal.throwIfAborted()
      await this.#visit(task)
      this.#done += 1
      this.#context.progress(this.#done, this.#done + this.#queue.length)
    }
  }

  async #visit(task: SitemapTask): Promise<void> {
    const known = await findKnown(this.session, this.run.domainId, urlHash(task.url))
    if (this.stored >= this.run.maxUrls) {
      await this.#refuse(task, 'skipped', 'url_limit', 'The scan has reached its number of URLs.', undefined)
      return
    }
    try {
      await using response = await this.#fetch(task, known)
      if (response.url !== task.url && this.#seen.has(response.url)) return
      this.#seen.add(response.url)
      if (response.status === 304) {
        await this.#keep(task, known, response)
        return
      }
      if (await readFile(this, task, response)) this.#accepted += 1
      else if (known && task.isGuess) await this.write((tx) => markGone(tx, this.run, known.id))
    } catch (error) {
      this.signal.throwIfAborted()
      const failure = fetchFailureOf(error)
      if (!failure) throw error
      this.#context.logger.debug({ url: task.url, code: failure.code }, 'a sitemap was not read')
      if (task.isGuess) {
        // A guess that was wrong says nothing; a file that had been there is not there any more, or cannot be asked now.
        if (!known) return
        if (failure.code === 'http_4xx') {
          await this.write((tx) => markGone(tx, this.run, known.id))
          return
        }
      }
      this.hasRetryableFailure ||= failure.retryable
      await this.#refuse(task, 'failed', failure.code, failure.message, failure.status)
    }
  }

  #fetch(task: SitemapTask, known: KnownSitemap | undefined): Promise<FetchedResponse> {
    const { http, limits } = this.#context
    const { etag, lastModified } = known ?? {}
    return http.fetch(task.url, {
      signal: this.signal,
      timeoutMs: limits.timeoutMs,
      maxBytes: limits.maxBytes,
      accept: 'application/xml,text/xml,text/plain,application/rss+xml,application/atom+xml,*/*;q=0.5',
      // Who names a file in robots.txt wants it to be read, whatever a rule for pages says about its path.
      ...(task.method === 'robots' ? { robots: 'ignore' as const } : {}),
      ...(etag == null ? {} : { etag }),
      ...(lastModified == null ? {} : { lastModified }),
    })
  }

  /** The file is what it was. So is what it names, which is asked in its turn. */
  async #keep(task: SitemapTask, known: KnownSitemap | undefined, response: FetchedResponse): Promise<void> {
    if (!known) {
      await this.#refuse(task, 'failed', 'parse', 'The answer is 304, but nothing is known of the file.', 304)
      return
    }
    this.#accepted += 1
    const id = await this.write(async (tx) => {
      const touched = await this.#touch(tx, task)
      await keepSitemap(tx, this.run, touched, response.elapsedMs)
      return touched
    })
    if (known.kind !== 'index') return
    for (const { url } of await selectChildren(this.session, id)) this.addChild(url, task, id)
  }

  async #refuse(
    task: SitemapTask,
    state: 'failed' | 'skipped',
    errorCode: string,
    error: string,
    statusCode: number | undefined,
  ): Promise<void> {
    await this.write(async (tx) => {
      const id = await this.#touch(tx, task)
      await failSitemap(tx, this.run, id, { state, errorCode, error, statusCode })
    })
  }

  #touch(tx: Session, { url, parentId, depth, method }: SitemapTask): Promise<string> {
    return touchSitemap(tx, this.run, { id: newId(), url, urlHash: urlHash(url), parentId, depth, method })
  }
}
