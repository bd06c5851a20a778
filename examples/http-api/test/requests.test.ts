import { createApiToken } from '@pooler-safe/example-foundation'
import { expect, test } from 'vitest'
import { problem, useApi, useApiDatabase } from './api-under-test.ts'

const database = useApiDatabase()
const under = useApi(() => database.pooledUrl, { limits: { json: 10_000, list: 50_000, stream: 100_000 } })

test('a token that is missing, malformed, unknown, expired or revoked is refused alike, with WWW-Authenticate', async () => {
  const { url, as, call, database: db, tenant } = under.current
  const expired = await createApiToken(db, { tenant, name: 'old', scopes: ['*'], expiresAt: new Date(Date.now() - 1) })
  const revoked = await createApiToken(db, { tenant, name: 'gone', scopes: ['*'] })
  expect((await as(revoked.token)('/v1/jobs')).status).toBe(200)
  expect((await call(`/v1/tokens/${revoked.id}`, { method: 'DELETE' })).status).toBe(204)
  const answers = [
    await fetch(`${url}/v1/jobs`),
    await fetch(`${url}/v1/jobs`, { headers: { authorization: 'Basic eDp5' } }),
    await as('nonsense')('/v1/jobs'),
    await as(`pst_${'A'.repeat(43)}`)('/v1/jobs'),
    await as(expired.token)('/v1/jobs'),
    await as(revoked.token)('/v1/jobs'),
  ]
  for (const answer of answers) {
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  }
})

test('a scope that the token lacks is refused and named; no token gives away more than it has', async () => {
  const { as, call } = under.current
  const made = (await (
    await call('/v1/tokens', { json: { name: 'reader', scopes: ['jobs:read', 'tokens:write'] } })
  ).json()) as { token: string }
  const reader = as(made.token)
  expect((await reader('/v1/jobs')).status).toBe(200)
  const refused = await reader('/v1/jobs/bulk', { json: { action: 'cancel', ids: [crypto.randomUUID()] } })
  expect(refused.status).toBe(403)
  expect((await problem(refused)).detail).toContain('jobs:write')
  expect((await reader('/v1/tokens', { json: { name: 'more', scopes: ['*'] } })).status).toBe(403)
  expect((await reader('/v1/tokens', { json: { name: 'same', scopes: ['jobs:read'] } })).status).toBe(201)
  expect((await reader('/v1/events?topics=jobs')).status).toBe(403)
})

test('unknown fields and parameters, wrong types and broken JSON are refused with the name of the field', async () => {
  const { call } = under.current
  const cases: [string, RequestInit & { json?: unknown }, number, string][] = [
    ['/v1/scans', { json: { url: 'example.com', pages: 3 } }, 422, 'pages'],
    ['/v1/scans', { json: { url: 'example.com', tenantId: 'x' } }, 422, 'tenantId'],
    ['/v1/scans', { json: { url: 7 } }, 422, 'url'],
    ['/v1/scans', { json: { url: 'example.com', maxPages: '3' } }, 422, 'maxPages'],
    ['/v1/scans', { json: { url: 'example.com', maxPages: 1e9 } }, 422, 'maxPages'],
    ['/v1/scans', { json: [] }, 422, ''],
    ['/v1/scans', { json: null }, 422, ''],
    ['/v1/batches', { json: { domains: ['a.test'], options: { deep: [{ x: 'a\0b' }] } } }, 422, 'options.deep.0.x'],
    ['/v1/batches', { json: { domains: ['a\ud800.test'] } }, 422, 'domains.0'],
    ['/v1/jobs?limit=many', {}, 400, 'limit'],
    ['/v1/jobs?limit=0', {}, 400, 'limit'],
    ['/v1/jobs?limit=1e2', {}, 400, 'limit'],
    ['/v1/jobs?state=lost', {}, 400, 'state'],
    ['/v1/jobs?after=x', {}, 400, 'after'],
    ['/v1/jobs?limt=3', {}, 400, 'limt'],
    ['/v1/jobs?limit=3&limit=4', {}, 400, 'limit'],
    ['/v1/jobs?tenant_id=x', {}, 400, 'tenant_id'],
    ['/v1/jobs?__proto__=x', {}, 400, '__proto__'],
    ['/v1/jobs?domain=a%00b.test', {}, 400, 'domain'],
    ['/v1/events?topics=batch', {}, 400, 'topics'],
  ]
  for (const [path, init, status, field] of cases) {
    const answer = await call(path, init)
    const body = await problem(answer)
    expect([path, answer.status, body.errors?.map((one) => one.field)]).toEqual([path, status, [field]])
  }
  const headers = { 'content-type': 'application/json' }
  for (const body of ['{"url":', 'nonsense', '', '{"url":"\xff"}']) {
    const answer = await call('/v1/scans', { method: 'POST', headers, body: Buffer.from(body, 'latin1') })
    expect([body, answer.status, (await problem(answer)).code]).toEqual([body, 400, 'BODY_MALFORMED'])
  }
})

test('bodies of another type are refused with what is taken, and bodies that are too large before they are read', async () => {
  const { call } = under.current
  const typed = await call('/v1/scans', { method: 'POST', body: 'url=x', headers: { 'content-type': 'text/plain' } })
  expect([typed.status, typed.headers.get('accept-post')]).toEqual([415, 'application/json'])
  expect((await call('/v1/scans', { method: 'POST', body: Buffer.from('{}') })).status).toBe(415)
  const large = await call('/v1/scans', { json: { url: 'x'.repeat(20_000) } })
  expect([large.status, (await problem(large)).code]).toEqual([413, 'BODY_TOO_LARGE'])
  // Without a Content-Length, a chunk after the other.
  const chunks = async function* () {
    for (let n = 0; n < 100; n += 1) yield Buffer.alloc(2_000, 'a\n')
    await Promise.resolve()
  }
  const streamed = await call('/v1/batches/upload', {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: ReadableStream.from(chunks()),
    duplex: 'half',
  })
  expect([streamed.status, (await problem(streamed)).code]).toEqual([413, 'BODY_TOO_LARGE'])
})

test('hostile names come back as they are, in JSON that nothing runs', async () => {
  const { call } = under.current
  const names = ['<script>alert(1)</script>', '\u202egnp.exe', '👩‍👩‍👧‍👦', "'; drop table jobs; --", 'x'.repeat(200)]
  for (const name of names) {
    const made = await call('/v1/batches', { json: { domains: ['hostile.test'], name } })
    expect(made.status).toBe(202)
    const got = await call(made.headers.get('location') ?? '')
    expect(((await got.json()) as { name: string }).name).toBe(name)
    expect(got.headers.get('content-type')).toBe('application/json')
    expect(got.headers.get('x-content-type-options')).toBe('nosniff')
  }
  const tooLong = await call('/v1/batches', { json: { domains: ['hostile.test'], name: 'x'.repeat(9_000) } })
  expect(tooLong.status).toBe(422)
})

test('every answer has a request id and security headers, and nothing is allowed to other origins', async () => {
  const { call, url } = under.current
  for (const path of ['/v1/jobs', '/v1/nothing', '/healthz', '/reference', '/v1/jobs/nothing']) {
    const answer = await call(path, { headers: { 'x-request-id': 'request-4711', origin: 'https://evil.example' } })
    await answer.arrayBuffer()
    expect(answer.headers.get('x-request-id')).toBe('request-4711')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('x-frame-options')).toBe('DENY')
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  }
  const forged = await call('/v1/nothing', { headers: { 'x-request-id': 'a b"c' } })
  expect(forged.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
  expect((await problem(forged)).requestId).toBe(forged.headers.get('x-request-id'))
  const wrong = await fetch(`${url}/v1/jobs/pending`, { method: 'PUT' })
  expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
})

test('lists are paged by a cursor that new rows do not disturb, with a link to the next page', async () => {
  const { call } = under.current
  for (let n = 0; n < 5; n += 1) await call('/v1/jobs', { json: { type: 'test.echo', payload: { text: String(n) } } })
  interface Page {
    items: { payload: { text: string } }[]
    next: string | null
  }
  const seen: string[] = []
  let path: string | undefined = '/v1/jobs?type=test.echo&limit=2'
  for (let page = 0; path !== undefined; page += 1) {
    const answer = await call(path)
    const { items, next } = (await answer.json()) as Page
    seen.push(...items.map(({ payload }) => payload.text))
    path = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
    expect(path === undefined).toBe(next === null)
    if (page === 0) await call('/v1/jobs', { json: { type: 'test.echo', payload: { text: 'new' } } })
  }
  expect(seen).toEqual(['4', '3', '2', '1', '0'])
})

test('jobs of the services cannot be made by themselves', async () => {
  const answer = await under.current.call('/v1/jobs', {
    json: { type: 'batch.process', payload: { batchId: crypto.randomUUID() } },
  })
  expect([answer.status, (await problem(answer)).code]).toEqual([422, 'JOB_TYPE_INTERNAL'])
})

test('an unexpected error says nothing of what is inside', async () => {
  const { platform, call } = under.current
  const broken = platform.jobs.countJobs.bind(platform.jobs)
  platform.jobs.countJobs = () => Promise.reject(new Error('password=hunter2 at /srv/secret.ts'))
  try {
    const answer = await call('/v1/jobs/counts')
    const text = await answer.text()
    expect(answer.status).toBe(500)
    expect(text).not.toMatch(/hunter2|secret/)
  } finally {
    platform.jobs.countJobs = broken
  }
})
