import { wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { expect, test } from 'vitest'
import { createEventSource, eventStream } from '../src/index.ts'
import { openApiUnderTest, testLogger, useApi, useApiDatabase } from './api-under-test.ts'
import { listen } from './event-listener.ts'

const database = useApiDatabase()
const under = useApi(() => database.pooledUrl, { heartbeatMs: 400 })

/** A batch whose counts the test changes as a worker would. */
async function newBatch(): Promise<string> {
  const { platform, database: db, tenant } = under.current
  const domains = Array.from({ length: 10 }, (_, n) => `item-${n}.test`)
  return (await platform.batches.initiateBatchProcessing(db, tenant, domains)).batch.id
}

async function succeed(batch: string, items: number): Promise<void> {
  await database.query(
    `update domain_batches set queued = queued - $2, succeeded = succeeded + $2,
       started_at = coalesce(started_at, now()), finished_at = case when queued = $2 then now() end where id = $1`,
    [batch, items],
  )
}

test('a stream tells the state of a batch, what changes, and its end; then it closes', async () => {
  const { call } = under.current
  const batch = await newBatch()
  await using stream = await listen(call, `/v1/batches/${batch}/stream`)
  const counts = async () => ((await stream.next('batch')).data as { state: { counts: unknown } }).state.counts
  expect(await counts()).toMatchObject({ queued: 10, succeeded: 0 })
  await succeed(batch, 4)
  expect(await counts()).toMatchObject({ queued: 6, succeeded: 4 })
  await succeed(batch, 6)
  expect(await counts()).toMatchObject({ queued: 0, succeeded: 10 })
  expect((await stream.next('end')).data).toEqual({})
  expect(await stream.ended()).toBe(true)
  expect(stream.comments).toBeGreaterThan(0)
}, 20_000)

test('with Last-Event-ID a stream begins with what has changed since, and says 204 when all is known', async () => {
  const { call } = under.current
  const batch = await newBatch()
  const path = `/v1/batches/${batch}/stream`
  const first = await listen(call, path)
  const { id } = await first.next('batch')
  await first[Symbol.asyncDispose]()

  // Nothing has changed: it is silent until something does.
  const second = await listen(call, path, id)
  await succeed(batch, 3)
  const event = await second.next('batch')
  expect(event.data).toMatchObject({ state: { counts: { succeeded: 3 } } })
  expect(second.events).toBe(1)
  await second[Symbol.asyncDispose]()

  // The end came while nobody listened.
  await succeed(batch, 7)
  const third = await listen(call, path, event.id)
  const last = await third.next('batch')
  expect(last.data).toMatchObject({ state: { state: 'succeeded' } })
  await third.next('end')
  await third[Symbol.asyncDispose]()
  const headers = { 'last-event-id': last.id ?? '' }
  expect((await call(path, { headers })).status).toBe(204)
}, 20_000)

test('one stream tells about several things, and resumes all of them by one id', async () => {
  const { call } = under.current
  const [one, two] = [await newBatch(), await newBatch()]
  const path = `/v1/events?topics=batch:${one},batch:${two},jobs`
  const first = await listen(call, path)
  const seen = [await first.next(), await first.next(), await first.next()]
  expect(new Set(seen.map(({ data }) => (data as { topic: string }).topic))).toEqual(
    new Set([`batch:${one}`, `batch:${two}`, 'jobs']),
  )
  await first[Symbol.asyncDispose]()
  await succeed(two, 1)
  const second = await listen(call, path, seen.at(-1)?.id)
  expect((await second.next()).data).toMatchObject({ topic: `batch:${two}` })
  expect(second.events).toBe(1)
  await second[Symbol.asyncDispose]()
}, 20_000)

test('streams of 500 clients are fed by one look at a time, and all of them are told', async () => {
  const { call, api } = under.current
  const batches = await Promise.all(Array.from({ length: 10 }, newBatch))
  global.gc?.()
  const before = process.memoryUsage().rss
  const streams = await Promise.all(
    Array.from({ length: 500 }, (_, n) => listen(call, `/v1/batches/${batches[n % 10] ?? ''}/stream`)),
  )
  await Promise.all(streams.map((stream) => stream.next('batch')))
  expect(api.events.stats()).toMatchObject({ streams: 500, topics: 10 })
  const at = api.events.stats().statements
  const startedAt = performance.now()
  await wait(3_000)
  const looks = (performance.now() - startedAt) / 1_000
  const statements = api.events.stats().statements - at
  expect(statements).toBeGreaterThan(0)
  expect(statements).toBeLessThanOrEqual(looks + 1)
  await Promise.all(batches.map((batch) => succeed(batch, 10)))
  const told = await Promise.all(streams.map((stream) => stream.next('batch')))
  expect(told.every(({ data }) => (data as { state: { state: string } }).state.state === 'succeeded')).toBe(true)
  await Promise.all(streams.map((stream) => stream.next('end')))
  const grownMb = (process.memoryUsage().rss - before) / 1e6
  // Clients and server are one process here.
  expect(grownMb).toBeLessThan(250)
  await Promise.all(streams.map((stream) => stream[Symbol.asyncDispose]()))
  await expect.poll(() => api.events.stats(), { timeout: 5_000 }).toMatchObject({ streams: 0, topics: 0 })
  const idle = api.events.stats().statements
  await wait(1_500)
  expect(api.events.stats().statements).toBe(idle)
}, 60_000)

test('jobs are counted once for all who begin to listen, and the longer it takes the more rarely', async () => {
  const { database: db, tenant } = under.current
  await using events = createEventSource({ session: db, logger: testLogger, pollMs: 50 })
  const locked = Promise.withResolvers<undefined>()
  const unlock = Promise.withResolvers<undefined>()
  const locking = db.transaction(async (tx) => {
    await tx.query('lock table jobs in access exclusive mode')
    locked.resolve(undefined)
    await unlock.promise
  })
  await locked.promise
  const topics = [{ kind: 'jobs' as const, id: undefined }]
  const listening = Array.from({ length: 50 }, () => events.subscribe({ tenant, topics }))
  await wait(500)
  unlock.resolve(undefined)
  await locking
  const subscriptions = await Promise.all(listening)
  expect(subscriptions.every((one) => one.take() !== undefined)).toBe(true)
  expect(events.stats().statements).toBe(1)
  // Half a second for counting is followed by ten without.
  await wait(1_500)
  expect(events.stats().statements).toBe(1)
})

test('a client that leaves is forgotten, HEAD opens no stream, and one that takes nothing is dropped', async () => {
  const { database: db } = under.current
  const events = createEventSource({ session: db, logger: testLogger, pollMs: 50 })
  const batch = await newBatch()
  const { tenant } = under.current
  const topics = [{ kind: 'batch' as const, id: batch }]
  const answer = await eventStream(events, { tenant, topics, stallMs: 200, heartbeatMs: 50 })
  const reader = answer.body!.getReader()
  await reader.read()
  await reader.read()
  expect(events.stats().streams).toBe(1)
  await expect.poll(() => events.stats().streams, { timeout: 3_000 }).toBe(0)
  await expect(reader.read()).rejects.toThrow('takes nothing')
  await events.close()

  const { call, api } = under.current
  await call(`/v1/batches/${batch}/stream`, { method: 'HEAD' })
  const stream = await listen(call, `/v1/batches/${batch}/stream`)
  await stream.next('batch')
  await stream[Symbol.asyncDispose]()
  await expect.poll(() => api.events.stats().streams, { timeout: 3_000 }).toBe(0)
})

test('the pooler goes away and comes back: streams stay open and are told what has changed', async () => {
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  const other = await openApiUnderTest(pooler.url)
  try {
    const batch = await newBatch()
    const stream = await listen(other.call, `/v1/batches/${batch}/stream`)
    await stream.next('batch')
    await pooler.stop({ drainMs: 0 })
    await succeed(batch, 5)
    const away = await other.call('/v1/jobs')
    expect([away.status, away.headers.get('retry-after')]).toEqual([503, '1'])
    expect(((await away.json()) as { code: string }).code).toBe('DATABASE_UNAVAILABLE')
    expect((await other.call('/readyz')).status).toBe(503)
    expect((await other.call('/healthz')).status).toBe(200)
    pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    expect((await stream.next('batch')).data).toMatchObject({ state: { counts: { succeeded: 5 } } })
    await expect.poll(async () => (await other.call('/v1/jobs')).status).toBe(200)
    await stream[Symbol.asyncDispose]()
  } finally {
    await other.close()
    await pooler.stop({ drainMs: 0 })
  }
}, 60_000)
