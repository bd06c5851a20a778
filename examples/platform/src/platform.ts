import { BatchProcessor, processorsWith, type ItemProcessors } from '@pooler-safe/example-batch-processor'
import type { HttpClient, Logger } from '@pooler-safe/example-foundation'
import { BatchService, JobService, type JobTypes } from '@pooler-safe/example-job-service'
import { domainScanKind, domainScanProcessor, PageScraper, type CrawlTuning } from '@pooler-safe/example-page-scraper'
import { PlacesService, type PlacesProvider } from '@pooler-safe/example-places-search'
import { SitemapService } from '@pooler-safe/example-sitemap'
import type { Database } from 'pooler-safe'
import { platformJobTypes } from './job-types.ts'

export interface PlatformOptions {
  /** On the URL of the pooler. */
  readonly database: Database
  readonly http: HttpClient
  readonly logger: Logger
  readonly providers: readonly PlacesProvider[]
  /** How the items of `domain-scan` batches are crawled. */
  readonly crawl?: CrawlTuning
  /** Further item processors of the batch processor, besides `home-page` and `domain-scan`. */
  readonly processors?: ItemProcessors
  /** Further job types. */
  readonly types?: JobTypes
  /** One process at least has to look after the queue: expiry, retention, dead letters. Default false. */
  readonly maintainQueue?: boolean
}

/** The operations of all services, over one database and one queue. */
export interface Platform extends AsyncDisposable {
  readonly database: Database
  readonly http: HttpClient
  readonly logger: Logger
  readonly jobs: JobService
  /** Batches of jobs, such as those of `initiateBatchScan`. */
  readonly jobBatches: BatchService
  /** Batches of items. */
  readonly batches: BatchProcessor
  readonly pages: PageScraper
  readonly sitemaps: SitemapService
  readonly places: PlacesService
  /** Ends what runs in the background. The database and the HTTP client stay open. */
  close(): Promise<void>
}

/**
 * Opens all services.
 *
 * @throws ServiceError DATABASE_NOT_MIGRATED naming the command
 */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { database, http, logger, providers, processors, crawl, types = {}, maintainQueue = false } = options
  const jobs = await JobService.open({ database, types: { ...platformJobTypes, ...types }, logger, maintainQueue })
  try {
    const shared = { database, jobs, logger }
    const [batches, pages, sitemaps, places] = await Promise.all([
      BatchProcessor.open({
        ...shared,
        processors: processorsWith(http, { [domainScanKind]: domainScanProcessor(http, crawl), ...processors }),
      }),
      PageScraper.open({ ...shared, http }),
      SitemapService.open({ ...shared, http }),
      PlacesService.open({ ...shared, providers }),
    ])
    const close = (): Promise<void> => jobs.close()
    const jobBatches = new BatchService(jobs)
    return {
      database,
      http,
      logger,
      jobs,
      jobBatches,
      batches,
      pages,
      sitemaps,
      places,
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await jobs.close()
    throw error
  }
}
