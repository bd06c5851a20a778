import { ServiceError, silentLogger, type HttpClient, type Logger } from '@pooler-safe/example-foundation'
import { PermanentJobError, type JobHandlers } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'
import { scanNotFound } from './errors.ts'
import { sitemapScanJob } from './job-type.ts'
import { defaultLimits, type ScanLimits } from './scan/scan.ts'
import { scanSite, type ScanResult } from './scan/scan-site.ts'
import { startScan } from './store/scans.ts'

/** What the work on scans needs. */
export interface ScanWorkOptions {
  readonly http: HttpClient
  readonly limits?: Partial<ScanLimits>
}

export interface ScanRunOptions extends ScanWorkOptions {
  /** The pool: the work opens transactions of its own. */
  readonly session: Session
  /** The attempt of the job that this run is: a later one takes the scan from it. Default 1. */
  readonly attempt?: number
  readonly signal?: AbortSignal
  readonly progress?: (done: number, total: number) => void
  readonly logger?: Logger
}

/**
 * Scans the site of a job: finds, fetches, reads and stores its sitemaps. Running it again repeats nothing that is stored.
 *
 * @throws ServiceError with the code of the failure when no sitemap could be read although there are some, or the site does
 * not answer: `PermanentJobError` when trying again cannot help. What was found is stored all the same.
 */
export async function runScan(jobId: string, options: ScanRunOptions): Promise<ScanResult> {
  const { session, http, limits, attempt = 1, progress, logger = silentLogger() } = options
  const run = await startScan(session, jobId, attempt)
  if (!run) throw scanNotFound(`of job ${jobId} for attempt ${attempt}`)
  const result = await scanSite(run, {
    session,
    http,
    logger,
    signal: options.signal ?? new AbortController().signal,
    progress: progress ?? (() => undefined),
    limits: { ...defaultLimits, ...limits },
  })
  if (result.outcome !== 'failed') return result
  const message = result.error ?? 'No sitemap could be read.'
  const code = result.errorCode ?? 'sitemap_failed'
  throw result.retryable ? new ServiceError(code, message) : new PermanentJobError(code, message)
}

/** What a worker of the job service runs. */
export function sitemapHandlers(options: ScanWorkOptions): JobHandlers {
  return {
    [sitemapScanJob]: ({ job, session, signal, progress, logger }) =>
      runScan(job.id, { ...options, session, signal, progress, logger, attempt: job.attempt }),
  }
}
