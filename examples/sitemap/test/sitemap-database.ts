import {
  createLogger,
  ensureTenant,
  silentLogger,
  type HttpClient,
  type Logger,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { JobService, Worker, type Job } from '@pooler-safe/example-job-service'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, beforeAll } from 'vitest'
import {
  migrateSitemaps,
  sitemapHandlers,
  sitemapJobTypes,
  SitemapService,
  type ScanLimits,
  type SitemapScan,
} from '../src/index.ts'

const testLogger: Logger =
  process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger({ name: 'test', level: 'debug' })

export function useSitemapDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'sitemap',
    prepare: async (directUrl) => {
      await migrateSitemaps(directUrl, testLogger)
    },
  })
}

export interface SitemapsUnderTest {
  readonly database: Database
  readonly jobs: JobService
  readonly service: SitemapService
  readonly tenant: TenantId
  readonly otherTenant: TenantId
  /** Asks for a scan, runs it by a worker, and reads how it ended. */
  scan(url: string, options?: { maxUrls?: number; limits?: Partial<ScanLimits> }): Promise<SitemapScan>
  startWorker(limits?: Partial<ScanLimits>): Worker
  until(scanId: string, wanted: (scan: SitemapScan) => boolean): Promise<SitemapScan>
}

export function useSitemaps(url: () => string, http: HttpClient): SitemapsUnderTest {
  let database: Database
  let jobs: JobService
  let service: SitemapService
  let tenant: TenantId
  let otherTenant: TenantId
  const types = {
    'sitemap.scan': { ...sitemapJobTypes['sitemap.scan'], retryDelaySeconds: 0, retryDelayMaxSeconds: 1 },
  }
  beforeAll(async () => {
    database = createDatabase({ url: url(), max: 6, applicationName: 'sitemap', wireGuard: true })
    jobs = await JobService.open({ database, types, logger: testLogger })
    service = await SitemapService.open({ database, jobs, http, logger: testLogger })
    tenant = await ensureTenant(database, 'first')
    otherTenant = await ensureTenant(database, 'second')
  })
  afterAll(async () => {
    await jobs.close()
    await database.close()
  })
  const until = async (scanId: string, wanted: (scan: SitemapScan) => boolean): Promise<SitemapScan> => {
    const end = Date.now() + 20_000
    for (;;) {
      const scan = await service.getSitemapScan(database, tenant, scanId)
      if (wanted(scan)) return scan
      if (Date.now() > end) throw new Error(`Scan ${scanId} is still ${scan.state} (${scan.error}).`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const startWorker = (limits: Partial<ScanLimits> = {}): Worker =>
    Worker.start({
      database,
      service: jobs,
      logger: testLogger,
      handlers: sitemapHandlers({ http, limits }),
      pollMs: 20,
      beatMs: 50,
      recoverMs: 100,
      graceMs: 1_000,
      abandonMs: 200,
      leaseMs: 2_000,
    })
  return {
    get database() {
      return database
    },
    get jobs() {
      return jobs
    },
    get service() {
      return service
    },
    get tenant() {
      return tenant
    },
    get otherTenant() {
      return otherTenant
    },
    startWorker,
    until,
    async scan(site, { limits, ...request } = {}) {
      const { scanId } = await service.initiateSitemapScan(database, tenant, { url: site, ...request })
      const worker = startWorker(limits)
      try {
        return await until(scanId, ({ state }) => isFinal(state))
      } finally {
        await worker.stop()
      }
    },
  }
}

export function isFinal(state: SitemapScan['state'] | Job['state']): boolean {
  return state !== 'queued' && state !== 'running'
}
