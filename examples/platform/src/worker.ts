import { batchHandlers, recoverUnworkedBatches, type BatchHandlersOptions } from '@pooler-safe/example-batch-processor'
import { Worker, type JobHandlers, type WorkerTuning } from '@pooler-safe/example-job-service'
import { pageScraperHandlers, type CrawlTuning } from '@pooler-safe/example-page-scraper'
import { placesHandlers } from '@pooler-safe/example-places-search'
import { sitemapHandlers } from '@pooler-safe/example-sitemap'
import type { Platform } from './platform.ts'

export interface PlatformWorkerOptions extends WorkerTuning {
  /** What the keys of webhooks are derived from. */
  readonly webhookSecret?: string | undefined
  readonly batchTuning?: BatchHandlersOptions['tuning']
  readonly crawl?: CrawlTuning
  /** Handlers of the further job types of the platform. */
  readonly handlers?: JobHandlers
  /** Pause between two looks for batches without a job, in milliseconds. Default 10,000. */
  readonly sweepMs?: number
}

/** Works on the jobs of all services in one process. */
export interface PlatformWorker extends AsyncDisposable {
  readonly worker: Worker
  /** Hands back what is not done. The platform stays open. */
  stop(): Promise<void>
}

/** Starts a worker for the jobs of all services. Any number of processes may. */
export function startPlatformWorker(platform: Platform, options: PlatformWorkerOptions = {}): PlatformWorker {
  const { webhookSecret, batchTuning, crawl, handlers, sweepMs = 10_000, ...workerTuning } = options
  const { database, jobs, http, logger, batches, places } = platform
  const worker = Worker.start({
    ...workerTuning,
    database,
    service: jobs,
    logger,
    handlers: {
      ...batchHandlers({ processor: batches, http, webhookSecret, ...(batchTuning ? { tuning: batchTuning } : {}) }),
      ...pageScraperHandlers(http, crawl),
      ...sitemapHandlers({ http }),
      ...placesHandlers(places),
      ...handlers,
    },
  })
  const stopping = new AbortController()
  const sweeping = recoverUnworkedBatches(batches, { everyMs: sweepMs, logger, signal: stopping.signal })
  let ending: Promise<void> | undefined
  const end = async (): Promise<void> => {
    stopping.abort()
    await sweeping
    await worker.stop()
  }
  const stop = (): Promise<void> => (ending ??= end())
  return { worker, stop, [Symbol.asyncDispose]: stop }
}
