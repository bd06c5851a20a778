import { wait } from '@pooler-safe/example-foundation'
import { forEachPooler } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { PermanentJobError, type Job, type NewJob } from '../src/index.ts'
import { claim } from '../src/worker/claim.ts'
import { until, useJobDatabase, useJobs, useWorkers } from './job-database.ts'

const database = useJobDatabase()

/** A promise and what settles it: what tests wait for instead of time. */
function gate<T = void>() {
  return Promise.withResolvers<T>()
}

forEachPooler(database, (pooler) => {
  const jobs = useJobs(() => pooler.url, 8)
  const startWorker = useWorkers(jobs)
  const create = async (type: string, extra: Partial<NewJob> = {}): Promise<Job> =>
    (await jobs.service.createJob(jobs.database, jobs.tenant, { type, payload: { n: 1 }, ...extra })).job
  const steps = async (id: string) =>
    (await jobs.service.getJobEvents(jobs.database, jobs.tenant, id)).map(
      ({ toState, reason }) => `${toState}: ${reason}`,
    )
  const letters = () => jobs.service.queue.deadLetters(jobs.database, 1_000)

  describe('(33) failing runs', () => {
    test('a run that fails is repeated after a pause, and its last error stays readable until it succeeds', async () => {
      const attempts: number[] = []
      startWorker({
        handlers: {
          other: ({ job }) => {
            attempts.push(job.attempt)
            if (job.attempt < 3) throw Object.assign(new Error(`refused ${job.attempt}`), { code: 'ECONNREFUSED' })
            return Promise.resolve('at last')
          },
        },
      })
      const { id } = await create('other')
      const between = await until(jobs, id, ({ failures }) => failures === 1)
      expect(between).toMatchObject({ errorCode: 'ECONNREFUSED', error: 'refused 1', finishedAt: null })
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ result: 'at last', attempt: 3, failures: 2, errorCode: null, error: null })
      expect(attempts).toEqual([1, 2, 3])
      expect(await steps(id)).toEqual([
        'queued: created',
        'running: claimed',
        'queued: retry',
        'running: claimed',
        'queued: retry',
        'running: claimed',
        'succeeded: succeeded',
      ])
    })

    test('back-off: the delivery after a failure is due later, and later still after the next', async () => {
      const { id } = await create('trivial', { maxAttempts: 5 })
      await database.query(`update pgboss.job set retry_delay = 100, retry_delay_max = 10000 where id = $1`, [id])
      const request = { types: ['trivial'], limit: 10, worker: 'w', leaseMs: 60_000 }
      const delays: number[] = []
      for (let run = 0; run < 4; run += 1) {
        const { jobs: claimed } = await claim(jobs.database, jobs.service.queue, request, () => undefined)
        const { attempt } = claimed.find((one) => one.id === id)!
        const failure = { attempt, errorCode: 'x', error: 'x' }
        await jobs.service.failJob(jobs.database, jobs.tenant, id, failure)
        const { rows } = await database.query<{ delay: number }>(
          'select extract(epoch from start_after - now())::float8 as delay from pgboss.job where id = $1',
          [id],
        )
        delays.push(rows[0]!.delay)
        await database.query(`update pgboss.job set start_after = now() where id = $1`, [id])
      }
      // delay × 2^n, half of it fixed and half of it random
      for (const [n, delay] of delays.entries()) {
        expect(delay).toBeGreaterThan(100 * 2 ** n - 5)
        expect(delay).toBeLessThan(100 * 2 ** (n + 1) + 5)
      }
      await jobs.service.cancelJob(jobs.database, jobs.tenant, id)
    })

    test('after its attempts a job fails for good and becomes a dead letter; a person can retry it with all of them', async () => {
      let works = false
      startWorker({
        handlers: {
          other: () => (works ? Promise.resolve('works') : Promise.reject(new Error('does not work yet'))),
        },
      })
      const { id } = await create('other', { maxAttempts: 2 })
      const failed = await until(jobs, id, ({ state }) => state === 'failed')
      expect(failed).toMatchObject({ attempt: 2, failures: 2, maxAttempts: 2, error: 'does not work yet' })
      expect((await steps(id)).at(-1)).toBe('failed: no attempts left')
      expect((await letters()).filter((one) => one === id)).toHaveLength(1)
      works = true
      expect(await jobs.service.retryJob(jobs.database, jobs.tenant, id)).toMatchObject({
        state: 'queued',
        failures: 0,
      })
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ attempt: 3, result: 'works', error: null })
    })

    test('what a handler calls permanent is not repeated, and becomes a dead letter at once', async () => {
      startWorker({
        handlers: { other: () => Promise.reject(new PermanentJobError('GONE', 'The page is gone for ever.')) },
      })
      const { id } = await create('other', { maxAttempts: 5 })
      const failed = await until(jobs, id, ({ state }) => state === 'failed')
      expect(failed).toMatchObject({ attempt: 1, errorCode: 'GONE', error: 'The page is gone for ever.' })
      expect((await letters()).filter((one) => one === id)).toHaveLength(1)
    })

    test('a result that cannot be stored fails its own job, and keeps no other from ending', async () => {
      const circular: Record<string, unknown> = {}
      circular['self'] = circular
      const results = [circular, 'a\0b', '\udc00', 10n, 'x'.repeat(1_000_001), 'good', null, undefined]
      startWorker({
        handlers: { trivial: ({ job }) => Promise.resolve(results[(job.payload as { n: number }).n]) },
        concurrency: 20,
      })
      const made = await jobs.service.createJobs(
        jobs.database,
        jobs.tenant,
        results.map((_, n) => ({ type: 'trivial', payload: { n } })),
      )
      for (const [n, { job }] of made.entries()) {
        const done = await until(jobs, job.id, ({ finishedAt }) => finishedAt !== null)
        if (n < 5) expect(done).toMatchObject({ state: 'failed', errorCode: 'JOB_RESULT_INVALID', attempt: 1 })
        else expect(done).toMatchObject({ state: 'succeeded', result: n === 5 ? 'good' : null })
      }
    })

    test('an error without a message, a thrown string and a NUL in an error are stored as well', async () => {
      const throwing = [
        () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- handlers are other people's code
          throw 'plain'
        },
        () => {
          throw new Error('nul \0 byte \ud800')
        },
        () => {
          throw new Error()
        },
      ]
      startWorker({
        handlers: { trivial: ({ job }) => Promise.resolve(throwing[(job.payload as { n: number }).n]!()) },
      })
      for (const n of throwing.keys()) {
        const { id } = await create('trivial', { payload: { n }, maxAttempts: 1 })
        const failed = await until(jobs, id, ({ state }) => state === 'failed')
        expect(failed.error).toBe(['plain', 'nul \ufffd byte \ufffd', ''][n])
      }
    })

    test('a run that takes too long is told to stop, also when it does not listen', async () => {
      const reasons: unknown[] = []
      startWorker({
        handlers: {
          short: async ({ signal, job }) => {
            signal.addEventListener('abort', () => reasons.push(signal.reason))
            if (job.maxAttempts === 1 || job.attempt === 1) await new Promise(() => undefined)
            return 'in time'
          },
        },
      })
      const hopeless = await create('short', { maxAttempts: 1 })
      expect(await until(jobs, hopeless.id, ({ state }) => state === 'failed')).toMatchObject({
        errorCode: 'timeout',
        error: 'The run took too long.',
      })
      const { id } = await create('short')
      // On a busy machine the second run may be out of time as well.
      const { failures } = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(failures).toBeGreaterThanOrEqual(1)
      expect(reasons).toMatchObject(Array.from({ length: failures + 1 }, () => ({ why: 'timeout' })))
    })
  })

  describe('a running job', () => {
    test('no transaction is open and no backend is held while a handler runs', async () => {
      const [started, finish] = [gate(), gate()]
      startWorker({
        handlers: {
          other: async () => {
            started.resolve()
            await finish.promise
          },
        },
      })
      const { id } = await create('other')
      await started.promise
      try {
        // Seen by a stranger, so the claim is committed.
        const { rows: jobRows } = await database.query('select state, attempt from jobs where id = $1', [id])
        expect(jobRows).toEqual([{ state: 'running', attempt: 1 }])
        for (let look = 0; look < 20; look += 1) {
          const { rows } = await database.query(
            `select pid, state, query from pg_stat_activity
             where datname = current_database() and state like 'idle in transaction%'
               and state_change < now() - interval '250 milliseconds'`,
          )
          expect(rows).toEqual([])
          await wait(25)
        }
      } finally {
        finish.resolve()
      }
      await until(jobs, id, ({ state }) => state === 'succeeded')
    })

    test('says how far it is, never backwards, and others see it while it runs', async () => {
      const finish = gate()
      startWorker({
        handlers: {
          other: async ({ progress }) => {
            progress(40, 100)
            progress(20)
            await finish.promise
            progress(100)
          },
        },
      })
      const { id } = await create('other')
      const running = await until(jobs, id, ({ progressDone }) => progressDone > 0)
      expect(running).toMatchObject({ state: 'running', progressDone: 40, progressTotal: 100 })
      finish.resolve()
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ progressDone: 100, progressTotal: 100 })
    })

    test('is told when it is cancelled, and ends as cancelled; nothing is repeated', async () => {
      const [started, told] = [gate(), gate<unknown>()]
      startWorker({
        handlers: {
          other: ({ signal }) => {
            started.resolve()
            return new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => {
                told.resolve(signal.reason)
                reject(signal.reason as Error)
              })
            })
          },
        },
      })
      const { id } = await create('other')
      await started.promise
      const asked = await jobs.service.cancelJob(jobs.database, jobs.tenant, id, 'changed my mind')
      expect(asked).toMatchObject({ state: 'running' })
      expect(asked.cancelRequestedAt).not.toBeNull()
      expect(await told.promise).toMatchObject({ why: 'cancelled' })
      const ended = await until(jobs, id, ({ state }) => state === 'cancelled')
      expect(ended).toMatchObject({ attempt: 1, errorCode: 'cancelled' })
      expect((await steps(id)).slice(-2)).toEqual([
        'running: cancel requested: changed my mind',
        'cancelled: cancelled',
      ])
      const { rows } = await database.query('select state from pgboss.job where id = $1', [id])
      expect(rows).toEqual([{ state: 'cancelled' }])
    })

    test('that was taken away is told so, and what it returns is dropped', async () => {
      const [started, told] = [gate(), gate<unknown>()]
      const worker = startWorker({
        handlers: {
          other: ({ signal, job }) => {
            if (job.attempt > 1) return Promise.resolve('second run')
            started.resolve()
            return new Promise((resolve) => {
              signal.addEventListener('abort', () => {
                told.resolve(signal.reason)
                resolve('first run, too late')
              })
            })
          },
        },
      })
      const { id } = await create('other')
      await started.promise
      await jobs.service.updateJobStatus(jobs.database, jobs.tenant, id, { to: 'queued', attempt: 1, reason: 'moved' })
      expect(await told.promise).toMatchObject({ why: 'lost' })
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ attempt: 2, result: 'second run' })
      expect(worker.stats).toMatchObject({ lost: 1, succeeded: 1 })
    })

    test('whose worker is not heard of is given to another when its lease has run out, and counts as failed', async () => {
      const { id } = await create('other')
      const lost = { types: ['other'], limit: 10, worker: 'gone', leaseMs: 300 }
      const { jobs: taken } = await claim(jobs.database, jobs.service.queue, lost, () => undefined)
      expect(taken.map((job) => job.id)).toContain(id)
      const worker = startWorker({ handlers: { other: () => Promise.resolve('done') } })
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ attempt: 2, failures: 1 })
      expect(await steps(id)).toEqual([
        'queued: created',
        'running: claimed',
        'queued: lost worker',
        'running: claimed',
        'succeeded: succeeded',
      ])
      expect(worker.stats.recovered).toBeGreaterThanOrEqual(1)
    })

    test('that loses its worker each time fails for good in the end, and one that was cancelled is cancelled', async () => {
      const poison = await create('other', { maxAttempts: 1 })
      const unwanted = await create('other')
      const lost = { types: ['other'], limit: 10, worker: 'gone', leaseMs: 1 }
      await claim(jobs.database, jobs.service.queue, lost, () => undefined)
      await jobs.service.cancelJob(jobs.database, jobs.tenant, unwanted.id)
      startWorker({ handlers: {} })
      const failed = await until(jobs, poison.id, ({ state }) => state === 'failed')
      expect(failed).toMatchObject({ errorCode: 'worker_lost', attempt: 1 })
      await until(jobs, unwanted.id, ({ state }) => state === 'cancelled')
      expect(await letters()).toContain(poison.id)
      expect(await letters()).not.toContain(unwanted.id)
    })
  })

  describe('a worker that is told to stop', () => {
    test('lets runs end within the grace period, and hands back the others without counting them', async () => {
      const [started, slow] = [gate(), gate()]
      let running = 0
      const worker = startWorker({
        graceMs: 200,
        handlers: {
          trivial: async ({ signal, job }) => {
            running += 1
            if (running === 2) started.resolve()
            if ((job.payload as { n: number }).n === 0) return 'in time'
            await slow.promise.catch(() => undefined)
            await new Promise((_resolve, reject) =>
              signal.addEventListener('abort', () => reject(new Error('aborted'))),
            )
            return undefined
          },
        },
      })
      const quick = await create('trivial', { payload: { n: 0 } })
      const stuck = await create('trivial', { payload: { n: 1 }, maxAttempts: 1 })
      await started.promise
      slow.resolve()
      await worker.stop()
      expect(worker.held).toBe(0)
      expect(await until(jobs, quick.id, () => true)).toMatchObject({ state: 'succeeded' })
      expect(await until(jobs, stuck.id, () => true)).toMatchObject({ state: 'queued', attempt: 1, failures: 0 })
      expect((await steps(stuck.id)).at(-1)).toBe('queued: handed back')
      startWorker({ handlers: { trivial: () => Promise.resolve('by another') } })
      const done = await until(jobs, stuck.id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ attempt: 2, result: 'by another' })
    })

    test('claims nothing more', async () => {
      const worker = startWorker({ handlers: { other: () => Promise.resolve(null) } })
      await worker.stop()
      const { id } = await create('other')
      await wait(100)
      expect(await until(jobs, id, () => true)).toMatchObject({ state: 'queued', attempt: 0 })
      await jobs.service.cancelJob(jobs.database, jobs.tenant, id)
    })
  })

  describe('deliveries', () => {
    test('a queued job whose delivery vanished is delivered again', async () => {
      const { id } = await create('other')
      await database.query('delete from pgboss.job where id = $1', [id])
      startWorker({ handlers: { other: () => Promise.resolve('found') } })
      const done = await until(jobs, id, ({ state }) => state === 'succeeded')
      expect(done).toMatchObject({ attempt: 1, result: 'found' })
    })

    test('a delivery whose job has ended, or is gone, is forgotten and runs nothing', async () => {
      const { id } = await create('other')
      await database.query(`update jobs set state = 'cancelled', finished_at = now() where id = $1`, [id])
      const gone = await create('other')
      await database.query('delete from jobs where id = $1', [gone.id])
      const ran: string[] = []
      startWorker({
        handlers: {
          other: ({ job }) => {
            ran.push(job.id)
            return Promise.resolve(null)
          },
        },
      })
      const marker = await create('other', { priority: -1 })
      await until(jobs, marker.id, ({ state }) => state === 'succeeded')
      expect(ran).toEqual([marker.id])
      const { rows } = await database.query('select id from pgboss.job where id = any($1)', [[id, gone.id]])
      expect(rows).toEqual([])
    })

    test('higher priorities come first, and nothing comes before its time', async () => {
      const later = await create('other', { scheduledAt: new Date(Date.now() + 700), priority: 9 })
      const low = await create('other', { priority: -5 })
      const high = await create('other', { priority: 5 })
      const order: string[] = []
      startWorker({
        concurrency: 1,
        handlers: {
          other: ({ job }) => {
            order.push(job.id)
            return Promise.resolve(null)
          },
        },
      })
      const done = await until(jobs, later.id, ({ state }) => state === 'succeeded')
      expect(order).toEqual([high.id, low.id, later.id])
      expect(done.startedAt!.getTime()).toBeGreaterThanOrEqual(done.scheduledAt!.getTime())
    })
  })

  test('(32) 1,000 jobs and 8 workers: every job runs once, and its events say so', async () => {
    const ran = new Map<string, number>()
    const handler = ({ job }: { job: { id: string } }) => {
      ran.set(job.id, (ran.get(job.id) ?? 0) + 1)
      return Promise.resolve(null)
    }
    const made = await jobs.service.createJobs(
      jobs.database,
      jobs.tenant,
      Array.from({ length: 1_000 }, (_, n) => ({ type: 'trivial', payload: { n } })),
    )
    const ids = made.map(({ job }) => job.id)
    // A pool each: eight workers compete as eight processes would, over four backends.
    const pools = Array.from({ length: 8 }, () => createDatabase({ url: pooler.url, max: 3, wireGuard: true }))
    try {
      const workers = pools.map((pool) =>
        startWorker({ database: pool, handlers: { trivial: handler }, concurrency: 25, leaseMs: 30_000 }),
      )
      const end = Date.now() + 20_000
      while (workers.reduce((sum, { stats }) => sum + stats.succeeded, 0) < ids.length && Date.now() < end)
        await wait(20)
      await Promise.all(workers.map((worker) => worker.stop()))
      expect(workers.filter(({ stats }) => stats.claimed > 0).length).toBeGreaterThan(1)
    } finally {
      await Promise.all(pools.map((pool) => pool.close()))
    }
    expect(ids.map((id) => ran.get(id))).toEqual(ids.map(() => 1))
    const { rows } = await database.query<{ events: string; count: string }>(
      `select events, count(*) from (
         select string_agg(to_state, ' ' order by id) as events from job_events where job_id = any($1) group by job_id
       ) x group by 1`,
      [ids],
    )
    expect(rows).toEqual([{ events: 'queued running succeeded', count: '1000' }])
  })
})
