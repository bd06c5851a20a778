import type { JobHandler, JobHandlers } from '@pooler-safe/example-job-service'
import type { PageFetcher } from './http-client.ts'
import { scanJobType } from './job-types.ts'
import { runScan, type CrawlTuning } from './service/run-scan.ts'

/**
 * What a worker runs for the page scraper.
 *
 * At least once, made idempotent by the scan: a run replaces what an earlier one wrote, and only the run that holds the
 * scan writes.
 */
export function pageScraperHandlers(http: PageFetcher, tuning: CrawlTuning = {}): JobHandlers {
  const scan: JobHandler = async ({ job, session, signal, progress, logger }) =>
    runScan({ ...tuning, session, http, logger, signal, progress, jobId: job.id, attempt: job.attempt })
  return { [scanJobType]: scan }
}
