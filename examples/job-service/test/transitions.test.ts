import { forEachPooler } from '@pooler-safe/tests/support'
import { newId } from '@pooler-safe/example-foundation'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canBecome, JobServiceError, jobStates, TransitionRefusedError, type Job, type JobState } from '../src/index.ts'
import { claim } from '../src/worker/claim.ts'
import { until, useJobDatabase, useJobs, useWorkers, type JobsUnderTest } from './job-database.ts'

const database = useJobDatabase()

/** Claims queued jobs as a worker does. */
async function claimAs(jobs: JobsUnderTest, worker: string, type = 'trivial', leaseMs = 60_000) {
  const request = { types: [type], limit: 100, worker, leaseMs }
  return (await claim(jobs.database, jobs.service.queue, request, () => undefined)).jobs
}

async function events(jobs: JobsUnderTest, id: string) {
  const all = await jobs.service.getJobEvents(jobs.database, jobs.tenant, id)
  return all.map(({ fromState, toState, reason, attempt }) => [fromState, toState, reason, attempt])
}

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url)
  const startWorker = useWorkers(jobs)
  const create = async (type = 'trivial', extra: object = {}): Promise<Job> =>
    (await jobs.service.createJob(jobs.database, jobs.tenant, { type, payload: { n: 1 }, ...extra })).job

  /** A job in a state, with the attempt that holds or held it. */
  async function jobIn(state: JobState): Promise<Job> {
    const { service, tenant } = jobs
    const job = await create('once')
    if (state === 'queued') return job
    if (state === 'cancelled') return service.cancelJob(jobs.database, tenant, job.id)
    const claimed = (await claimAs(jobs, 'holder', 'once')).find(({ id }) => id === job.id)!
    const run = { attempt: claimed.attempt }
    if (state === 'succeeded') return service.completeJob(jobs.database, tenant, job.id, { ...run, result: 1 })
    if (state === 'failed') {
      return service.failJob(jobs.database, tenant, job.id, { ...run, errorCode: 'boom', error: 'Boom.' })
    }
    return service.getJob(jobs.database, tenant, job.id)
  }

  describe('(31) the state machine', () => {
    for (const from of jobStates) {
      for (const to of jobStates) {
        const isPossible = canBecome(from, to) && to !== 'running'
        test(`${from} → ${to} is ${isPossible ? 'made, with its event' : 'refused, and changes nothing'}`, async () => {
          const { service, tenant } = jobs
          const job = await jobIn(from)
          const before = await events(jobs, job.id)
          const holds = from === 'running' ? { attempt: job.attempt } : {}
          const change = service.updateJobStatus(jobs.database, tenant, job.id, { to, ...holds })
          if (!isPossible) {
            await expect(change).rejects.toThrow(TransitionRefusedError)
            expect(await service.getJob(jobs.database, tenant, job.id)).toEqual(job)
            expect(await events(jobs, job.id)).toEqual(before)
            return
          }
          expect((await change).state).toBe(to)
          const after = await events(jobs, job.id)
          expect(after).toHaveLength(before.length + 1)
          expect(after.at(-1)?.slice(0, 2)).toEqual([from, to])
        })
      }
    }

    test('the tables refuse by themselves what the machine forbids', async () => {
      const job = await jobIn('succeeded')
      const event = `insert into job_events (job_id, tenant_id, from_state, to_state, reason, attempt)
                     values ($1, $2, 'succeeded', 'running', 'by hand', 1)`
      await expect(database.query(event, [job.id, job.tenantId])).rejects.toMatchObject({ code: '23514' })
      await expect(database.query(`update jobs set state = 'running' where id = $1`, [job.id])).rejects.toMatchObject({
        code: '23514',
      })
      await expect(database.query(`update jobs set state = 'done' where id = $1`, [job.id])).rejects.toMatchObject({
        code: '23514',
      })
    })

    test('a stale worker can neither complete, fail, progress nor hand back a job that another holds', async () => {
      const { service, tenant } = jobs
      const job = await create('other')
      const [stale] = await claimAs(jobs, 'stale', 'other')
      await service.updateJobStatus(jobs.database, tenant, job.id, { to: 'queued', attempt: stale!.attempt })
      const [holder] = await claimAs(jobs, 'holder', 'other')
      expect(holder).toMatchObject({ id: job.id, attempt: stale!.attempt + 1 })

      const run = { attempt: stale!.attempt }
      const failure = { ...run, errorCode: 'late', error: 'late' }
      const attempts = [
        () => service.completeJob(jobs.database, tenant, job.id, { ...run, result: 'late' }),
        () => service.failJob(jobs.database, tenant, job.id, failure),
        () => service.updateProgress(jobs.database, tenant, job.id, { ...run, done: 1 }),
        () => service.updateJobStatus(jobs.database, tenant, job.id, { to: 'queued', ...run }),
      ]
      for (const attempt of attempts) {
        await expect(attempt()).rejects.toMatchObject({ code: 'JOB_ATTEMPT_STALE', attempt: holder!.attempt })
      }
      const done = await service.completeJob(jobs.database, tenant, job.id, {
        attempt: holder!.attempt,
        result: 'mine',
      })
      expect(done).toMatchObject({ state: 'succeeded', result: 'mine' })
      const terminal = (await events(jobs, job.id)).filter(([, to]) => to === 'succeeded')
      expect(terminal).toEqual([['running', 'succeeded', 'succeeded', holder!.attempt]])
    })

    test('of many that complete the same run at once, one does', async () => {
      const { service, tenant } = jobs
      const job = await create('other')
      const [run] = await claimAs(jobs, 'holder', 'other')
      const ends = await Promise.allSettled(
        Array.from({ length: 8 }, (_, n) =>
          service.completeJob(jobs.database, tenant, job.id, { attempt: run!.attempt, result: n }),
        ),
      )
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      expect((await events(jobs, job.id)).filter(([, to]) => to === 'succeeded')).toHaveLength(1)
    })
  })

  test('while a job with a key is live a second one is not made; when it has ended, one is', async () => {
    const { service, tenant } = jobs
    const input = { type: 'other', payload: null, dedupeKey: newId() }
    const all = await Promise.all(Array.from({ length: 12 }, () => service.createJob(jobs.database, tenant, input)))
    expect(all.filter(({ created }) => created)).toHaveLength(1)
    expect(new Set(all.map(({ job }) => job.id)).size).toBe(1)
    await service.cancelJob(jobs.database, tenant, all[0]!.job.id)
    const [again, twin] = await service.createJobs(jobs.database, tenant, [input, input])
    expect(again).toMatchObject({ created: true })
    expect(twin).toMatchObject({ created: false, job: { id: again!.job.id } })
    await service.cancelJob(jobs.database, tenant, again!.job.id)
  })

  test('every spelling of a site leads to the same live job', async () => {
    const { service, tenant } = jobs
    const spellings = ['https://www.Example.com:443/x', 'example.com', 'EXAMPLE.com.', 'http://user@example.com?q']
    const made = []
    for (const domain of spellings) {
      made.push(await service.createJobForDomain(jobs.database, tenant, domain, { type: 'other', payload: null }))
    }
    expect(made.map(({ created }) => created)).toEqual([true, false, false, false])
    const { items } = await service.listJobs(jobs.database, tenant, { domain: 'WWW.example.com', state: 'queued' })
    expect(items.map(({ id }) => id)).toEqual([made[0]!.job.id])
    await service.cancelJob(jobs.database, tenant, made[0]!.job.id)
    await expect(
      service.createJobForDomain(jobs.database, tenant, 'not a host', { type: 'other', payload: null }),
    ).rejects.toMatchObject({ code: 'HOST_INVALID' })
  })

  test('pages neither repeat nor leave out a job while new ones are added', async () => {
    const { service, tenant } = jobs
    const input = Array.from({ length: 25 }, () => ({ type: 'other', payload: null }))
    const made = (await service.createJobs(jobs.database, tenant, input)).map(({ job }) => job.id)
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await service.listJobs(
        jobs.database,
        tenant,
        { type: 'other', state: 'queued' },
        { limit: 7, after },
      )
      seen.push(...page.items.map(({ id }) => id))
      after = page.next
      await service.createJob(jobs.database, tenant, { type: 'other', payload: null })
    } while (after !== undefined)
    expect(seen).toEqual([...made].reverse())
    const oldest = await service.getPendingJobs(jobs.database, tenant, { type: 'other' }, { limit: 3 })
    expect(oldest.items.map(({ id }) => id)).toEqual(made.slice(0, 3))
    const recent = await service.getRecentJobs(jobs.database, tenant, 2)
    expect(recent).toHaveLength(2)
    const { items } = await service.listJobs(jobs.database, tenant, { type: 'other', state: 'queued' }, { limit: 500 })
    for (const { id } of items) await service.cancelJob(jobs.database, tenant, id)
  })

  test('what cannot be used is refused with what to do, before anything is written', async () => {
    const { service, tenant } = jobs
    const cases: [object, string][] = [
      [{ type: 'nothing', payload: null }, 'JOB_TYPE_UNKNOWN'],
      [{ type: 'trivial', payload: { n: 'one' } }, 'JOB_PAYLOAD_INVALID'],
      [{ type: 'trivial', payload: { n: 1, more: 2 } }, 'JOB_PAYLOAD_INVALID'],
      [{ type: 'other', payload: 'a\0b' }, 'JOB_PAYLOAD_INVALID'],
      [{ type: 'other', payload: '\ud800' }, 'JOB_PAYLOAD_INVALID'],
      [{ type: 'other', payload: 'x'.repeat(1_000_001) }, 'JOB_PAYLOAD_INVALID'],
      [{ type: 'other', payload: null, maxAttempts: 0 }, 'JOB_INPUT_INVALID'],
      [{ type: 'other', payload: null, priority: 0.5 }, 'JOB_INPUT_INVALID'],
      [{ type: 'other', payload: null, dedupeKey: '' }, 'JOB_INPUT_INVALID'],
      [{ type: 'other', payload: null, batchId: newId() }, 'BATCH_NOT_FOUND'],
      [{ type: 'other', payload: null, batchId: "x' or true" }, 'BATCH_NOT_FOUND'],
    ]
    for (const [input, code] of cases) {
      const made = service.createJob(jobs.database, tenant, input as never)
      await expect(made, code).rejects.toMatchObject({ code })
    }
    for (const id of ['', 'x', "' or true --", newId()]) {
      await expect(service.getJob(jobs.database, tenant, id)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    }
    await expect(service.listJobs(jobs.database, tenant, {}, { after: 'x' })).rejects.toThrow(JobServiceError)
    await expect(service.listJobs(jobs.database, tenant, {}, { limit: 0 })).rejects.toThrow(JobServiceError)
    await expect(
      service.createJob(jobs.database, newId() as never, { type: 'other', payload: null }),
    ).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' })
  })

  test('any JSON value goes in and comes out unchanged, quotes, emoji and right-to-left marks included', async () => {
    const { service, tenant } = jobs
    const values = fc.sample(fc.jsonValue({ maxDepth: 3 }), { numRuns: 60, seed: 7 })
    const input = [...values, { '\u202e</script>': "'; drop table jobs; --", '🙂': [null, 0.1, -0] }]
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown)
      .filter((value) => !/\\u0000|\\ud[89a-f]/i.test(JSON.stringify(value).replaceAll('\\\\', '')))
    const made = await service.createJobs(
      jobs.database,
      tenant,
      input.map((payload) => ({ type: 'other', payload })),
    )
    expect(made.map(({ job }) => job.payload)).toEqual(input)
    startWorker({ handlers: { other: ({ job }) => Promise.resolve(job.payload) }, concurrency: 20 })
    for (const [n, { job }] of made.entries()) {
      const done = await until(jobs, job.id, ({ state }) => state === 'succeeded')
      expect(done.result).toEqual(input[n])
    }
  })
})
