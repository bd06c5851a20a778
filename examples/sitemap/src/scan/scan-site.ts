import type { FetchFailure } from '../http.ts'
import type { ScanOutcome } from '../sitemap.ts'
import { endScan, type ScanToRun } from '../store/scans.ts'
import { countOutcomes, markOrphansGone, selectRoots } from '../store/sitemaps.ts'
import { markRemoved } from '../store/urls.ts'
import { announcedSitemaps, probeNonsense, wellKnownSitemaps, type DiscoveryContext } from './discovery.ts'
import { Scan, type ScanContext } from './scan.ts'

/** How a scan ended. */
export interface ScanResult {
  readonly scanId: string
  readonly outcome: ScanOutcome
  /** Sitemaps that were there, changed or not. */
  readonly sitemaps: number
  readonly failed: number
  readonly answersNonsense: boolean
  /** The first failure, when there is one. */
  readonly errorCode: string | null
  readonly error: string | null
  /** Whether a failure may be gone in a while. */
  readonly retryable: boolean
  /** A later run has the scan: what this one found was dropped. */
  readonly superseded: boolean
}

/** Paths that can only be meant as a sitemap. */
const sitemapPath = /\.(?:xml|txt)(?:\.gz)?$|sitemap|\.(?:rss|atom)$/i

/** Finds, reads and stores the sitemaps of a site; keeps what was stored when it fails in the middle. */
export async function scanSite(run: ScanToRun, context: ScanContext): Promise<ScanResult> {
  const scan = new Scan(run, context)
  const start = new URL(run.url)
  let answersNonsense = false
  let failure: FetchFailure | undefined
  if (sitemapPath.test(start.pathname)) {
    scan.add(start.href, 'given')
    await scan.readAll()
  } else {
    const found = await discoverAndRead(scan, start, context)
    answersNonsense = found.answersNonsense
    failure = found.failure
  }
  const { session } = context
  await scan.write((tx) => markOrphansGone(tx, run))
  const counts = await countOutcomes(session, run.id)
  // A site that does not answer has not removed anything.
  if (!failure) await scan.write((tx) => markRemoved(tx, run))
  const outcome: ScanOutcome =
    failure || (counts.good === 0 && counts.failed > 0) ? 'failed' : counts.failed > 0 ? 'partial' : 'succeeded'
  const errorCode = failure?.code ?? counts.errorCode
  const error = failure?.message ?? counts.error
  const superseded = !(await endScan(session, run, { outcome, errorCode, error, answersNonsense }))
  return {
    scanId: run.id,
    outcome,
    sitemaps: counts.good,
    failed: counts.failed,
    answersNonsense,
    errorCode,
    error,
    retryable: failure?.retryable ?? scan.hasRetryableFailure,
    superseded,
  }
}

/** First what the site names, then what was there before, then guesses, at last feeds; each only when needed. */
async function discoverAndRead(
  scan: Scan,
  start: URL,
  context: ScanContext,
): Promise<{ readonly answersNonsense: boolean; readonly failure: FetchFailure | undefined }> {
  const discovery: DiscoveryContext = context
  const { candidates, feeds, origin, failure } = await announcedSitemaps(start, discovery)
  if (origin === undefined) return { answersNonsense: false, failure }
  for (const { url, method } of candidates) scan.add(url, method)
  const roots = await selectRoots(scan.session, scan.run.domainId, 100)
  for (const { url, discoveryMethod } of roots) {
    // Nobody names it now: if it is not there, it is gone.
    scan.add(url, discoveryMethod, discoveryMethod !== 'given')
  }
  await scan.readAll()
  if (scan.accepted > 0) return { answersNonsense: false, failure: undefined }
  const { answersNonsense, inventsSitemaps } = await probeNonsense(origin, discovery)
  if (!inventsSitemaps) {
    for (const { url, method } of wellKnownSitemaps(origin)) scan.add(url, method)
    await scan.readAll()
  }
  if (scan.accepted > 0) return { answersNonsense, failure: undefined }
  for (const { url, method } of feeds) scan.add(url, method)
  await scan.readAll()
  return { answersNonsense, failure: undefined }
}
