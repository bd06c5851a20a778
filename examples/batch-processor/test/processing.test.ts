import { forEachPooler } from '@pooler-safe/tests/support'
import { afterEach, describe, expect, test } from 'vitest'
import type { ItemProcessor } from '../src/index.ts'
import { countedTwice, hasEnded, until, useBatchDatabase, useBatches, useBatchWorkers } from './batch-database.ts'
import { startWeb, type TestWeb } from './web.ts'

const database = useBatchDatabase()
const opened: TestWeb[] = []

afterEach(async () => {
  for (const web of opened.splice(0)) await web[Symbol.asyncDispose]()
})

async function web(answer: Parameters<typeof startWeb>[0]): Promise<TestWeb> {
  const started = await startWeb(answer)
  opened.push(started)
  return started
}

/** A promise and what settles it: what tests wait for instead of time. */
function gate<T = void>() {
  return Promise.withResolvers<T>()
}

const hosts = (count: number, suffix = 'test'): string[] =>
  Array.from({ length: count }, (_, n) => `site-${String(n).padStart(4, '0')}.${suffix}`)

forEachPooler(database, (pooler) => {
  const under = useBatches(() => pooler.url, { work: () => Promise.resolve(null) })
  const startWorker = useBatchWorkers(under)
  const status = (id: string) => under.batches.getBatchStatus(under.database, under.tenant, id, { limit: 500 })

  test('(6) two valid, two invalid and a failing site: partial, 2 of 3, each with its reason', async () => {
    const site = await web((host) => (host === 'broken.test' ? { status: 503 } : { title: `Home of ${host}` }))
    const { batch, report } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      [site.url('one.test'), 'not a site', site.url('two.test'), 'http://', site.url('broken.test')],
      { retryDelayMs: 0 },
    )
    expect(report).toMatchObject({ kept: 3, invalid: 2, duplicate: 0 })
    expect(report.rejected).toEqual([
      expect.objectContaining({
        line: 2,
        input: 'not a site',
        verdict: 'invalid',
        reason: expect.stringMatching(/host name/),
      }),
      expect.objectContaining({
        line: 4,
        input: 'http://',
        verdict: 'invalid',
        reason: expect.stringMatching(/host name/),
      }),
    ])
    expect(batch).toMatchObject({ state: 'queued', counts: { total: 3, queued: 3 } })
    expect(await under.jobs.getJob(under.database, under.tenant, batch.jobId!)).toMatchObject({ state: 'queued' })

    await startWorker({ http: site.client })
    await until(under, batch.id, hasEnded)
    const ended = await status(batch.id)
    expect(ended).toMatchObject({
      state: 'partial',
      counts: { total: 3, queued: 0, running: 0, succeeded: 2, failed: 1, cancelled: 0 },
      progress: 1,
      etaMs: null,
      topErrors: [{ errorCode: 'http_5xx', items: 1 }],
    })
    expect(ended.startedAt!.getTime()).toBeGreaterThanOrEqual(ended.createdAt.getTime())
    expect(ended.finishedAt!.getTime()).toBeGreaterThanOrEqual(ended.startedAt!.getTime())
    expect(ended.elapsedMs).toBeGreaterThan(0)
    expect(ended.itemsPerSecond).toBeGreaterThan(0)
    expect(ended.items.items).toEqual([
      expect.objectContaining({ ordinal: 1, host: 'one.test', state: 'succeeded', errorCode: null }),
      expect.objectContaining({ ordinal: 3, host: 'two.test', state: 'succeeded', jobId: batch.jobId }),
      expect.objectContaining({
        ordinal: 5,
        host: 'broken.test',
        state: 'failed',
        attempts: 3,
        failures: 3,
        errorCode: 'http_5xx',
        error: 'broken.test answered 503.',
        result: null,
      }),
    ])
    expect(ended.items.items[0]!.result).toMatchObject({ status: 200, title: 'Home of one.test' })
  })

  test('four failing sites are four failed items and a failed batch', async () => {
    const site = await web(() => ({ status: 404 }))
    const { batch } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      hosts(4).map((host) => site.url(host)),
    )
    await startWorker({ http: site.client })
    await until(under, batch.id, hasEnded)
    expect(await status(batch.id)).toMatchObject({
      state: 'failed',
      counts: { succeeded: 0, failed: 4 },
      topErrors: [{ errorCode: 'http_4xx', items: 4 }],
    })
  })

  test('(7) a poller sees counts that only grow, one by one, and whose sum is the total at every reading', async () => {
    const [one, rest] = [gate(), gate()]
    let begun = 0
    const slow: ItemProcessor = async () => {
      begun += 1
      await (begun <= 10 ? one.promise : rest.promise)
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20))
      if (Math.random() < 0.3) throw Object.assign(new Error('no'), { code: 'no', retryable: false })
      return null
    }
    await startWorker({ processors: { work: slow } })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(200), {
      kind: 'work',
      maxConcurrent: 10,
    })
    const first = until(under, batch.id, ({ counts }) => counts.succeeded + counts.failed >= 10)
    one.resolve()
    const before = await first
    rest.resolve()
    const readings = [...before, ...(await until(under, batch.id, hasEnded))]
    let last = 0
    for (const { counts, state } of readings) {
      const { total, queued, running, succeeded, failed, cancelled } = counts
      expect(queued + running + succeeded + failed + cancelled).toBe(total)
      expect(total).toBe(200)
      expect(running).toBeLessThanOrEqual(10)
      expect(succeeded + failed).toBeGreaterThanOrEqual(last)
      last = succeeded + failed
      if (last === 200) expect(hasEnded({ state })).toBe(true)
      else expect(['queued', 'running']).toContain(state)
    }
    // Not from nothing to everything at the end.
    const distinct = new Set(readings.map(({ counts }) => counts.succeeded + counts.failed))
    expect(distinct.size).toBeGreaterThan(10)
    const { said, counted } = await countedTwice(database, batch.id)
    expect(said).toEqual(counted)
  })

  test('nobody can write a state, or counts that do not add up', async () => {
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(3), {
      kind: 'work',
    })
    const forge = (change: string) => database.query(`update domain_batches set ${change} where id = $1`, [batch.id])
    await expect(forge(`state = 'succeeded'`)).rejects.toThrow(/can only be updated to DEFAULT/)
    await expect(forge(`succeeded = 3`)).rejects.toThrow(/domain_batches_counts/)
    await expect(forge(`queued = 0, succeeded = 3`)).rejects.toThrow(/domain_batches_finished/)
    await under.batches.cancelBatch(under.database, under.tenant, batch.id)
  })

  test('(9) cancelled: nothing is begun from the commit on, what runs is told, and every other process sees it', async () => {
    const started: string[] = []
    const told: string[] = []
    await startWorker({
      processors: {
        work: ({ host }, { signal }) => {
          started.push(host)
          return new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              told.push(host)
              reject(signal.reason as Error)
            })
          })
        },
      },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(500), {
      kind: 'work',
      maxConcurrent: 5,
    })
    await until(under, batch.id, ({ counts }) => counts.running === 5)
    const cancelled = await under.batches.cancelBatch(under.database, under.tenant, batch.id)
    const atCancel = started.length
    expect(cancelled.counts).toMatchObject({ queued: 0, cancelled: 495 })
    expect(cancelled.cancelRequestedAt).not.toBeNull()
    await until(under, batch.id, hasEnded, 1_000)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    expect(started.length).toBe(atCancel)
    expect(told.sort()).toEqual([...started].sort())
    const { rows } = await database.query(
      'select state, cancelled, finished_at is not null as ended from domain_batches where id = $1',
      [batch.id],
    )
    expect(rows).toEqual([{ state: 'cancelled', cancelled: 500, ended: true }])
    await expect(under.batches.cancelBatch(under.database, under.tenant, batch.id)).rejects.toMatchObject({
      code: 'BATCH_TRANSITION_REFUSED',
    })
    const { said, counted } = await countedTwice(database, batch.id)
    expect(said).toEqual(counted)
  })

  test('an item that fails while its batch is being cancelled is not run again', async () => {
    const [begun, fail] = [gate(), gate()]
    await startWorker({
      processors: {
        work: async () => {
          begun.resolve()
          await fail.promise
          throw new Error('in the middle of it')
        },
      },
      tuning: { lookMs: 10_000, leaseMs: 30_000, abandonMs: 100 },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(1), {
      kind: 'work',
    })
    await begun.promise
    await until(under, batch.id, ({ counts }) => counts.running === 1)
    await under.batches.cancelBatch(under.database, under.tenant, batch.id)
    fail.resolve()
    await until(under, batch.id, hasEnded)
    expect((await status(batch.id)).items.items).toMatchObject([{ state: 'cancelled', error: 'in the middle of it' }])
  })

  test('(10) maxConcurrent = 3 is what the target server observes, also with two runs of the batch', async () => {
    const site = await web(async () => {
      await new Promise((resolve) => setTimeout(resolve, 15))
      return {}
    })
    const { batch } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      hosts(60).map((host) => site.url(host)),
      { maxConcurrent: 3 },
    )
    const worker = await startWorker({ http: site.client })
    const second = worker.processor.processBatchWithOwnSession(under.tenant, batch.id, { lookMs: 5 })
    const readings = await until(under, batch.id, hasEnded)
    expect(await second).toMatchObject({ left: 'ended', state: 'succeeded' })
    expect(site.mostAtOnce).toBe(3)
    expect(Math.max(...readings.map(({ counts }) => counts.running))).toBeLessThanOrEqual(3)
    expect(site.seen.map(({ host }) => host).sort()).toEqual(hosts(60))
  })

  test('of one domain no more than maxPerDomain run at once, while others go on', async () => {
    const site = await web(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10))
      return {}
    })
    const { batch } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      [...hosts(30), ...hosts(10, 'other.test')].map((host) => site.url(host)),
      { maxConcurrent: 8, maxPerDomain: 2 },
    )
    await database.query(
      `update domain_batch_items set domain = case when host like '%.other.test' then 'other.test' else 'one.test' end
       where batch_id = $1`,
      [batch.id],
    )
    await startWorker({ http: site.client })
    await until(under, batch.id, hasEnded)
    const domain = (host: string): string => (host.endsWith('.other.test') ? 'other.test' : 'one.test')
    expect(site.mostAtOnceOf(domain)).toBe(2)
    expect(site.mostAtOnce).toBeGreaterThan(2)
  })

  test('an item that takes too long fails as timeout, also when it does not listen, and is repeated as often as allowed', async () => {
    const attempts: number[] = []
    await startWorker({
      processors: {
        work: ({ attempt }) => {
          attempts.push(attempt)
          return attempt < 3 ? new Promise(() => undefined) : Promise.resolve('in time')
        },
      },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(1), {
      kind: 'work',
      itemTimeoutMs: 50,
      retryDelayMs: 0,
    })
    await until(under, batch.id, hasEnded)
    expect(attempts).toEqual([1, 2, 3])
    expect((await status(batch.id)).items.items).toMatchObject([
      { state: 'succeeded', attempts: 3, failures: 2, error: null },
    ])
  })

  test('what a processor returns or throws is stored as it is, or fails its own item alone', async () => {
    const circular: Record<string, unknown> = {}
    circular['self'] = circular
    const results = [{ fine: true }, circular, 'nul \0', '\ud800', 'x'.repeat(200_001), undefined, { text: '\\u0000' }]
    await startWorker({
      processors: {
        work: ({ ordinal }) => {
          if (ordinal <= results.length) return Promise.resolve(results[ordinal - 1])
          if (ordinal === results.length + 1) throw new Error('nul \0 byte')
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- processors are other people's code
          throw 'plain'
        },
      },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(9), {
      kind: 'work',
      maxAttempts: 1,
    })
    await until(under, batch.id, hasEnded)
    const { items } = (await status(batch.id)).items
    expect(items.map(({ state, errorCode }) => errorCode ?? state)).toEqual([
      'succeeded',
      'result_invalid',
      'result_invalid',
      'result_invalid',
      'result_invalid',
      'succeeded',
      'succeeded',
      'Error',
      'unknown',
    ])
    expect(items[6]!.result).toEqual({ text: '\\u0000' })
    expect(items[7]!.error).toBe('nul \ufffd byte')
  })

  test('while an item is processed no transaction is open', async () => {
    const [begun, finish] = [gate(), gate()]
    await startWorker({
      processors: {
        work: async () => {
          begun.resolve()
          await finish.promise
        },
      },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(1), {
      kind: 'work',
    })
    await begun.promise
    await until(under, batch.id, ({ counts }) => counts.running === 1)
    try {
      for (let look = 0; look < 20; look += 1) {
        const { rows } = await database.query(
          `select query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
             and state_change < now() - interval '250 milliseconds'`,
        )
        expect(rows).toEqual([])
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    } finally {
      finish.resolve()
    }
    await until(under, batch.id, hasEnded)
  })

  describe('pausing', () => {
    test('a paused batch begins nothing, lets what runs end, and goes on where it was when resumed', async () => {
      const gates = Array.from({ length: 20 }, () => gate())
      const started: number[] = []
      await startWorker({
        processors: {
          work: async ({ ordinal }) => {
            started.push(ordinal)
            await gates[ordinal - 1]!.promise
          },
        },
      })
      const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(20), {
        kind: 'work',
        maxConcurrent: 4,
      })
      await until(under, batch.id, ({ counts }) => counts.running === 4)
      const paused = await under.batches.pauseBatch(under.database, under.tenant, batch.id)
      expect(paused).toMatchObject({ state: 'paused', counts: { running: 4, queued: 16 } })
      for (const gate of gates) gate.resolve()
      await until(under, batch.id, ({ counts }) => counts.running === 0)
      // The run leaves the batch, so that its job ends as well.
      await expect
        .poll(async () => (await under.jobs.getJob(under.database, under.tenant, batch.jobId!)).state)
        .toBe('succeeded')
      expect(started).toHaveLength(4)
      const before = await status(batch.id)
      expect(before).toMatchObject({ state: 'paused', etaMs: null, counts: { succeeded: 4, queued: 16 } })
      await new Promise((resolve) => setTimeout(resolve, 300))
      const later = await status(batch.id)
      expect(later.elapsedMs).toBe(before.elapsedMs)

      const resumed = await under.batches.resumeBatch(under.database, under.tenant, batch.id)
      expect(resumed.jobId).not.toBe(batch.jobId)
      await until(under, batch.id, hasEnded)
      const ended = await status(batch.id)
      expect(ended).toMatchObject({ state: 'succeeded', counts: { succeeded: 20 } })
      expect(started.sort((a, b) => a - b)).toEqual(gates.map((_, n) => n + 1))
      // The pause is not time it was worked on.
      const wall = ended.finishedAt!.getTime() - ended.startedAt!.getTime()
      expect(ended.elapsedMs).toBeLessThan(wall - 250)
    })

    test('resuming at the very moment at which the run leaves loses nothing, five times', async () => {
      await startWorker({ processors: { work: () => Promise.resolve(null) } })
      for (let round = 0; round < 5; round += 1) {
        const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(30), {
          kind: 'work',
          maxConcurrent: 2,
        })
        await under.batches.pauseBatch(under.database, under.tenant, batch.id).catch(() => undefined)
        await new Promise((resolve) => setTimeout(resolve, round * 12))
        await under.batches.resumeBatch(under.database, under.tenant, batch.id).catch(() => undefined)
        await until(under, batch.id, hasEnded)
      }
    }, 60_000)

    test('what cannot be paused, resumed or retried is refused by name', async () => {
      const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(2), {
        kind: 'work',
      })
      const refused = { code: 'BATCH_TRANSITION_REFUSED' }
      const { batches, database: db, tenant } = under
      await expect(batches.resumeBatch(db, tenant, batch.id)).rejects.toMatchObject(refused)
      await expect(batches.retryFailedItems(db, tenant, batch.id)).rejects.toMatchObject(refused)
      await batches.cancelBatch(db, tenant, batch.id)
      await expect(batches.pauseBatch(db, tenant, batch.id)).rejects.toMatchObject(refused)
      await expect(batches.resumeBatch(db, tenant, batch.id)).rejects.toMatchObject(refused)
    })
  })

  test('only failed items are retried, with all their attempts, and the batch ends anew', async () => {
    let works = false
    const runs: number[] = []
    await startWorker({
      processors: {
        work: ({ ordinal }) => {
          runs.push(ordinal)
          if (works || ordinal > 3) return Promise.resolve(ordinal)
          return Promise.reject(Object.assign(new Error('no'), { code: ordinal === 3 ? 'odd' : 'down' }))
        },
      },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(10), {
      kind: 'work',
      maxAttempts: 2,
      retryDelayMs: 0,
    })
    await until(under, batch.id, hasEnded)
    const before = await status(batch.id)
    expect(before).toMatchObject({
      state: 'partial',
      round: 1,
      counts: { succeeded: 7, failed: 3 },
      topErrors: [
        { errorCode: 'down', items: 2 },
        { errorCode: 'odd', items: 1 },
      ],
    })
    expect(runs.filter((one) => one === 1)).toHaveLength(2)
    works = true
    runs.length = 0
    const retried = await under.batches.retryFailedItems(under.database, under.tenant, batch.id, { errorCode: 'down' })
    expect(retried).toMatchObject({ round: 2, finishedAt: null })
    await until(under, batch.id, hasEnded)
    expect(await status(batch.id)).toMatchObject({
      state: 'partial',
      counts: { succeeded: 9, failed: 1 },
      topErrors: [{ errorCode: 'odd', items: 1 }],
    })
    await under.batches.retryFailedItems(under.database, under.tenant, batch.id)
    await until(under, batch.id, hasEnded)
    expect(await status(batch.id)).toMatchObject({ state: 'succeeded', round: 3, topErrors: [] })
    expect(runs.sort()).toEqual([1, 2, 3])
    const { said, counted } = await countedTwice(database, batch.id)
    expect(said).toEqual(counted)
  })

  test('a batch whose job was cancelled or gave up gets a new one', async () => {
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(3), {
      kind: 'work',
    })
    await under.jobs.cancelJob(under.database, under.tenant, batch.jobId!)
    await startWorker({ processors: { work: () => Promise.resolve(null) } })
    await until(under, batch.id, hasEnded)
    expect((await status(batch.id)).jobId).not.toBe(batch.jobId)
  })

  test('a long run leaves the rest to a new job', async () => {
    await startWorker({
      processors: { work: () => new Promise((resolve) => setTimeout(resolve, 20)) },
      tuning: { lookMs: 20, leaseMs: 2_000, abandonMs: 100, longestRunMs: 100 },
    })
    const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, hosts(40), {
      kind: 'work',
      maxConcurrent: 2,
    })
    await until(under, batch.id, hasEnded)
    const { items } = (await status(batch.id)).items
    expect(new Set(items.map(({ jobId }) => jobId)).size).toBeGreaterThan(1)
    expect(items.every(({ attempts }) => attempts === 1)).toBe(true)
  })
})
