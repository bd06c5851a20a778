import {
  commonVariables,
  createHttpClient,
  createLogger,
  ensureTenant,
  openDatabase,
  readConfiguration,
  wait,
  type Logger,
} from '@pooler-safe/example-foundation'
import { openCommandDemo, openCommandEndpoint } from '@pooler-safe/example-foundation/command'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import { z } from 'zod'
import { crawlSite, HomeUnreadable } from '../crawl/crawl-site.ts'
import { snapshotOf } from '../crawl/site-snapshot.ts'
import type { PageFetcher } from '../http-client.ts'
import { pageScraperJobTypes } from '../job-types.ts'
import { migratePageScraper } from '../migrate.ts'
import { PageScraper } from '../service/page-scraper.ts'
import { readSite } from '../site.ts'
import { pageScraperHandlers } from '../worker.ts'
import type { SiteReport } from './report.ts'
import type { ScanOptions } from './scan-options.ts'

const variables = {
  ...commonVariables,
  DATABASE_URL: commonVariables.DATABASE_URL.optional(),
  SCAN_TENANT: z.string().min(1).default('command line').describe('whose scans these are'),
}
const logging = { LOG_LEVEL: commonVariables.LOG_LEVEL.default('warn') }
const sitesAtOnce = 5

/** Scans the sites of a command line; each is reported when it is done. */
export async function runScanCommand(
  options: ScanOptions,
  onReport: (report: SiteReport) => void,
  fetcher?: PageFetcher,
): Promise<void> {
  const { LOG_LEVEL } = readConfiguration({ shape: logging, prefix: 'LOG_LEVEL' })
  const logger = createLogger({ name: 'scan', level: LOG_LEVEL })
  await using stack = new AsyncDisposableStack()
  const { allowLoopback, demo } = options
  const http =
    fetcher ??
    (demo ? (await openCommandDemo(stack, logger)).http : stack.use(createHttpClient({ allowLoopback, logger })))
  if (options.store) await scanStored(options, http, logger, onReport)
  else await scanOnly(options, http, onReport)
}

/** Reads the sites and keeps nothing. */
async function scanOnly(
  options: ScanOptions,
  http: PageFetcher,
  onReport: (report: SiteReport) => void,
): Promise<void> {
  const { maxPages, budgetSeconds } = options
  const sites = options.urls.map((url) => ({ url, site: readSite(url) }))
  const lane = async (): Promise<void> => {
    for (let next = sites.shift(); next; next = sites.shift()) {
      const { url, site } = next
      try {
        const crawl = await crawlSite({ http, site, maxPages, budgetMs: budgetSeconds * 1_000 })
        const pagesFailed = crawl.pages.filter(({ failure }) => failure).length
        onReport({ url, found: snapshotOf(crawl), pagesVisited: crawl.asked, pagesFailed })
      } catch (error) {
        if (!(error instanceof HomeUnreadable)) throw error
        onReport({ url, failure: error.failure })
      }
    }
  }
  await Promise.all(Array.from({ length: sitesAtOnce }, lane))
}

/** Queues the scans, runs them in this process, and reads what they stored. */
async function scanStored(
  options: ScanOptions,
  http: PageFetcher,
  logger: Logger,
  onReport: (report: SiteReport) => void,
): Promise<void> {
  const { SCAN_TENANT } = readConfiguration({ shape: variables, prefix: 'SCAN_' })
  const crawl = { budgetMs: options.budgetSeconds * 1_000 }
  await using stack = new AsyncDisposableStack()
  const say = (line: string): void => void process.stderr.write(`${line}\n`)
  const { url, directUrl } = await openCommandEndpoint(stack, { demo: options.demo, say })
  if (directUrl !== undefined) await migratePageScraper(directUrl, logger)
  const database = openDatabase({ url, applicationName: 'scan', wireGuard: true, logger })
  try {
    const jobs = await JobService.open({ database, types: pageScraperJobTypes, logger, maintainQueue: true })
    const scraper = await PageScraper.open({ database, jobs, http, logger, crawl })
    const tenant = await ensureTenant(database, SCAN_TENANT)
    const worker = Worker.start({
      database,
      service: jobs,
      handlers: pageScraperHandlers(http, crawl),
      logger,
      concurrency: sitesAtOnce,
      pollMs: 100,
    })
    try {
      const initiated = await Promise.all(
        options.urls.map(async (one) => {
          return {
            url: one,
            ...(await scraper.initiateDomainScan(database, tenant, { url: one, maxPages: options.maxPages })),
          }
        }),
      )
      for (const { url: given, scanId, jobId } of initiated) {
        await finished(async () => (await jobs.getJob(database, tenant, jobId)).finishedAt !== null)
        const { scan } = await scraper.getScan(database, tenant, scanId)
        const found = await scraper.getSnapshot(database, tenant, scanId)
        if (found && scan.state === 'succeeded') {
          onReport({ url: given, scanId, found, pagesVisited: scan.pagesVisited, pagesFailed: scan.pagesFailed })
        } else {
          const failure = { code: scan.errorCode ?? scan.state, message: scan.error ?? `The scan was ${scan.state}.` }
          onReport({ url: given, scanId, failure })
        }
      }
    } finally {
      await worker.stop()
      await jobs.close()
    }
  } finally {
    await database.close()
  }
}

async function finished(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await wait(200)
}
