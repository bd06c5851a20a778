import { createLogger, ensureTenant, silentLogger, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { JobService } from '@pooler-safe/example-job-service'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, afterEach, beforeAll } from 'vitest'
import {
  batchJobTypes,
  BatchProcessor,
  migrateBatchProcessor,
  startBatchWorker,
  type BatchProgress,
  type BatchWorker,
  type BatchWorkerOptions,
  type ItemProcessors,
} from '../src/index.ts'
import { loopbackClient } from './web.ts'

export const testLogger: Logger =
  process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger({ name: 'test', level: 'debug' })

/** A migrated database for the file. */
export function useBatchDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'batch-processor',
    prepare: async (directUrl) => {
      await migrateBatchProcessor(directUrl, testLogger)
    },
  })
}

export interface BatchesUnderTest {
  readonly database: Database
  readonly jobs: JobService
  readonly batches: BatchProcessor
  readonly tenant: TenantId
  readonly otherTenant: TenantId
}

/** Opens the batch processor through a URL, without a worker; every guard of `pooler-safe` is on. */
export function useBatches(url: () => string, processors: ItemProcessors = {}): BatchesUnderTest {
  let opened: BatchesUnderTest | undefined
  beforeAll(async () => {
    const database = createDatabase({ url: url(), max: 6, applicationName: 'batches', wireGuard: true })
    const jobs = await JobService.open({ database, types: batchJobTypes, logger: testLogger })
    const nothing = { 'home-page': () => Promise.resolve(null) }
    const batches = await BatchProcessor.open({
      database,
      jobs,
      processors: { ...nothing, ...processors },
      logger: testLogger,
    })
    const tenant = await ensureTenant(database, 'first')
    const otherTenant = await ensureTenant(database, 'second')
    opened = { database, jobs, batches, tenant, otherTenant }
  })
  afterAll(async () => {
    await opened?.jobs.close()
    await opened?.database.close()
  })
  const ready = (): BatchesUnderTest => {
    if (!opened) throw new Error('The batch processor is open from beforeAll on.')
    return opened
  }
  return {
    get database() {
      return ready().database
    },
    get jobs() {
      return ready().jobs
    },
    get batches() {
      return ready().batches
    },
    get tenant() {
      return ready().tenant
    },
    get otherTenant() {
      return ready().otherTenant
    },
  }
}

/** Starts workers that are stopped after the test. */
export function useBatchWorkers(
  under: BatchesUnderTest,
): (options?: Partial<BatchWorkerOptions>) => Promise<BatchWorker> {
  const started: BatchWorker[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map((worker) => worker.stop()))
  })
  return async (options = {}) => {
    const worker = await startBatchWorker({
      database: under.database,
      http: loopbackClient(1),
      logger: testLogger,
      pollMs: 20,
      beatMs: 50,
      recoverMs: 100,
      graceMs: 0,
      abandonMs: 500,
      leaseMs: 2_000,
      sweepMs: 200,
      tuning: { lookMs: 50, leaseMs: 2_000, abandonMs: 200 },
      ...options,
    })
    started.push(worker)
    return worker
  }
}

/** Reads the progress of a batch until it is as wanted; returns every reading. */
export async function until(
  under: BatchesUnderTest,
  id: string,
  wanted: (progress: BatchProgress) => boolean,
  ms = 20_000,
): Promise<BatchProgress[]> {
  const end = Date.now() + ms
  const readings: BatchProgress[] = []
  for (;;) {
    const progress = await under.batches.getBatchProgress(under.database, under.tenant, id)
    readings.push(progress)
    if (wanted(progress)) return readings
    if (Date.now() > end) throw new Error(`Batch ${id} is still ${progress.state}: ${JSON.stringify(progress.counts)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

export function hasEnded({ state }: Pick<BatchProgress, 'state'>): boolean {
  return ['succeeded', 'partial', 'failed', 'cancelled'].includes(state)
}

/** What the counts of a batch say, and what its items say. */
export async function countedTwice(
  database: TestDatabase,
  id: string,
): Promise<{ readonly said: unknown; readonly counted: unknown }> {
  const { rows } = await database.query<{ said: unknown; counted: unknown }>(
    `select jsonb_build_array(b.total, b.queued, b.running, b.succeeded, b.failed, b.cancelled,
         coalesce((select jsonb_object_agg(error_code, items) from domain_batch_errors
           where batch_id = b.id and items > 0), '{}')) as said,
       (select jsonb_build_array(count(*), count(*) filter (where state = 'queued'),
         count(*) filter (where state = 'running'), count(*) filter (where state = 'succeeded'),
         count(*) filter (where state = 'failed'), count(*) filter (where state = 'cancelled'),
         coalesce((select jsonb_object_agg(error_code, items) from (
           select error_code, count(*) as items from domain_batch_items
           where batch_id = b.id and state = 'failed' group by error_code) e), '{}'))
        from domain_batch_items where batch_id = b.id) as counted
     from domain_batches b where b.id = $1`,
    [id],
  )
  return rows[0]!
}
