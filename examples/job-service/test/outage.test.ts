import { wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { JobService, Worker } from '../src/index.ts'
import { testLogger, useJobDatabase, useJobs } from './job-database.ts'
import { testTypes } from './test-types.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)

test('the pooler dies in the middle of 600 jobs and comes back, three times: nothing is lost, nothing ends twice', async () => {
  const made = await jobs.service.createJobs(
    jobs.database,
    jobs.tenant,
    Array.from({ length: 600 }, (_, n) => ({ type: 'trivial', payload: { n }, maxAttempts: 20 })),
  )
  const ids = made.map(({ job }) => job.id)
  const succeeded = async (): Promise<number> => {
    const { rows } = await database.query<{ count: number }>(
      `select count(*)::int as count from jobs where id = any($1) and state = 'succeeded'`,
      [ids],
    )
    return rows[0]!.count
  }
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const { url } = pooler
  const port = Number(new URL(url).port)
  const pool = createDatabase({ url, max: 6, wireGuard: true, onError: () => undefined })
  const service = await JobService.open({ database: pool, types: testTypes, logger: testLogger })
  const runs = new Map<string, number>()
  const worker = Worker.start({
    database: pool,
    service,
    logger: testLogger,
    concurrency: 20,
    pollMs: 20,
    leaseMs: 3_000,
    recoverMs: 200,
    handlers: {
      trivial: async ({ job }) => {
        const run = `${job.id} ${job.attempt}`
        runs.set(run, (runs.get(run) ?? 0) + 1)
        await wait(10)
        return job.attempt
      },
    },
  })
  try {
    for (let outage = 1; outage <= 3; outage += 1) {
      while ((await succeeded()) < outage * 120) await wait(5)
      await pooler.stop({ drainMs: 0 })
      await wait(200)
      pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    }
    while ((await succeeded()) < ids.length) await wait(20)
    await worker.stop()
    const { rows } = await database.query(
      `select ends, count(*)::int as jobs from (
         select count(*) filter (where to_state in ('succeeded', 'failed', 'cancelled'))::int as ends
         from job_events where job_id = any($1) group by job_id
       ) x group by ends`,
      [ids],
    )
    expect(rows).toEqual([{ ends: 1, jobs: 600 }])
    // A claim whose answer was lost is found again or given up, and never run twice under one attempt.
    expect([...runs.values()].filter((count) => count !== 1)).toEqual([])
    expect(worker.held).toBe(0)
  } finally {
    await worker.stop()
    await service.close()
    await pool.close()
    await pooler.stop()
  }
}, 90_000)
