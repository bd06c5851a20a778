import { createLogger, ensureTenant, silentLogger, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { JobService, Worker, type Job, type WorkerOptions } from '@pooler-safe/example-job-service'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, afterEach, beforeAll } from 'vitest'
import {
  migratePageScraper,
  PageScraper,
  pageScraperHandlers,
  pageScraperJobTypes,
  scanJobType,
  type PageFetcher,
} from '../src/index.ts'

export const testLogger: Logger =
  process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger({ name: 'test', level: 'debug' })

/** A migrated database for the file. */
export function usePageDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'page-scraper',
    prepare: async (directUrl) => {
      await migratePageScraper(directUrl, testLogger)
    },
  })
}

export interface ScraperUnderTest {
  readonly database: Database
  readonly jobs: JobService
  readonly scraper: PageScraper
  readonly tenant: TenantId
  readonly otherTenant: TenantId
  /** Starts a worker that is stopped after the test. */
  work(options?: Partial<WorkerOptions>): Worker
  /** Reads a job until it has ended. */
  ended(jobId: string): Promise<Job>
}

/** The job types of the scraper, without the pause before another run. */
const types = { [scanJobType]: { ...pageScraperJobTypes[scanJobType], retryDelaySeconds: 0, retryDelayMaxSeconds: 1 } }

/** Opens the scraper through a URL and closes it after the block; every guard of `pooler-safe` is on. */
export function useScraper(url: () => string, http: PageFetcher, max = 6): ScraperUnderTest {
  let opened: Omit<ScraperUnderTest, 'work' | 'ended'> | undefined
  const workers: Worker[] = []
  beforeAll(async () => {
    const database = createDatabase({ url: url(), max, applicationName: 'page-scraper', wireGuard: true })
    const jobs = await JobService.open({ database, types, logger: testLogger })
    const scraper = await PageScraper.open({ database, jobs, http, logger: testLogger })
    const tenant = await ensureTenant(database, 'first')
    const otherTenant = await ensureTenant(database, 'second')
    opened = { database, jobs, scraper, tenant, otherTenant }
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  })
  afterAll(async () => {
    await opened?.jobs.close()
    await opened?.database.close()
  })
  const ready = (): NonNullable<typeof opened> => {
    if (!opened) throw new Error('The scraper is open from beforeAll on.')
    return opened
  }
  return {
    get database() {
      return ready().database
    },
    get jobs() {
      return ready().jobs
    },
    get scraper() {
      return ready().scraper
    },
    get tenant() {
      return ready().tenant
    },
    get otherTenant() {
      return ready().otherTenant
    },
    work(options = {}) {
      const { database, jobs: service } = ready()
      const tuning = { pollMs: 20, beatMs: 50, recoverMs: 100, graceMs: 1_000, abandonMs: 200, leaseMs: 2_000 }
      const handlers = pageScraperHandlers(http)
      const worker = Worker.start({ database, service, handlers, logger: testLogger, ...tuning, ...options })
      workers.push(worker)
      return worker
    },
    async ended(jobId) {
      const { database, jobs, tenant } = ready()
      const end = Date.now() + 15_000
      for (;;) {
        const job = await jobs.getJob(database, tenant, jobId)
        if (job.finishedAt) return job
        if (Date.now() > end)
          throw new Error(`Job ${jobId} is still ${job.state} at attempt ${job.attempt} (${job.error}).`)
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
  }
}
