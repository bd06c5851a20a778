import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { createApiToken } from '@pooler-safe/example-foundation'
import { expect, test } from 'vitest'
import { openApiUnderTest, problem, useApi, useApiDatabase, type ProblemBody } from './api-under-test.ts'
import { networkOf } from '../src/http/authenticator.ts'
import { documentedOperations, readDocument } from './document.ts'

const database = useApiDatabase()
const under = useApi(() => database.pooledUrl, { limits: { idleMs: 1_000 } })

/** Sends bytes as they are, and reads until the other side closes. */
async function raw(text: string): Promise<{ readonly head: string; readonly body: string }> {
  const { hostname, port } = new URL(under.current.url)
  const socket = connect(Number(port), hostname)
  let said = ''
  socket.setEncoding('utf8').on('data', (part: string) => (said += part))
  socket.write(text)
  await once(socket, 'close')
  const [head = '', body = ''] = said.split('\r\n\r\n')
  return { head, body }
}

/** That an answer is a problem of this status. */
async function expectProblem(answer: Response, status: number, what: string): Promise<ProblemBody> {
  const type = answer.headers.get('content-type')
  expect([what, answer.status, type]).toEqual([what, status, 'application/problem+json'])
  const body = await problem(answer)
  expect([what, body.status, body.requestId]).toEqual([what, status, answer.headers.get('x-request-id')])
  return body
}

test('every path answers methods that it has not with 405 and Allow, OPTIONS with 204 and Allow, and HEAD like GET', async () => {
  const { url, call } = under.current
  const documented = documentedOperations(await readDocument(url))
  const byPath = Map.groupBy(documented, ({ path }) => path)
  const isServed = (at: string, wanted: string): boolean =>
    documented.some(
      ({ method, path }) =>
        method.toUpperCase() === wanted && new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(at),
    )
  for (const [path, operations] of byPath) {
    const at = path.replaceAll(/\{\w+\}/g, 'x')
    const methods = operations.map(({ method }) => method.toUpperCase())
    const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort()
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND', 'OPTIONS']) {
      // "bulk" may be the id of a job as well.
      if (isServed(at, method)) continue
      const answer = await call(at, { method })
      if (method === 'OPTIONS') expect([path, answer.status]).toEqual([path, 204])
      else await expectProblem(answer, 405, `${method} ${path}`)
      expect([path, answer.headers.get('allow')?.split(', ').sort()]).toEqual([path, allow])
    }
  }
  const head = await call('/v1/jobs', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  const missing = await call('/v1/jobs/none', { method: 'HEAD' })
  expect([missing.status, await missing.text()]).toEqual([404, ''])
  for (const path of ['/v1/jobs/', '//v1/jobs', '/v1//jobs', '/V1/jobs', '/', '/v1', '/v1/jobs/../jobs/']) {
    await expectProblem(await call(path), 404, path)
  }
})

test('parts of a path that are no ids name nothing, however they are written', async () => {
  const { call } = under.current
  for (const id of [
    '%00',
    'a%00b',
    '%zz',
    '%',
    '%ff',
    '%2e%2e%2f',
    '%252e',
    'x'.repeat(5_000),
    '%F0%9F%92%A9',
    "'--",
  ]) {
    await expectProblem(await call(`/v1/jobs/${id}`), 404, id.slice(0, 20))
    await expectProblem(await call(`/v1/batches/${id}/cancel`, { method: 'POST' }), 404, id.slice(0, 20))
    const host = await call(`/v1/domains/${id}`)
    expect([404, 422]).toContain(host.status)
    await expectProblem(host, host.status, id.slice(0, 20))
  }
  // An id may be written with percent signs and in capitals: it is the same.
  const made = await call('/v1/jobs', { json: { type: 'test.echo', payload: { text: 'x' } } })
  const id = made.headers.get('location')?.split('/').at(-1) ?? ''
  expect((await call(`/v1/jobs/${id.replace('-', '%2D')}`)).status).toBe(200)
})

test('pages: what is no limit or cursor is refused, and a cursor of elsewhere is a place in the order, nothing else', async () => {
  const { call, as, otherToken } = under.current
  const lists = documentedOperations(await readDocument(under.current.url)).filter(
    ({ method, path, operation }) =>
      method === 'get' && !path.includes('{') && operation.parameters?.some(({ name }) => name === 'limit') === true,
  )
  expect(lists.length).toBeGreaterThan(8)
  const theirs = await as(otherToken)('/v1/jobs', { json: { type: 'test.echo', payload: { text: 'theirs' } } })
  const id = theirs.headers.get('location')?.split('/').at(-1) ?? ''
  for (const { path } of lists) {
    for (const query of ['limit=0', 'limit=1e9', 'limit=1000000000', 'limit=abc', 'limit=-1', 'limit=', 'limit=١']) {
      const { errors } = await expectProblem(await call(`${path}?${query}`), 400, `${path}?${query}`)
      expect(errors?.[0]?.field).toBe('limit')
    }
    for (const after of ['x', '0', '%00', `${id}'`, 'null', '']) {
      await expectProblem(await call(`${path}?after=${after}`), 400, `${path}?after=${after}`)
    }
    const from = await call(`${path}?after=${id}`)
    const text = await from.text()
    expect([path, from.status]).toEqual([path, 200])
    expect(text).not.toContain('theirs')
  }
})

test('texts that PostgreSQL cannot store are refused in every field of every body', async () => {
  const { call } = under.current
  const id = crypto.randomUUID()
  const bodies: Record<string, Record<string, unknown>> = {
    '/v1/jobs': { type: 'test.echo', payload: { text: 'x' }, dedupeKey: 'x', domain: 'x.test' },
    [`/v1/jobs/${id}/cancel`]: { reason: 'x' },
    '/v1/job-batches': { kind: 'x', options: { x: 'x' } },
    [`/v1/job-batches/${id}/fail`]: { errorCode: 'x', error: 'x' },
    '/v1/batches': { domains: ['x.test'], name: 'x', kind: 'x', options: { x: 'x' }, webhookUrl: 'https://x.test/' },
    '/v1/scans': { url: 'x.test' },
    '/v1/scan-batches': { urls: ['x.test'] },
    '/v1/sitemap-scans': { url: 'x.test' },
    '/v1/places/searches': { query: 'x', near: 'x' },
    '/v1/places/status': { ids: ['x'], status: 'New', reason: 'x' },
    '/v1/tokens': { name: 'x', scopes: ['x'] },
  }
  for (const [path, body] of Object.entries(bodies)) {
    for (const field of Object.keys(body)) {
      for (const bad of ['a\0b', '\ud800']) {
        const value = JSON.parse(JSON.stringify(body[field]), (_, one: unknown) =>
          typeof one === 'string' ? bad : one,
        ) as unknown
        const answer = await call(path, { json: { ...body, [field]: value } })
        const { errors } = await expectProblem(answer, 422, `${path} ${field}`)
        expect([path, errors?.some((one) => one.field.startsWith(field))]).toEqual([path, true])
      }
    }
  }
  for (const path of ['/v1/places?name=a%00b', '/v1/jobs?type=%00', '/v1/batches?host=%00', '/v1/events?topics=%00']) {
    await expectProblem(await call(path), 400, path)
  }
})

test('JSON that readers would disagree about is refused: names given twice, other encodings, and any depth', async () => {
  const { call } = under.current
  const send = (body: string | Uint8Array<ArrayBuffer>, type = 'application/json', more: Record<string, string> = {}) =>
    call('/v1/jobs', { method: 'POST', body, headers: { 'content-type': type, ...more } })
  const job = (payload: string): string => `{"type":"test.echo","payload":${payload}}`
  for (const body of [
    job('{"text":"a","text":"b"}'),
    '{"type":"x","\\u0074ype":"test.echo","payload":{"text":"a"}}',
    job('[{"a":1},{"b":{"c":1,"d":{"c":2},"c":3}}]'),
    job('{"text":"a\\"","a" : 1, "a"\n:2}'),
  ]) {
    const { code, detail } = await expectProblem(await send(body), 400, body)
    expect([code, detail]).toEqual(['BODY_MALFORMED', expect.stringContaining('twice')])
  }
  expect((await send(job('{"text":"\\"text\\": {\\\\"}'))).status).toBe(202)
  expect((await send(`\uFEFF${job('{"text":"x"}')}`)).status).toBe(202)
  expect((await send(job('{"text":"x"}'), 'Application/JSON; Charset="UTF-8"')).status).toBe(202)

  for (const depth of [100, 5_000, 400_000]) {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '}'],
    ] as const) {
      if ((open.length + 1) * depth > 900_000) continue
      const nested = `${open.repeat(depth)}1${close.repeat(depth)}`
      const { errors } = await expectProblem(await send(job(nested)), 422, `${open} ${depth}`)
      expect(errors?.some(({ message }) => message.includes('nested'))).toBe(true)
    }
  }
  const plain = job('{"text":"x"}')
  await expectProblem(await send(gzipSync(plain), 'application/json', { 'content-encoding': 'gzip' }), 415, 'gzip')
  await expectProblem(await send(plain, 'application/json; charset=utf-16'), 415, 'utf-16')
  await expectProblem(await send(plain, 'application/json, text/plain'), 415, 'two types')
  await expectProblem(await send(Buffer.from([0x7b, 0xff, 0x7d])), 400, 'no UTF-8')
  const upload = await call('/v1/batches/upload', {
    method: 'POST',
    body: gzipSync('site\na.test\n'),
    headers: { 'content-type': 'text/csv', 'content-encoding': 'gzip' },
  })
  await expectProblem(upload, 415, 'gzip upload')
})

test('what is asked for in Accept changes nothing, and a body where none is taken is refused', async () => {
  const { call } = under.current
  for (const accept of ['text/html', 'application/xml;q=1, */*;q=0', 'image/webp', '']) {
    const answer = await call('/v1/jobs', { headers: { accept } })
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json'])
    await answer.text()
  }
  const path = `/v1/batches/${crypto.randomUUID()}/cancel`
  await expectProblem(await call(path, { json: { force: true } }), 422, 'a body')
  await expectProblem(await call(path, { json: {} }), 404, 'an empty object')
})

test('keys that cannot be keys are refused', async () => {
  const { call } = under.current
  for (const key of ['x'.repeat(201), 'a b', 'ü', '']) {
    const answer = await call('/v1/jobs', {
      json: { type: 'test.echo', payload: { text: 'key' } },
      headers: { 'idempotency-key': key },
    })
    const { errors } = await expectProblem(answer, 400, key)
    expect(errors?.[0]?.field).toBe('Idempotency-Key')
  }
})

test('what is no request is answered with a problem as well: broken lines, huge headers, strange hosts', async () => {
  const cases: [string, number][] = [
    ['nonsense\r\n\r\n', 400],
    [`GET /healthz HTTP/1.1\r\nhost: x\r\nx-large: ${'a'.repeat(40_000)}\r\n\r\n`, 431],
    ['GET /healthz HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n', 400],
    ['GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', 400],
    ['GET http:// HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', 400],
    ['POST /v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ]
  for (const [text, status] of cases) {
    const { head, body } = await raw(text)
    expect([text.slice(0, 60), head.split('\r\n', 1)[0]]).toEqual([
      text.slice(0, 60),
      expect.stringContaining(`HTTP/1.1 ${status}`),
    ])
    expect(head.toLowerCase()).toContain('content-type: application/problem+json')
    expect(head.toLowerCase()).toContain("content-security-policy: default-src 'none'")
    const read = JSON.parse(body) as ProblemBody
    expect([read.status, read.code]).toEqual([status, 'REQUEST_UNREADABLE'])
  }
  const traced = await raw('TRACE /v1/jobs HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  expect(traced.head).toMatch(/^HTTP\/1\.1 4\d\d/)
  expect(traced.head).toContain('application/problem+json')
})

test('a body of which nothing more comes is not waited for', async () => {
  const { token } = under.current
  for (const [path, type] of [
    ['/v1/jobs', 'application/json'],
    ['/v1/batches/upload', 'text/csv'],
  ] as const) {
    const headers = `host: x\r\nauthorization: Bearer ${token}\r\ncontent-type: ${type}\r\ncontent-length: 1000\r\n\r\n`
    const { head, body } = await raw(`POST ${path} HTTP/1.1\r\n${headers}site\n`)
    expect(head).toMatch(/^HTTP\/1\.1 408/)
    expect((JSON.parse(body) as ProblemBody).code).toBe('BODY_TIMED_OUT')
  }
})

test('an upload that breaks off without a key leaves no batch that waits for ever', async () => {
  const { url, token } = under.current
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  const headers = `host: x\r\nauthorization: Bearer ${token}\r\ncontent-type: text/csv\r\ncontent-length: 1000000\r\n\r\n`
  const name = crypto.randomUUID()
  const lines = Array.from({ length: 5_000 }, (_, n) => `aborted-${n}.test\n`).join('')
  socket.write(`POST /v1/batches/upload?name=${name} HTTP/1.1\r\n${headers}site\n${lines}`)
  const made = async (): Promise<unknown> => {
    const { rows } = await database.query(
      'select state, total > 0 as "hasItems", job_id from domain_batches where name = $1',
      [name],
    )
    return rows[0]
  }
  await expect.poll(made, { timeout: 10_000 }).toEqual({ state: 'queued', hasItems: true, job_id: null })
  socket.destroy()
  await expect.poll(made, { timeout: 10_000 }).toEqual({ state: 'cancelled', hasItems: true, job_id: null })
})

test('who guesses tokens has to wait, and nobody else is locked out', async () => {
  const { database: db, tenant } = under.current
  const other = await openApiUnderTest(database.pooledUrl, { failedLogins: { burst: 5, perSecond: 0.01 } })
  try {
    expect((await other.call('/v1/jobs')).status).toBe(200)
    for (let n = 0; n < 5; n += 1) {
      const guess = `pst_${String(n).repeat(43)}`
      await expectProblem(await other.as(guess)('/v1/jobs'), 401, `guess ${n}`)
    }
    const refused = await other.as(`pst_${'B'.repeat(43)}`)('/v1/jobs')
    expect(refused.headers.get('retry-after')).toMatch(/^\d+$/)
    expect((await expectProblem(refused, 429, 'one guess more')).code).toBe('TOO_MANY_FAILED_LOGINS')
    // One who is known goes on; one who never came has to wait.
    expect((await other.call('/v1/jobs')).status).toBe(200)
    const late = await createApiToken(db, { tenant, name: 'late', scopes: ['*'] })
    expect((await other.as(late.token)('/v1/jobs')).status).toBe(429)
  } finally {
    await other.close()
  }
})

test('a token that is not valid is refused for a while without asking the database; IPv6 is counted by its network', async () => {
  const { tenant } = under.current
  const other = await openApiUnderTest(database.pooledUrl, { failedLogins: { rememberMs: 3_000 } })
  try {
    const guess = `pst_${'C'.repeat(43)}`
    expect((await other.as(guess)('/v1/jobs')).status).toBe(401)
    await database.query(
      `insert into api_tokens (id, tenant_id, name, secret_hash, scopes) values ($1, $2, 'made now', sha256($3::bytea), '{*}')`,
      [crypto.randomUUID(), tenant, Buffer.from(guess)],
    )
    expect((await other.as(guess)('/v1/jobs')).status).toBe(401)
    await expect.poll(async () => (await other.as(guess)('/v1/jobs')).status, { timeout: 10_000 }).toBe(200)
  } finally {
    await other.close()
  }
  expect(networkOf('::ffff:192.0.2.7')).toBe('192.0.2.7')
  expect(networkOf('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2')
  expect(networkOf('2001:db8::1')).toBe('2001:db8:0:0')
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0')
  expect(networkOf('::1')).toBe('0:0:0:0')
})
