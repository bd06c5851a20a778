import { newId } from '@pooler-safe/example-foundation'
import { forEachPooler } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import type { Job } from '../src/index.ts'
import { until, useJobDatabase, useJobs, useWorkers } from './job-database.ts'

const database = useJobDatabase()
const yearAgo = "now() - interval '1 year'"

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url)
  const startWorker = useWorkers(jobs)
  const endedBefore = new Date(Date.now() - 30 * 86_400_000)

  /** Jobs of the tenant that ended a year ago. */
  async function old(count: number, tenant = jobs.tenant): Promise<string[]> {
    const input = Array.from({ length: count }, () => ({ type: 'other', payload: null }))
    const made = await jobs.service.createJobs(jobs.database, tenant, input)
    const ids = made.map(({ job }) => job.id)
    for (const id of ids) await jobs.service.cancelJob(jobs.database, tenant, id)
    await database.query(`update jobs set finished_at = ${yearAgo} where id = any($1)`, [ids])
    return ids
  }

  async function left(ids: readonly string[]): Promise<number> {
    const { rows } = await database.query('select from jobs where id = any($1)', [ids])
    return rows.length
  }

  test('deletes what ended long ago with its events, in chunks; what is younger or not done stays', async () => {
    const { service, tenant } = jobs
    const gone = await old(25)
    const young = await old(1)
    await database.query(`update jobs set finished_at = now() - interval '29 days' where id = any($1)`, [young])
    const { job: queued } = await service.createJob(jobs.database, tenant, { type: 'other', payload: null })
    await database.query(`update jobs set created_at = ${yearAgo} where id = $1`, [queued.id])
    const deleted = await service.applyRetention(jobs.database, { endedBefore, chunkSize: 10, pauseMs: 0 })
    expect(deleted).toEqual({ jobs: 25, batches: 0 })
    expect([await left(gone), await left(young), await left([queued.id])]).toEqual([0, 1, 1])
    const { rows } = await database.query('select from job_events where job_id = any($1)', [gone])
    expect(rows).toEqual([])
    await service.cancelJob(jobs.database, tenant, queued.id)
  })

  test('a batch goes with the last of its jobs, and none of its jobs goes while it is open', async () => {
    const { service, tenant } = jobs
    const { batches } = service
    const job = { type: 'other', payload: null }
    const { batch: open } = await batches.createBatch(jobs.database, tenant, { kind: 'open' })
    const { job: inOpen } = await service.createJob(jobs.database, tenant, { ...job, batchId: open.id })
    await service.cancelJob(jobs.database, tenant, inOpen.id)
    const { batch: ended, jobs: inEnded } = await batches.createBatch(jobs.database, tenant, {
      kind: 'ended',
      jobs: [job, job],
    })
    for (const one of inEnded) await service.cancelJob(jobs.database, tenant, one.job.id)
    await database.query(`update jobs set finished_at = ${yearAgo} where parent_batch_id = any($1)`, [
      [open.id, ended.id],
    ])
    await database.query(`update batches set finished_at = ${yearAgo} where id = $1`, [ended.id])
    // One of its jobs ended later than the others: its batch has to stay, or the counts would lie.
    await database.query('update jobs set finished_at = now() where id = $1', [inEnded[1]!.job.id])
    expect(await service.applyRetention(jobs.database, { endedBefore })).toEqual({ jobs: 1, batches: 0 })
    await database.query(`update jobs set finished_at = ${yearAgo} where id = $1`, [inEnded[1]!.job.id])
    expect(await service.applyRetention(jobs.database, { endedBefore })).toEqual({ jobs: 1, batches: 1 })
    await expect(batches.getBatch(jobs.database, tenant, ended.id)).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })
    expect(await batches.getBatch(jobs.database, tenant, open.id)).toMatchObject({ counts: { total: 1, cancelled: 1 } })
  })

  test('of one tenant alone, and no further than the signal lets it', async () => {
    const { service, tenant, otherTenant } = jobs
    const [mine, theirs] = [await old(3), await old(3, otherTenant)]
    const aborted = AbortSignal.abort()
    expect(await service.applyRetention(jobs.database, { endedBefore, signal: aborted })).toEqual({
      jobs: 0,
      batches: 0,
    })
    expect(await service.applyRetention(jobs.database, { endedBefore, tenant })).toEqual({ jobs: 3, batches: 0 })
    expect([await left(mine), await left(theirs)]).toEqual([0, 3])
    const controller = new AbortController()
    const running = service.applyRetention(jobs.database, {
      endedBefore,
      chunkSize: 1,
      pauseMs: 60_000,
      signal: controller.signal,
    })
    while ((await left(theirs)) === 3) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort()
    expect(await running).toEqual({ jobs: 1, batches: 0 })
  })

  test('limits that would do harm are refused, and nothing is deleted', async () => {
    const { service } = jobs
    const ids = await old(1)
    const cases = [
      { endedBefore: new Date(Number.NaN) },
      { endedBefore, chunkSize: 0 },
      { endedBefore, chunkSize: 1.5 },
      { endedBefore, pauseMs: -1 },
      { endedBefore: '2026-01-01' as unknown as Date },
    ]
    for (const options of cases) {
      await expect(service.applyRetention(jobs.database, options)).rejects.toMatchObject({ code: 'JOB_INPUT_INVALID' })
    }
    expect(await left(ids)).toBe(1)
  })

  test('a worker that is told how long to keep jobs deletes older ones by itself', async () => {
    const ids = await old(2)
    startWorker({ handlers: {}, keepFinishedMs: 86_400_000 })
    const end = Date.now() + 10_000
    while ((await left(ids)) > 0 && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 20))
    expect(await left(ids)).toBe(0)
  })

  test('a job that is gone is not found, and can be made again with its key', async () => {
    const { service, tenant } = jobs
    const input = { type: 'other', payload: null, dedupeKey: newId() }
    const { job } = await service.createJob(jobs.database, tenant, input)
    startWorker({ handlers: { other: () => Promise.resolve(null) } })
    const done: Job = await until(jobs, job.id, ({ state }) => state === 'succeeded')
    await service.applyRetention(jobs.database, { endedBefore: new Date(done.finishedAt!.getTime() + 1), tenant })
    await expect(service.getJob(jobs.database, tenant, job.id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    const again = await service.createJob(jobs.database, tenant, input)
    expect(again.created).toBe(true)
    await until(jobs, again.job.id, ({ state }) => state === 'succeeded')
  })
})
