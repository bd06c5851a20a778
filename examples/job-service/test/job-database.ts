import { createLogger, ensureTenant, silentLogger, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { JobService, migrateJobService, Worker, type Job, type WorkerOptions } from '../src/index.ts'
import { testTypes } from './test-types.ts'

export const testLogger: Logger =
  process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger({ name: 'test', level: 'debug' })

export interface JobsUnderTest {
  readonly database: Database
  readonly service: JobService
  readonly tenant: TenantId
  readonly otherTenant: TenantId
}

/** A migrated database for the file. */
export function useJobDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'job-service',
    prepare: async (directUrl) => {
      await migrateJobService(directUrl, testLogger)
    },
  })
}

/** Opens the job service through a URL and closes it after the block; every guard of `pooler-safe` is on. */
export function useJobs(url: () => string, max = 6): JobsUnderTest {
  let opened: JobsUnderTest | undefined
  beforeAll(async () => {
    const database = createDatabase({ url: url(), max, applicationName: 'job-service', wireGuard: true })
    const service = await JobService.open({ database, types: testTypes, logger: testLogger })
    const tenant = await ensureTenant(database, 'first')
    const otherTenant = await ensureTenant(database, 'second')
    opened = { database, service, tenant, otherTenant }
  })
  afterAll(async () => {
    await opened?.service.close()
    await opened?.database.close()
  })
  const ready = (): JobsUnderTest => {
    if (!opened) throw new Error('The job service is open from beforeAll on.')
    return opened
  }
  return {
    get database() {
      return ready().database
    },
    get service() {
      return ready().service
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
export function useWorkers(
  jobs: JobsUnderTest,
): (options: Partial<WorkerOptions> & Pick<WorkerOptions, 'handlers'>) => Worker {
  const started: Worker[] = []
  afterEach(async () => {
    await Promise.all(started.splice(0).map((worker) => worker.stop()))
  })
  return (options) => {
    const { database, service } = jobs
    const tuning = { pollMs: 20, beatMs: 50, recoverMs: 100, graceMs: 1_000, abandonMs: 200, leaseMs: 2_000 }
    const worker = Worker.start({ database, service, logger: testLogger, ...tuning, ...options })
    started.push(worker)
    return worker
  }
}

/** Reads the job until it is as wanted. */
export async function until(jobs: JobsUnderTest, id: string, wanted: (job: Job) => boolean, ms = 10_000): Promise<Job> {
  const end = Date.now() + ms
  for (;;) {
    const job = await jobs.service.getJob(jobs.database, jobs.tenant, id)
    if (wanted(job)) return job
    if (Date.now() > end) throw new Error(`Job ${id} is still ${job.state} at attempt ${job.attempt} (${job.error}).`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
