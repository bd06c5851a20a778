import { forEachPooler } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { deleteExpiredKeys } from '../src/idempotency/key-store.ts'
import { problem, useApi, useApiDatabase } from './api-under-test.ts'

const database = useApiDatabase()
const keyed = (key: string): { headers: Record<string, string> } => ({ headers: { 'idempotency-key': key } })
const echo = (text: string, scheduledAt = '2999-01-01T00:00:00Z') => ({
  json: { type: 'test.echo', payload: { text }, scheduledAt },
})

forEachPooler(database, (pooler) => {
  const under = useApi(() => pooler.url)
  const count = async (text: string): Promise<number> => {
    const { rows } = await database.query<{ n: number }>(
      `select count(*)::int as n from jobs where payload ->> 'text' = $1`,
      [text],
    )
    return rows[0]?.n ?? 0
  }

  test('the same request with the same key is done once, and answered alike byte for byte', async () => {
    const { call } = under.current
    const text = crypto.randomUUID()
    const first = await call('/v1/jobs', { ...echo(text), ...keyed(text) })
    const second = await call('/v1/jobs', { ...echo(text), ...keyed(text) })
    expect([first.status, second.status]).toEqual([202, 202])
    expect(second.headers.get('location')).toBe(first.headers.get('location'))
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(await second.text()).toBe(await first.text())
    expect(await count(text)).toBe(1)
  })

  test('the same key with another body, path or query is refused', async () => {
    const { call } = under.current
    const key = crypto.randomUUID()
    expect((await call('/v1/jobs', { ...echo(key), ...keyed(key) })).status).toBe(202)
    for (const [path, init] of [
      ['/v1/jobs', echo('another')],
      ['/v1/scans', { json: { url: 'example.com' } }],
    ] as const) {
      const answer = await call(path, { ...init, ...keyed(key) })
      expect([answer.status, (await problem(answer)).code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    }
    expect(await count('another')).toBe(0)
  })

  test('of twenty at once with the same key one is done; the others are told to wait, or get its answer', async () => {
    const { call } = under.current
    const key = crypto.randomUUID()
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => call('/v1/jobs', { ...echo(key), ...keyed(key) })),
    )
    const locations = new Set(answers.flatMap(({ headers }) => headers.get('location') ?? []))
    expect(locations.size).toBe(1)
    for (const answer of answers) {
      expect([202, 409]).toContain(answer.status)
      if (answer.status === 409) expect(answer.headers.get('retry-after')).toBe('1')
    }
    expect(await count(key)).toBe(1)
  })

  test('two tenants use the same key without knowing of each other', async () => {
    const { call, as, otherToken } = under.current
    const key = crypto.randomUUID()
    const mine = await call('/v1/jobs', { ...echo(key), ...keyed(key) })
    const theirs = await as(otherToken)('/v1/jobs', { ...echo(key), ...keyed(key) })
    expect([mine.status, theirs.status]).toEqual([202, 202])
    expect(theirs.headers.get('location')).not.toBe(mine.headers.get('location'))
  })

  test('work that fails leaves its key free', async () => {
    const { call } = under.current
    const key = crypto.randomUUID()
    expect((await call('/v1/jobs', { ...echo(key, 'yesterday'), ...keyed(key) })).status).toBe(422)
    expect((await call('/v1/batches', { json: { domains: ['no site'] }, ...keyed(key) })).status).toBe(422)
    expect((await call('/v1/jobs', { ...echo(key), ...keyed(key) })).status).toBe(202)
  })

  test('a stale key is forgotten: it is another request', async () => {
    const { call, database: db } = under.current
    const key = crypto.randomUUID()
    const first = await call('/v1/jobs', { ...echo(key), ...keyed(key) })
    await database.query(`update api_idempotency_keys set expires_at = now() - interval '1 s' where key = $1`, [key])
    const second = await call('/v1/jobs', { ...echo('stale'), ...keyed(key) })
    expect(second.status).toBe(202)
    expect(second.headers.get('location')).not.toBe(first.headers.get('location'))
    await database.query(`update api_idempotency_keys set expires_at = now() - interval '1 s' where key = $1`, [key])
    expect(await deleteExpiredKeys(db)).toBe(1)
  })

  test('the secret of a token is kept nowhere: sent again, the answer lacks it', async () => {
    const { call } = under.current
    const key = crypto.randomUUID()
    const ask = () => call('/v1/tokens', { json: { name: 'once', scopes: ['jobs:read'] }, ...keyed(key) })
    const first = (await (await ask()).json()) as { id: string; token: string }
    expect(first.token).toMatch(/^pst_/)
    expect(await (await ask()).json()).toEqual({ id: first.id, token: null })
    const { rows } = await database.query<{ all: string }>(
      'select string_agg(k::text, $1) as all from api_idempotency_keys k',
      [' '],
    )
    expect(rows[0]?.all).not.toContain(first.token)
  })

  test.each([' ', 'x'.repeat(201), 'ä'])('a key that cannot be one is refused (%#)', async (key) => {
    const answer = await under.current.call('/v1/jobs', {
      ...echo('x'),
      headers: { 'idempotency-key': encodeURIComponent(key) === key ? key : `a${String.fromCharCode(9)}b` },
    })
    expect([answer.status, (await problem(answer)).code]).toEqual([400, 'REQUEST_INVALID'])
  })

  describe('of uploads', () => {
    const upload = (key: string, body: string) =>
      under.current.call('/v1/batches/upload', {
        method: 'POST',
        body,
        headers: { 'content-type': 'text/csv', 'idempotency-key': key },
      })

    test('the same file is one batch, another file is refused', async () => {
      const key = crypto.randomUUID()
      const first = await upload(key, 'site\na.test\nb.test\n')
      const again = await upload(key, 'site\na.test\nb.test\n')
      expect([first.status, again.status, again.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true'])
      expect(await again.text()).toBe(await first.text())
      const other = await upload(key, 'site\na.test\nc.test\n')
      expect([other.status, (await problem(other)).code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    })

    test('an upload that broke off is gone on with by sending it again; while it runs nobody else has its key', async () => {
      const { call } = under.current
      const key = crypto.randomUUID()
      const whole = `site\n${Array.from({ length: 3_000 }, (_, n) => `site-${n}.test`).join('\n')}\n`
      const leave = new AbortController()
      const broken = call('/v1/batches/upload', {
        method: 'POST',
        headers: { 'content-type': 'text/csv', 'idempotency-key': key },
        signal: leave.signal,
        duplex: 'half',
        body: new ReadableStream({
          // And nothing more, for ever.
          start: (controller) => controller.enqueue(Buffer.from(whole.slice(0, 25_000))),
        }),
      })
      const stored = async (): Promise<number> => {
        const { rows } = await database.query<{ total: number }>(
          `select total from domain_batches where idempotency_key = (
             select 'upload ' || id from api_idempotency_keys where key = $1)`,
          [key],
        )
        return rows[0]?.total ?? 0
      }
      await expect.poll(stored, { timeout: 10_000 }).toBeGreaterThan(0)
      const meanwhile = await upload(key, whole)
      expect([meanwhile.status, (await problem(meanwhile)).code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE'])
      leave.abort()
      await expect(broken).rejects.toThrow()
      let answer = await upload(key, whole)
      while (answer.status === 409) answer = await upload(key, whole)
      expect(answer.status).toBe(202)
      const { batch } = (await answer.json()) as { batch: { counts: { total: number } } }
      expect(batch.counts.total).toBe(3_000)
      const { rows } = await database.query(`select count(*)::int as n from domain_batches where total = 3000`)
      expect(rows).toEqual([{ n: pooler.kind === 'rotating' ? 1 : 2 }])
    })
  })
})
