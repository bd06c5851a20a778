import { startPooler, type Pooler } from '@pooler-safe/testkit'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiUnderTest, problem, useApiDatabase, type ApiUnderTest } from './api-under-test.ts'

const database = useApiDatabase()
const lines = 20_000
const file = `site\n${Array.from({ length: lines }, (_, n) => `site-${n}.test`).join('\n')}\n`

let pooler: Pooler
let under: ApiUnderTest
beforeAll(async () => {
  pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  under = await openApiUnderTest(pooler.url)
})
afterAll(async () => {
  await under.close()
  await pooler.stop({ drainMs: 0 })
})

async function stopPooler(): Promise<() => Promise<void>> {
  const port = Number(new URL(pooler.url).port)
  await pooler.stop({ drainMs: 0 })
  return async () => {
    pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
  }
}

test('the pooler stops in the middle of an upload: 503, and the same request again makes the batch once, with every line', async () => {
  const key = crypto.randomUUID()
  const upload = (body: ReadableStream | string): Promise<Response> =>
    under.call('/v1/batches/upload', {
      method: 'POST',
      headers: { 'content-type': 'text/csv', 'idempotency-key': key },
      body,
      duplex: 'half',
    })
  const stored = async (): Promise<number> => {
    const { rows } = await database.query<{ n: number }>('select coalesce(max(total), 0)::int as n from domain_batches')
    return rows[0]?.n ?? 0
  }
  const stopped = Promise.withResolvers<undefined>()
  const broken = upload(
    ReadableStream.from(
      (async function* () {
        yield Buffer.from(file.slice(0, 100_000))
        await stopped.promise
        yield Buffer.from(file.slice(100_000))
      })(),
    ),
  )
  await expect.poll(stored, { timeout: 10_000 }).toBeGreaterThan(1_000)
  const restart = await stopPooler()
  stopped.resolve(undefined)
  const answer = await broken
  expect([answer.status, (await problem(answer)).code]).toEqual([503, 'DATABASE_UNAVAILABLE'])
  expect(answer.headers.get('retry-after')).toBe('1')
  await restart()
  // It could not say that it let go of the key: whoever comes again waits until it is taken for dead.
  await database.query('update api_idempotency_keys set held_until = now() where status is null')
  const again = await upload(file)
  expect(again.status).toBe(202)
  const { rows } = await database.query(
    `select b.total, b.sealed, (select count(*)::int from domain_batch_items i where i.batch_id = b.id) as items
     from domain_batches b`,
  )
  expect(rows).toEqual([{ total: lines, sealed: true, items: lines }])
}, 60_000)

test('the pooler stops in the middle of an export: the file breaks off, and does not look like a whole one', async () => {
  const made = await under.call('/v1/batches/upload', {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: file,
  })
  const location = made.headers.get('location') ?? ''
  await made.arrayBuffer()
  for (const format of ['csv', 'ndjson', 'json']) {
    const answer = await under.call(`${location}/export?format=${format}`)
    expect(answer.status).toBe(200)
    const reader = answer.body!.pipeThrough<string>(new TextDecoderStream() as never).getReader()
    let text = (await reader.read()).value ?? ''
    const restart = await stopPooler()
    const rest = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        text += value
      }
    }
    await expect(rest(), format).rejects.toThrow()
    expect(text).not.toMatch(/Error: |shutting down/)
    await restart()
  }
  const whole = await (await under.call(`${location}/export?format=ndjson`)).text()
  expect(whole.trimEnd().split('\n')).toHaveLength(lines)
}, 60_000)

test('while the pooler is away every list answers 503 with Retry-After, and none says more than that', async () => {
  const restart = await stopPooler()
  try {
    for (const path of ['/v1/jobs', '/v1/batches', '/v1/places', '/v1/events?topics=jobs', '/readyz']) {
      const answer = await under.call(path)
      const text = await answer.text()
      expect([path, answer.status, answer.headers.get('retry-after')]).toEqual([path, 503, '1'])
      expect(text).not.toMatch(/ECONN|127\.0\.0\.1|postgres/)
    }
    expect((await under.call('/healthz')).status).toBe(200)
  } finally {
    await restart()
  }
  await expect.poll(async () => (await under.call('/v1/jobs')).status, { timeout: 10_000 }).toBe(200)
}, 60_000)
