import { newId, tenantId } from '@pooler-safe/example-foundation'
import { expect, test } from 'vitest'
import { claim } from '../src/worker/claim.ts'
import { useJobDatabase, useJobs } from './job-database.ts'

const database = useJobDatabase()
const jobs = useJobs(() => database.pooledUrl)

/** Everything about the first tenant, to be compared before and after. */
async function everythingOf(tenant: string): Promise<unknown> {
  const { rows } = await database.query(
    `select (select jsonb_agg(j order by id) from jobs j where tenant_id = $1) as jobs,
            (select jsonb_agg(e order by id) from job_events e where tenant_id = $1) as events,
            (select jsonb_agg(b order by id) from batches b where tenant_id = $1) as batches`,
    [tenant],
  )
  return rows[0]
}

test('(34) a tenant cannot see or touch another’s jobs and batches by any id or parameter', async () => {
  const { service, tenant, otherTenant, database: session } = jobs
  const { batches } = service
  const { batch } = await batches.createBatch(session, tenant, { kind: 'theirs' })
  const common = { type: 'other', payload: { secret: true }, batchId: batch.id }
  const [queued, running, failed] = await service.createJobs(session, tenant, [
    { ...common, dedupeKey: 'same key', domain: 'example.com' },
    common,
    { ...common, type: 'once' },
  ])
  const [id, runningId, failedId] = [queued!.job.id, running!.job.id, failed!.job.id]
  const request = { types: ['other', 'once'], limit: 10, worker: 'theirs', leaseMs: 60_000 }
  await claim(session, service.queue, request, () => undefined)
  await service.updateJobStatus(session, tenant, id, { to: 'queued', attempt: 1 })
  await service.failJob(session, tenant, failedId, { attempt: 1, errorCode: 'x', error: 'x' })
  const before = await everythingOf(tenant)

  const me = otherTenant
  const reads = [
    () => service.getJob(session, me, id),
    () => service.getJobByPublicId(session, me, queued!.job.publicId),
    () => service.getJobEvents(session, me, id),
    () => service.cancelJob(session, me, id),
    () => service.cancelJob(session, me, runningId),
    () => service.retryJob(session, me, failedId),
    () => service.completeJob(session, me, runningId, { attempt: 1, result: 'stolen' }),
    () => service.failJob(session, me, runningId, { attempt: 1, errorCode: 'x', error: 'x' }),
    () => service.updateProgress(session, me, runningId, { attempt: 1, done: 99 }),
    () => service.updateJobStatus(session, me, runningId, { to: 'succeeded', attempt: 1 }),
    () => service.updateJobStatus(session, me, id, { to: 'cancelled' }),
  ]
  for (const read of reads) await expect(read()).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
  const onBatches = [
    () => batches.getBatch(session, me, batch.id),
    () => batches.updateBatchProgress(session, me, batch.id),
    () => batches.completeBatch(session, me, batch.id),
    () => batches.failBatch(session, me, batch.id, { errorCode: 'x', error: 'x' }),
    () => service.createJob(session, me, { type: 'other', payload: null, batchId: batch.id }),
  ]
  for (const one of onBatches) await expect(one()).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })

  const filters = [
    {},
    { state: 'queued' },
    { type: 'other' },
    { batchId: batch.id },
    { domain: 'example.com' },
  ] as const
  for (const filter of filters) expect((await service.listJobs(session, me, filter)).items).toEqual([])
  expect((await service.listJobs(session, me, {}, { after: newId() })).items).toEqual([])
  expect((await service.getJobsForBatch(session, me, batch.id)).items).toEqual([])
  expect((await service.getPendingJobs(session, me)).items).toEqual([])
  expect(await service.getRecentJobs(session, me)).toEqual([])
  expect((await batches.listBatches(session, me)).items).toEqual([])
  expect(await service.countJobs(session, me)).toEqual({})
  const endedBefore = new Date(Date.now() + 60_000)
  expect(await service.applyRetention(session, { endedBefore, tenant: me })).toEqual({ jobs: 0, batches: 0 })

  // The same key and site of another tenant are other jobs.
  const mine = await service.createJob(session, me, { type: 'other', payload: null, dedupeKey: 'same key' })
  expect(mine.created).toBe(true)
  expect(await everythingOf(tenant)).toEqual(before)

  // The database itself does not let a job into another tenant's batch.
  await expect(
    database.query(`update jobs set parent_batch_id = $1 where id = $2`, [batch.id, mine.job.id]),
  ).rejects.toMatchObject({ code: '23503' })
})

test('a tenant id that is none is refused', () => {
  expect(() => tenantId("' or true --")).toThrow(expect.objectContaining({ code: 'TENANT_INVALID' }))
  const id = newId()
  expect(tenantId(id.toUpperCase())).toBe(id)
})
