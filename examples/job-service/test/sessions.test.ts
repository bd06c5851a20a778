import { forEachPooler } from '@pooler-safe/tests/support'
import type { Session } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { claim } from '../src/worker/claim.ts'
import { useJobDatabase, useJobs } from './job-database.ts'

const database = useJobDatabase()

/** All that the service writes, to be compared before and after. */
async function everything(): Promise<unknown> {
  const { rows } = await database.query(
    `select (select jsonb_agg(j order by id) from jobs j) as jobs,
            (select jsonb_agg(e order by job_id, id) from job_events e) as events,
            (select jsonb_agg(b order by id) from batches b) as batches,
            (select jsonb_agg(to_jsonb(q) - 'output' order by id) from pgboss.job q) as deliveries`,
  )
  return rows[0]
}

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url)
  const other = { type: 'other', payload: null } as const
  const undone = new Error('undone')

  describe('a function that takes a session runs in it: in a transaction that rolls back it leaves nothing', () => {
    /** Each operation on jobs that it finds: one queued, one running at attempt 1, one failed, one batch that takes jobs. */
    const operations: Record<
      string,
      (session: Session, on: { queued: string; running: string; failed: string; batch: string }) => Promise<unknown>
    > = {
      createJob: (session) => jobs.service.createJob(session, jobs.tenant, other),
      createJobs: (session) => jobs.service.createJobs(session, jobs.tenant, [other, other]),
      createJobForDomain: (session) =>
        jobs.service.createJobForDomain(session, jobs.tenant, `${pooler.kind}.example.com`, other),
      'updateJobStatus (handing back)': (session, { running }) =>
        jobs.service.updateJobStatus(session, jobs.tenant, running, { to: 'queued', attempt: 1 }),
      'updateJobStatus (cancelled by its run)': (session, { running }) =>
        jobs.service.updateJobStatus(session, jobs.tenant, running, { to: 'cancelled', attempt: 1 }),
      updateProgress: (session, { running }) =>
        jobs.service.updateProgress(session, jobs.tenant, running, { attempt: 1, done: 5, total: 10 }),
      completeJob: (session, { running }) => jobs.service.completeJob(session, jobs.tenant, running, { attempt: 1 }),
      failJob: (session, { running }) =>
        jobs.service.failJob(session, jobs.tenant, running, { attempt: 1, errorCode: 'x', error: 'x' }),
      'failJob (for good)': (session, { running }) =>
        jobs.service.failJob(session, jobs.tenant, running, {
          attempt: 1,
          errorCode: 'x',
          error: 'x',
          retryable: false,
        }),
      'cancelJob (queued)': (session, { queued }) => jobs.service.cancelJob(session, jobs.tenant, queued),
      'cancelJob (running)': (session, { running }) => jobs.service.cancelJob(session, jobs.tenant, running),
      retryJob: (session, { failed }) => jobs.service.retryJob(session, jobs.tenant, failed),
      createBatch: (session) => jobs.service.batches.createBatch(session, jobs.tenant, { kind: 'x', jobs: [other] }),
      failBatch: (session, { batch }) =>
        jobs.service.batches.failBatch(session, jobs.tenant, batch, { errorCode: 'x', error: 'x' }),
      'completeBatch and updateBatchProgress': async (session, { batch, running, queued }) => {
        await jobs.service.completeJob(session, jobs.tenant, running, { attempt: 1 })
        await jobs.service.cancelJob(session, jobs.tenant, queued)
        await jobs.service.batches.updateBatchProgress(session, jobs.tenant, batch)
        return jobs.service.batches.completeBatch(session, jobs.tenant, batch)
      },
      applyRetention: (session) =>
        jobs.service.applyRetention(session, { endedBefore: new Date(Date.now() + 60_000), pauseMs: 0 }),
    }

    for (const [name, operation] of Object.entries(operations)) {
      test(name, async () => {
        const { service, tenant } = jobs
        const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'sessions' })
        const add = async (type = 'other', extra: object = {}): Promise<string> =>
          (await service.createJob(jobs.database, tenant, { type, payload: null, ...extra })).job.id
        const [running, failed] = [await add('other', { batchId: batch.id }), await add('once')]
        const request = { types: ['other', 'once'], limit: 500, worker: 'w', leaseMs: 60_000 }
        await claim(jobs.database, service.queue, request, () => undefined)
        await service.failJob(jobs.database, tenant, failed, { attempt: 1, errorCode: 'x', error: 'x' })
        const on = { running, failed, batch: batch.id, queued: await add('other', { batchId: batch.id }) }

        const before = await everything()
        const work = jobs.database.transaction(async (tx) => {
          await operation(tx, on)
          throw undone
        })
        await expect(work).rejects.toBe(undone)
        expect(await everything()).toEqual(before)
        // Outside of a transaction the same call does something.
        await operation(jobs.database, on)
        expect(await everything()).not.toEqual(before)
      })
    }
  })
})
