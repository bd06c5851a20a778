import { forEachPooler } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { claim } from '../src/worker/claim.ts'
import { useJobDatabase, useJobs } from './job-database.ts'

const database = useJobDatabase()

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url)

  describe('a job', () => {
    test('added in a transaction that rolls back it is gone, and so is its delivery', async () => {
      const { service, tenant } = jobs
      const failure = new Error('the business row failed')
      let id = ''
      const work = jobs.database.transaction(async (tx) => {
        const { job } = await service.createJob(tx, tenant, { type: 'trivial', payload: { n: 2 } })
        id = job.id
        expect(await service.getJob(tx, tenant, id)).toMatchObject({ state: 'queued' })
        throw failure
      })
      await expect(work).rejects.toBe(failure)
      await expect(service.getJob(jobs.database, tenant, id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
      const { rows } = await database.query('select from pgboss.job where id = $1', [id])
      expect(rows).toEqual([])
    })

    test('is seen by the caller’s transaction at once, by others and by workers after its COMMIT', async () => {
      const { service, tenant } = jobs
      const request = { types: ['trivial'], limit: 10, worker: 'w', leaseMs: 60_000 }
      const claimNow = async () => (await claim(jobs.database, service.queue, request, () => undefined)).jobs
      const id = await jobs.database.transaction(async (tx) => {
        const { job } = await service.createJob(tx, tenant, { type: 'trivial', payload: { n: 1 } })
        expect(await service.getJob(tx, tenant, job.id)).toMatchObject({ state: 'queued' })
        const { rows } = await database.query('select from jobs where id = $1', [job.id])
        expect(rows).toEqual([])
        return job.id
      })
      expect((await claimNow()).map((job) => job.id)).toEqual([id])
    })
  })
})
