import { storableText, type Logger } from '@pooler-safe/example-foundation'
import { PermanentJobError } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'
import { crawlSite, HomeUnreadable, type Crawl } from '../crawl/crawl-site.ts'
import { scannedPage, snapshotOf } from '../crawl/site-snapshot.ts'
import { PageScraperError, scanNotFound } from '../errors.ts'
import type { PageFetcher } from '../http-client.ts'
import type { SiteVerdict } from '../scan-types.ts'
import { readSite } from '../site.ts'
import { writeFailure, writeFindings } from '../store/domains.ts'
import { upsertContacts, upsertTechnologies } from '../store/findings.ts'
import * as store from '../store/scans.ts'

/** How sites are crawled. */
export interface CrawlTuning {
  /** How long one crawl may take. Default 90,000. */
  readonly budgetMs?: number
  /** Links away from the home page. Default 3. */
  readonly maxDepth?: number
  /** Pages of one site under way. Default 2. */
  readonly concurrency?: number
}

export interface ScanRun extends CrawlTuning {
  readonly session: Session
  readonly http: PageFetcher
  readonly jobId: string
  /** The attempt of the job: the fencing token. */
  readonly attempt: number
  readonly logger: Logger
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
}

/** What a run found, for the job's result. */
export interface ScanSummary {
  readonly scanId: string
  readonly verdict: SiteVerdict
  /** Of the home page, of a site that is live. */
  readonly title: string | null
  readonly pagesVisited: number
  readonly pagesFailed: number
  readonly contacts: number
  readonly technologies: number
}

const errorLength = 1_000

/**
 * One run of a scan: takes it, crawls with no transaction open, and writes everything in one.
 *
 * Running it again replaces what an earlier run of the same scan wrote. A run that lost its job to a later one writes
 * nothing.
 *
 * @throws the fetch's failure after it was stored: PermanentJobError when trying again is no use
 */
export async function runScan(run: ScanRun): Promise<ScanSummary> {
  const { session, http, jobId, attempt, signal, progress, budgetMs, maxDepth, concurrency } = run
  const scan = await store.beginScan(session, jobId, attempt)
  if (!scan) {
    if (!(await store.findTenantOfJob(session, jobId))) throw scanNotFound(`of job ${jobId}`)
    throw superseded(jobId, attempt)
  }
  try {
    const { maxPages, url } = scan
    const site = readSite(url)
    const tuning = { budgetMs, maxDepth, concurrency }
    const crawl = await crawlSite({ ...tuning, http, site, maxPages, signal, onProgress: progress })
    signal?.throwIfAborted()
    return await session.transaction((tx) => writeScan(tx, scan, attempt, crawl))
  } catch (error) {
    if (!(error instanceof HomeUnreadable)) throw error
    await session.transaction((tx) => writeScanFailure(tx, scan, attempt, error))
    const { code, message, retryable } = error.failure
    run.logger.info({ scan: scan.id, code, retryable }, 'a site could not be read')
    throw retryable ? Object.assign(new Error(message), { code }) : new PermanentJobError(code, message)
  }
}

/** Writes what a run found, in the transaction that it is given. */
export async function writeScan(
  tx: Session,
  scan: store.HeldScan,
  attempt: number,
  crawl: Crawl,
): Promise<ScanSummary> {
  const snapshot = snapshotOf(crawl)
  const pages = snapshot.verdict === 'moved' ? [] : crawl.pages.map(scannedPage)
  const pagesFailed = crawl.pages.filter(({ failure }) => failure).length
  const { verdict, contacts, technologies } = snapshot
  const isOurs = await store.endScan(tx, scan, attempt, {
    outcome: 'succeeded',
    verdict,
    stoppedBy: crawl.stoppedBy,
    pagesVisited: crawl.asked,
    pagesFailed,
    bytes: crawl.pages.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
    snapshot,
    errorCode: null,
    error: null,
  })
  if (!isOurs) throw superseded(scan.id, attempt)
  await store.replacePages(tx, scan, pages)
  await writeFindings(tx, scan, snapshot)
  await upsertContacts(tx, scan, contacts)
  await upsertTechnologies(tx, scan, technologies)
  return {
    scanId: scan.id,
    verdict,
    title: snapshot.metadata?.title === undefined ? null : storableText(snapshot.metadata.title, 300),
    pagesVisited: crawl.asked,
    pagesFailed,
    contacts: contacts.length,
    technologies: technologies.length,
  }
}

/** A site that cannot be read has a failure and nothing else: no page, no contact, no metadata. */
export async function writeScanFailure(
  tx: Session,
  scan: store.HeldScan,
  attempt: number,
  { failure }: HomeUnreadable,
): Promise<void> {
  const errorCode = failure.code
  const error = storableText(failure.message, errorLength)
  const isOurs = await store.endScan(tx, scan, attempt, {
    outcome: 'failed',
    verdict: null,
    stoppedBy: null,
    pagesVisited: 1,
    pagesFailed: 1,
    bytes: 0,
    snapshot: null,
    errorCode,
    error,
  })
  if (!isOurs) throw superseded(scan.id, attempt)
  await store.replacePages(tx, scan, [])
  await writeFailure(tx, scan, errorCode, error)
}

export function superseded(what: string, attempt: number): PageScraperError {
  return new PageScraperError('SCAN_SUPERSEDED', `Attempt ${attempt} does not hold the scan ${what} any more.`, {
    hint: 'Drop the result: another run is responsible.',
  })
}
