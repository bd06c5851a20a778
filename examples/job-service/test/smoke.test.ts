import { expect, test } from 'vitest'
import { until, useJobDatabase, useJobs, useWorkers } from './job-database.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)
const startWorker = useWorkers(jobs)

test('runs a job', async () => {
  const { service, tenant } = jobs
  const { job } = await service.createJob(jobs.database, tenant, { type: 'trivial', payload: { n: 1 } })
  startWorker({ handlers: { trivial: async () => ({ ok: true }) } })
  const done = await until(jobs, job.id, ({ state }) => state === 'succeeded')
  expect(done.result).toEqual({ ok: true })
  console.log(await service.getJobEvents(jobs.database, tenant, job.id))
})
