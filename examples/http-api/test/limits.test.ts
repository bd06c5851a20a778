import { wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { openApiUnderTest, problem, useApi, useApiDatabase } from './api-under-test.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is in the heap and is used: garbage is no growth. */
function liveMegabytes(): number {
  collect()
  return process.memoryUsage().heapUsed / 1e6
}

const database = useApiDatabase()
const under = useApi(() => database.pooledUrl, { rateLimit: { burst: 20, perSecond: 5 } })

test('a token that asks too often is told to wait, before the database is asked; others are not', async () => {
  const { call, as, otherToken } = under.current
  const answers = await Promise.all(Array.from({ length: 40 }, () => call('/v1/jobs?limit=1')))
  const refused = answers.filter(({ status }) => status === 429)
  expect(refused.length).toBeGreaterThan(10)
  expect(refused.length).toBeLessThanOrEqual(20)
  const [one] = refused
  expect(one?.headers.get('retry-after')).toBe('1')
  expect(one?.headers.get('ratelimit-remaining')).toBe('0')
  expect((await problem(one!)).code).toBe('RATE_LIMITED')
  expect((await as(otherToken)('/v1/jobs')).status).toBe(200)
  await expect.poll(async () => (await call('/v1/jobs')).status, { timeout: 5_000 }).toBe(200)
})

test('a long file with broken quoting (UPLOAD_LINES makes it a million lines): read as they come, each bad one told, memory flat', async () => {
  const { as, otherToken } = under.current
  const lines = Number(process.env['UPLOAD_LINES'] ?? 50_000)
  const part = 1_000
  const live: number[] = []
  const body = async function* () {
    yield Buffer.from('name,site\n')
    for (let at = 0; at < lines; at += part) {
      if (at % (lines / 10) === 0) live.push(liveMegabytes())
      const text = Array.from({ length: part }, (_, n) => {
        const line = at + n
        if (line % 100 === 7) return `"broken" quote,${line}.up.test`
        if (line % 100 === 8) return `name,not a site ${line}`
        if (line % 100 === 9) return `a "b,site-${line - 1_000}.up.test`
        return `name ${line},site-${line}.up.test`
      })
      yield Buffer.from(`${text.join('\n')}\n`)
      await wait(0)
    }
  }
  const answer = await as(otherToken)('/v1/batches/upload', {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ReadableStream.from(body()),
    duplex: 'half',
  })
  expect(answer.status).toBe(202)
  const { report } = (await answer.json()) as {
    report: { kept: number; invalid: number; duplicate: number; rejected: { line: number; reason: string }[] }
  }
  expect(report.kept + report.invalid + report.duplicate).toBe(lines)
  expect(report.invalid).toBeGreaterThanOrEqual(lines / 100)
  expect(report.rejected.length).toBe(500)
  expect(report.rejected[0]?.reason).toBeTruthy()
  const [first = 0, ...later] = live
  expect(later).toHaveLength(9)
  expect(Math.max(...later) - first).toBeLessThan(4)
}, 600_000)

test('an export is read no faster than the client takes it, and ends when the client leaves', async () => {
  const { platform, as, otherToken } = under.current
  const { items } = (await (await as(otherToken)('/v1/batches?limit=1')).json()) as { items: { id: string }[] }
  const leave = new AbortController()
  const exported = { reads: 0, ended: false }
  const original = platform.batches.exportBatch.bind(platform.batches)
  platform.batches.exportBatch = async function* (...args) {
    try {
      for await (const text of original(...args)) {
        exported.reads += 1
        yield text
      }
    } finally {
      exported.ended = true
    }
  }
  try {
    const answer = await as(otherToken)(`/v1/batches/${items[0]?.id ?? ''}/export?format=ndjson`, {
      signal: leave.signal,
    })
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="batch.ndjson"')
    const reader = answer.body!.getReader()
    await reader.read()
    let at = -1
    while (at !== exported.reads) {
      at = exported.reads
      await wait(1_000)
    }
    // A client that does not read stops it: sockets hold some of it, not all.
    expect(exported.ended).toBe(false)
    leave.abort()
    await expect.poll(() => exported.ended, { timeout: 5_000 }).toBe(true)
  } finally {
    platform.batches.exportBatch = original
  }
}, 30_000)

test('the pooler dies again and again while jobs are made with keys: each is made once, and none is lost', async () => {
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  const other = await openApiUnderTest(pooler.url)
  const text = crypto.randomUUID()
  const unavailable = new Set<number>()
  const make = async (n: number): Promise<void> => {
    for (;;) {
      const answer = await other.call('/v1/jobs', {
        json: { type: 'test.echo', payload: { text: `${text} ${n}` }, scheduledAt: '2999-01-01T00:00:00Z' },
        headers: { 'idempotency-key': `${text}-${n}` },
      })
      await answer.text()
      if (answer.status === 202) return
      unavailable.add(answer.status)
      await wait(30)
    }
  }
  try {
    let stopped = false
    const breaking = (async () => {
      for (let n = 0; n < 4; n += 1) {
        await wait(250)
        await pooler.stop({ drainMs: 0 })
        await wait(100)
        pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
      }
      stopped = true
    })()
    let n = 0
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        while (!stopped) await make((n += 1))
      }),
    )
    await breaking
    expect([...unavailable].filter((status) => status !== 503 && status !== 409)).toEqual([])
    expect(unavailable.has(503)).toBe(true)
    const { rows } = await database.query<{ jobs: number; different: number }>(
      `select count(*)::int as jobs, count(distinct payload ->> 'text')::int as different from jobs
       where payload ->> 'text' like $1`,
      [`${text} %`],
    )
    expect(rows).toEqual([{ jobs: n, different: n }])
  } finally {
    await other.close()
    await pooler.stop({ drainMs: 0 })
  }
}, 60_000)

test('stopping ends the streams and lets a request that is under way end', async () => {
  const other = await openApiUnderTest(database.pooledUrl)
  const job = await other.call('/v1/jobs', {
    json: { type: 'test.echo', payload: { text: 'x' }, scheduledAt: '2999-01-01T00:00:00Z' },
  })
  const stream = await other.call(`${job.headers.get('location') ?? ''}/stream`)
  const counting = other.platform.jobs.countJobs.bind(other.platform.jobs)
  const begun = Promise.withResolvers<undefined>()
  other.platform.jobs.countJobs = async (...args) => {
    begun.resolve(undefined)
    await wait(200)
    return counting(...args)
  }
  const slow = other.call('/v1/jobs/counts')
  await begun.promise
  const closing = other.close()
  expect((await slow).status).toBe(200)
  expect(await stream.text()).not.toContain('event: end')
  await closing
  await expect(other.call('/healthz')).rejects.toThrow()
})

test('counting jobs is one statement at a time for each tenant, and whoever asks sees what was done before', async () => {
  const { platform, as, otherToken } = under.current
  const counting = platform.jobs.countJobs.bind(platform.jobs)
  const seen = { now: 0, most: 0, all: 0 }
  const first = Promise.withResolvers<undefined>()
  platform.jobs.countJobs = async (...args) => {
    seen.all += 1
    seen.now += 1
    seen.most = Math.max(seen.most, seen.now)
    const counts = await counting(...args)
    if (seen.all === 1) await first.promise
    seen.now -= 1
    return counts
  }
  const call = as(otherToken)
  const counted = async (): Promise<number> =>
    ((await (await call('/v1/jobs/counts')).json()) as { counts: { queued: number } }).counts.queued
  try {
    const before = counted()
    await expect.poll(() => seen.all).toBe(1)
    const made = await call('/v1/jobs', { json: { type: 'test.echo', payload: { text: 'counted' } } })
    expect(made.status).toBe(202)
    const after = Array.from({ length: 5 }, counted)
    await wait(300)
    first.resolve(undefined)
    const known = await before
    expect(await Promise.all(after)).toEqual(Array.from({ length: 5 }, () => known + 1))
    expect(seen).toEqual({ now: 0, most: 1, all: 2 })
  } finally {
    platform.jobs.countJobs = counting
  }
})
