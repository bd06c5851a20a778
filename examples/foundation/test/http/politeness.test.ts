import { describe, expect, test } from 'vitest'
import { HostTurns } from '../../src/http/host-turns.ts'
import { retryAfterMs } from '../../src/http/retry-after.ts'
import { localClient, outcome, send, serve } from './web-server.ts'

const robots = 'ignore'

describe('seen from the site', () => {
  test('no more requests are under way than allowed, and no less', async () => {
    let active = 0
    let most = 0
    await using site = await serve({
      '*': (_request, response) => {
        most = Math.max(most, (active += 1))
        setTimeout(() => {
          active -= 1
          response.end('x')
        }, 15)
      },
    })
    await using client = localClient({ perHostConcurrency: 3 })
    // `www.` and another port would not make it another host.
    const hosts = ['site.example', 'www.site.example']
    const pages = Array.from({ length: 24 }, (_, at) => client.fetch(site.url(`/${at}`, hosts[at % 2]), { robots }))
    expect(await Promise.all(pages.map(async (page) => (await page).text()))).toHaveLength(24)
    expect(most).toBe(3)
  })

  test('a body that is not read keeps its place, until it is given back', async () => {
    await using site = await serve({ '*': send(200, 'x') })
    await using client = localClient({ perHostConcurrency: 1 })
    const first = await client.fetch(site.url('/1'), { robots })
    const second = client.fetch(site.url('/2'), { robots })
    await (await client.fetch(site.url('/3', 'other.example'), { robots })).text()
    expect(site.requests).toEqual(['site.example /1', 'other.example /3'])
    await first[Symbol.asyncDispose]()
    await (await second).text()
    expect(site.requests).toContain('site.example /2')
  })

  test('requests to one host keep their distance; other hosts do not wait', async () => {
    const times: Record<string, number[]> = {}
    await using site = await serve({
      '*': (request, response) => {
        ;(times[request.headers.host ?? ''] ??= []).push(performance.now())
        response.end('x')
      },
    })
    await using client = localClient({ perHostDelayMs: 60 })
    const hosts = ['a.example', 'b.example']
    const startedAt = performance.now()
    await Promise.all(
      Array.from({ length: 8 }, async (_, at) => (await client.fetch(site.url('/', hosts[at % 2]), { robots })).text()),
    )
    for (const host of hosts) {
      const seen = times[`${host}:${site.port}`] ?? []
      // A request may be late on its way, but not early.
      expect(seen.map((time, at) => time - startedAt >= at * 60 - 1)).toEqual([true, true, true, true])
    }
    const both = Object.values(times).flat()
    expect(Math.max(...both) - startedAt).toBeLessThan(7 * 60)
  })

  test('Crawl-delay of robots.txt counts', async () => {
    const startedAt = performance.now()
    const times: number[] = []
    await using site = await serve({
      '/robots.txt': send(200, 'User-agent: *\nCrawl-delay: 0.15\n'),
      '*': (_request, response) => {
        times.push(performance.now())
        response.end('x')
      },
    })
    await using client = localClient()
    await Promise.all(['/a', '/b'].map(async (path) => (await client.fetch(site.url(path))).text()))
    expect(times.map((time, at) => time - startedAt >= (at + 1) * 150 - 1)).toEqual([true, true])
  })

  test('Retry-After is waited for when it is short', async () => {
    const times: number[] = []
    await using site = await serve({
      '*': (_request, response) => {
        times.push(performance.now())
        if (times.length === 1) response.writeHead(429, { 'retry-after': '1' }).end()
        else response.end('x')
      },
    })
    await using client = localClient()
    await expect(client.fetch(site.url('/'), { robots })).rejects.toMatchObject({
      code: 'blocked',
      retryAfterMs: 1_000,
    })
    await (await client.fetch(site.url('/'), { robots })).text()
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950)
  })

  test('Retry-After keeps everybody away from the host when it is long', async () => {
    await using site = await serve({ '/': send(503, '', { 'retry-after': '3600' }), '/other': send(200, 'x') })
    await using client = localClient()
    await expect(client.fetch(site.url('/'), { robots })).rejects.toMatchObject({
      code: 'http_5xx',
      retryAfterMs: 3_600_000,
    })
    const held = client.fetch(site.url('/other'), { robots })
    await expect(held).rejects.toMatchObject({ code: 'blocked', retryable: true, retryAfterMs: expect.any(Number) })
    expect(site.requests).toEqual(['site.example /'])
    expect(await outcome(client.fetch(site.url('/other', 'other.example'), { robots }))).toBe('fulfilled')
  })
})

test('Retry-After is seconds or a date, a day at most', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(
    [
      '0',
      ' 120 ',
      '999999999999',
      'Thu, 01 Jan 2026 00:00:30 GMT',
      'Wed, 31 Dec 2025 00:00:00 GMT',
      '-5',
      '1.5',
      'soon',
      '',
      null,
    ].map((header) => retryAfterMs(header, now)),
  ).toEqual([0, 120_000, 86_400_000, 30_000, 0, undefined, undefined, undefined, undefined, undefined])
})

test('who gives up waiting leaves the queue, and the others go on', async () => {
  const turns = new HostTurns({ concurrency: 1, delayMs: 0 })
  const never = new AbortController()
  const end = await turns.take('a', never.signal)
  const leaving = new AbortController()
  const left = turns.take('a', leaving.signal)
  const next = turns.take('a', never.signal)
  leaving.abort(new Error('gone'))
  await expect(left).rejects.toThrow('gone')
  end()
  end()
  const endNext = await next
  const last = turns.take('a', never.signal)
  expect(await Promise.race([last, Promise.resolve('waiting')])).toBe('waiting')
  endNext()
  ;(await last)()
})
