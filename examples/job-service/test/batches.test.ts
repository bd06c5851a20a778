import { newId, wait } from '@pooler-safe/example-foundation'
import { forEachPooler } from '@pooler-safe/tests/support'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isFinal, jobStates, PermanentJobError, type Batch, type JobState } from '../src/index.ts'
import { sweepBatches } from '../src/service/maintenance.ts'
import { beforeAllIds } from '../src/service/before-all-ids.ts'
import { batchStateOf } from '../src/state-machine.ts'
import { claim } from '../src/worker/claim.ts'
import { until, useJobDatabase, useJobs, useWorkers } from './job-database.ts'

const database = useJobDatabase()

const other = { type: 'other', payload: null } as const

/** What no watcher may ever see otherwise, whatever happens at the same time. */
function expectCoherent({ state, counts, finishedAt, startedAt, sealed, errorCode }: Batch): void {
  const { total, queued, running, succeeded, failed, cancelled } = counts
  expect(queued + running + succeeded + failed + cancelled).toBe(total)
  const isOpen = state === 'queued' || state === 'running'
  expect(isOpen).toBe(finishedAt === null)
  if (state === 'queued') expect([running, succeeded, failed, startedAt]).toEqual([0, 0, 0, null])
  else if (counts.running + counts.succeeded + counts.failed > 0) expect(startedAt).not.toBeNull()
  if (isOpen || errorCode === 'given up') return
  expect(sealed).toBe(true)
  expect(queued + running).toBe(0)
  expect(state).toBe(batchStateOf(counts, { begun: true, sealed }))
}

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url, 8)
  const startWorker = useWorkers(jobs)
  const batchIn = async (wanted: (batch: Batch) => boolean, id: string): Promise<Batch> => {
    const end = Date.now() + 10_000
    for (;;) {
      const batch = await jobs.service.batches.getBatch(jobs.database, jobs.tenant, id)
      if (wanted(batch)) return batch
      if (Date.now() > end) throw new Error(`Batch ${id} is still ${batch.state}: ${JSON.stringify(batch.counts)}`)
      await wait(10)
    }
  }
  const claimAll = async (leaseMs = 60_000) => {
    const request = { types: ['other'], limit: 500, worker: 'holder', leaseMs }
    return (await claim(jobs.database, jobs.service.queue, request, () => undefined)).jobs
  }

  test('(7) while it runs a watcher sees counts whose sum is the total, ends that only grow, and a state that fits', async () => {
    const { batches } = jobs.service
    const all = Array.from({ length: 150 }, (_, n) => ({ type: 'trivial', payload: { n } }))
    const { batch } = await batches.createBatch(jobs.database, jobs.tenant, { kind: 'watched', jobs: all })
    expect(batch).toMatchObject({ state: 'queued', sealed: true, startedAt: null, counts: { total: 150, queued: 150 } })

    const seen: Batch[] = [batch]
    const watching = (async () => {
      while (seen.at(-1)?.finishedAt === null) seen.push(await batches.getBatch(jobs.database, jobs.tenant, batch.id))
    })()
    startWorker({
      concurrency: 10,
      handlers: {
        trivial: async ({ job }) => {
          await wait(5)
          const { n } = job.payload as { n: number }
          if (n % 10 === 0) throw new PermanentJobError('BAD', 'This one fails.')
          if (n % 7 === 0 && job.attempt === 1) throw new Error('This one fails once.')
          return n
        },
      },
    })
    await watching
    let ended = 0
    for (const one of seen) {
      expectCoherent(one)
      expect(one.counts.total).toBe(150)
      const now = one.counts.succeeded + one.counts.failed + one.counts.cancelled
      expect(now).toBeGreaterThanOrEqual(ended)
      ended = now
    }
    expect(seen.length).toBeGreaterThan(10)
    expect(new Set(seen.map(({ state }) => state))).toEqual(new Set(['queued', 'running', 'partial']))
    expect(new Set(seen.map(({ counts }) => counts.succeeded)).size).toBeGreaterThan(3)
    expect(seen.at(-1)).toMatchObject({
      state: 'partial',
      errorCode: null,
      counts: { total: 150, queued: 0, running: 0, succeeded: 135, failed: 15, cancelled: 0 },
    })
  })

  test('the state follows from the jobs by one rule, whatever states they are in', async () => {
    const { batches } = jobs.service
    const situations = fc.sample(
      fc.record({ states: fc.array(fc.constantFrom(...jobStates), { maxLength: 5 }), sealed: fc.boolean() }),
      { numRuns: 60, seed: 11 },
    )
    for (const { states, sealed } of situations) {
      const { batch } = await batches.createBatch(jobs.database, jobs.tenant, { kind: 'any' })
      await insertIn(states, jobs.tenant, batch.id)
      await database.query('update batches set sealed = $2 where id = $1', [batch.id, sealed])
      const before = await batches.getBatch(jobs.database, jobs.tenant, batch.id)
      const after = await batches.updateBatchProgress(jobs.database, jobs.tenant, batch.id)
      const begun = states.some((state) => state !== 'queued' && state !== 'cancelled')
      const expected = batchStateOf(after.counts, { begun, sealed })
      expect([after.state, states, sealed]).toEqual([expected, states, sealed])
      expectCoherent(before)
      if (states.length > 0) expectCoherent(after)
      expect(await batches.updateBatchProgress(jobs.database, jobs.tenant, batch.id)).toEqual(after)
    }
  })

  /** Jobs in given states without the way there. */
  async function insertIn(states: readonly JobState[], tenant: string, batchId: string): Promise<void> {
    await database.query(
      `insert into jobs (id, public_id, tenant_id, type, payload, state, max_attempts, attempt, parent_batch_id, worker,
         started_at, finished_at, lease_expires_at, error_code, error)
       select id, id::text, $2, 'once', 'null', state, 1, (state in ('running', 'succeeded', 'failed'))::int, $3, 'w',
         case when state in ('running', 'succeeded', 'failed') then now() end,
         case when state not in ('queued', 'running') then now() end,
         case when state = 'running' then now() + interval '1 hour' end,
         case when state = 'failed' then 'x' end, case when state = 'failed' then 'x' end
       from unnest($1::uuid[], $4::text[]) as input (id, state)`,
      [states.map(() => newId()), tenant, batchId, states],
    )
  }

  describe('a batch that takes jobs', () => {
    test('waits for more although all have ended, and ends when it is completed', async () => {
      const { service, tenant } = jobs
      const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'open', options: { a: [1] } })
      expect(batch).toMatchObject({ state: 'queued', sealed: false, kind: 'open', options: { a: [1] } })
      const { job } = await service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })
      startWorker({ handlers: { other: () => Promise.resolve(null) } })
      await until(jobs, job.id, ({ state }) => state === 'succeeded')
      const open = await service.batches.updateBatchProgress(jobs.database, tenant, batch.id)
      expect(open).toMatchObject({ state: 'running', finishedAt: null, counts: { succeeded: 1, total: 1 } })
      const ended = await service.batches.completeBatch(jobs.database, tenant, batch.id)
      expect(ended).toMatchObject({ state: 'succeeded', sealed: true })
      await expect(service.batches.completeBatch(jobs.database, tenant, batch.id)).rejects.toMatchObject({
        code: 'BATCH_TRANSITION_REFUSED',
      })
      await expect(service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })).rejects.toMatchObject({
        code: 'BATCH_NOT_FOUND',
        hint: expect.stringMatching(/takes jobs until/),
      })
    })

    test('is not completed while jobs are to be run, says how many, and ends with the last of them', async () => {
      const { service, tenant } = jobs
      const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'early' })
      const { job } = await service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })
      await expect(service.batches.completeBatch(jobs.database, tenant, batch.id)).rejects.toMatchObject({
        code: 'BATCH_UNFINISHED',
        message: expect.stringContaining('1 queued and 0 running'),
      })
      await expect(service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })).rejects.toMatchObject({
        code: 'BATCH_NOT_FOUND',
      })
      startWorker({ handlers: { other: () => Promise.resolve(null) } })
      await until(jobs, job.id, ({ state }) => state === 'succeeded')
      expect(await batchIn(({ finishedAt }) => finishedAt !== null, batch.id)).toMatchObject({ state: 'succeeded' })
    })

    test('that is completed while twelve clients add jobs has every job that was added, and no other', async () => {
      const { service, tenant } = jobs
      const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'contended' })
      const added = Array.from({ length: 12 }, async () => {
        for (let count = 0; ; count += 1) {
          try {
            await service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })
          } catch (error) {
            expect(error).toMatchObject({ code: 'BATCH_NOT_FOUND' })
            return count
          }
        }
      })
      const completed = batchIn(({ counts }) => counts.total > 20, batch.id).then(() =>
        service.batches.completeBatch(jobs.database, tenant, batch.id),
      )
      await expect(completed).rejects.toMatchObject({ code: 'BATCH_UNFINISHED' })
      const total = (await Promise.all(added)).reduce((sum, count) => sum + count, 0)
      startWorker({ handlers: { other: () => Promise.resolve(null) }, concurrency: 50 })
      const ended = await batchIn(({ finishedAt }) => finishedAt !== null, batch.id)
      expect(ended).toMatchObject({ state: 'succeeded', counts: { total, succeeded: total } })
    })
  })

  test('failBatch ends it as failed with its reason, cancels what waits and asks what runs to stop', async () => {
    const { service, tenant } = jobs
    const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'doomed' })
    const add = async () => (await service.createJob(jobs.database, tenant, { ...other, batchId: batch.id })).job.id
    const [done, running] = [await add(), await add()]
    const claimed = await claimAll()
    const { attempt } = claimed.find(({ id }) => id === done)!
    await service.completeJob(jobs.database, tenant, done, { attempt, result: 1 })
    const waiting = await add()
    const failure = { errorCode: 'given up', error: 'The provider closed our account.\0' }
    const failed = await service.batches.failBatch(jobs.database, tenant, batch.id, failure)
    expect(failed).toMatchObject({
      state: 'failed',
      errorCode: 'given up',
      error: 'The provider closed our account.\ufffd',
      counts: { total: 3, succeeded: 1, running: 1, cancelled: 1 },
    })
    expect(await service.getJob(jobs.database, tenant, waiting)).toMatchObject({ state: 'cancelled' })
    const asked = await service.getJob(jobs.database, tenant, running)
    expect(asked.cancelRequestedAt).not.toBeNull()
    await service.failJob(jobs.database, tenant, running, { attempt: 1, errorCode: 'x', error: 'x' })
    expect(await service.getJob(jobs.database, tenant, running)).toMatchObject({ state: 'cancelled' })
    // It stays failed, with the reason that was given.
    expect(await service.batches.updateBatchProgress(jobs.database, tenant, batch.id)).toMatchObject({
      state: 'failed',
      errorCode: 'given up',
    })
    await expect(service.batches.failBatch(jobs.database, tenant, batch.id, failure)).rejects.toMatchObject({
      code: 'BATCH_TRANSITION_REFUSED',
    })
  })

  test('a failed job that a person retries opens its batch again, which then ends anew', async () => {
    const { service, tenant } = jobs
    let works = false
    startWorker({
      handlers: { once: () => (works ? Promise.resolve('works') : Promise.reject(new Error('broken'))) },
    })
    const created = await service.batches.createBatch(jobs.database, tenant, {
      kind: 'repaired',
      jobs: [{ type: 'once', payload: null }],
    })
    const failed = await batchIn(({ finishedAt }) => finishedAt !== null, created.batch.id)
    expect(failed).toMatchObject({ state: 'failed', errorCode: 'all_jobs_failed' })
    works = true
    await service.retryJob(jobs.database, tenant, created.jobs[0]!.job.id)
    const ended = await batchIn(({ state }) => state === 'succeeded', created.batch.id)
    expect(ended).toMatchObject({ errorCode: null, error: null, counts: { succeeded: 1, failed: 0 } })
  })

  test('a batch whose last job ended when nobody was left to say so is ended by the next look', async () => {
    const { service, tenant } = jobs
    const { batch } = await service.batches.createBatch(jobs.database, tenant, { kind: 'forgotten', jobs: [other] })
    await claimAll()
    // The end of the run is written, the process that would have advanced the batch is gone.
    await database.query(
      `update jobs set state = 'succeeded', finished_at = now(), lease_expires_at = null where parent_batch_id = $1`,
      [batch.id],
    )
    const seen = await service.batches.getBatch(jobs.database, tenant, batch.id)
    expect(seen).toMatchObject({ state: 'running', counts: { succeeded: 1 } })
    let after: string | undefined
    do after = await sweepBatches(jobs.database, after)
    while (after !== beforeAllIds)
    expect(await service.batches.getBatch(jobs.database, tenant, batch.id)).toMatchObject({ state: 'succeeded' })
  })

  test('an empty batch succeeds when it is completed, and a cancelled one is cancelled', async () => {
    const { service, tenant } = jobs
    const { batches } = service
    const empty = await batches.createBatch(jobs.database, tenant, { kind: 'empty', jobs: [] })
    expect(empty.batch).toMatchObject({ state: 'succeeded', counts: { total: 0 } })
    const two = await batches.createBatch(jobs.database, tenant, { kind: 'unwanted', jobs: [other, other] })
    for (const { job } of two.jobs) await service.cancelJob(jobs.database, tenant, job.id)
    expect(await batches.getBatch(jobs.database, tenant, two.batch.id)).toMatchObject({ state: 'cancelled' })
  })

  test('a batch is made with all of its jobs or not at all', async () => {
    const { service, tenant } = jobs
    const before = await service.batches.listBatches(jobs.database, tenant, { limit: 500 })
    const kind = 'half'
    const bad = [
      [{ kind, jobs: [other, { type: 'trivial', payload: { n: 'x' } }] }, 'JOB_PAYLOAD_INVALID'],
      [{ kind, jobs: [other, { type: 'nothing', payload: 1 }] }, 'JOB_TYPE_UNKNOWN'],
      [{ kind: '' }, 'JOB_INPUT_INVALID'],
      [{ kind: 'x'.repeat(101) }, 'JOB_INPUT_INVALID'],
      [{ kind: 'nul \0' }, 'JOB_INPUT_INVALID'],
      [{ kind, options: { nul: '\0' } }, 'JOB_INPUT_INVALID'],
    ] as const
    for (const [input, code] of bad) {
      await expect(service.batches.createBatch(jobs.database, tenant, input), code).rejects.toMatchObject({ code })
    }
    const undone = jobs.database.transaction(async (tx) => {
      await service.batches.createBatch(tx, tenant, { kind, jobs: [other] })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await expect(service.batches.createBatch(jobs.database, newId() as never, { kind })).rejects.toMatchObject({
      code: 'TENANT_UNKNOWN',
    })
    expect(await service.batches.listBatches(jobs.database, tenant, { limit: 500 })).toEqual(before)
  })

  test('batches and the jobs of one are listed page by page', async () => {
    const { service, tenant } = jobs
    const { batches } = service
    const made: string[] = []
    for (let n = 0; n < 5; n += 1) {
      made.push((await batches.createBatch(jobs.database, tenant, { kind: 'listed' })).batch.id)
    }
    const first = await batches.listBatches(jobs.database, tenant, { limit: 2 })
    const second = await batches.listBatches(jobs.database, tenant, { limit: 2, after: first.next })
    const ids = [...first.items, ...second.items].map(({ id }) => id)
    expect(ids).toEqual([...made].reverse().slice(0, 4))

    const { batch, jobs: ofBatch } = await batches.createBatch(jobs.database, tenant, {
      kind: 'paged',
      jobs: Array.from({ length: 7 }, () => ({ type: 'once', payload: null })),
    })
    await service.cancelJob(jobs.database, tenant, ofBatch[3]!.job.id)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await service.getJobsForBatch(jobs.database, tenant, batch.id, { limit: 3, after })
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    expect(seen).toEqual(ofBatch.map(({ job }) => job.id))
    const cancelled = await service.getJobsForBatch(jobs.database, tenant, batch.id, {}, { state: 'cancelled' })
    expect(cancelled.items.map(({ id }) => id)).toEqual([ofBatch[3]!.job.id])
    await expect(service.getJobsForBatch(jobs.database, tenant, 'x')).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })
    await expect(batches.listBatches(jobs.database, tenant, { after: 'x' })).rejects.toMatchObject({
      code: 'JOB_INPUT_INVALID',
    })
  })
})

test('the rule: a batch ends exactly when it is sealed and no job is left, and succeeds only if all of them did', () => {
  const count = fc.nat({ max: 3 })
  fc.assert(
    fc.property(
      count,
      count,
      count,
      count,
      count,
      fc.boolean(),
      (queued, running, succeeded, failed, cancelled, sealed) => {
        const total = queued + running + succeeded + failed + cancelled
        const begun = running + succeeded + failed > 0
        const state = batchStateOf({ total, queued, running, succeeded, failed, cancelled }, { begun, sealed })
        const hasEnded = state !== 'queued' && state !== 'running'
        expect(hasEnded).toBe(sealed && queued + running === 0)
        if (state === 'succeeded') expect(succeeded).toBe(total)
        if (state === 'partial') expect([succeeded > 0, succeeded < total]).toEqual([true, true])
        if (state === 'failed') expect([succeeded, failed > 0]).toEqual([0, true])
        if (state === 'cancelled') expect(cancelled).toBe(total)
        if (state === 'queued') expect(begun).toBe(false)
      },
    ),
  )
  expect(jobStates.filter(isFinal)).toEqual(['succeeded', 'failed', 'cancelled'])
})
