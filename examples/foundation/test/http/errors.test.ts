import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createTlsServer, type Server } from 'node:https'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpClient, FetchError } from '../../src/index.ts'
import { localClient, outcome, send, serve } from './web-server.ts'

const robots = 'ignore'

describe('a failure has its code', () => {
  test.each([
    [400, 'http_4xx', false],
    [401, 'http_4xx', false],
    [404, 'http_4xx', false],
    [408, 'http_4xx', true],
    [410, 'http_4xx', false],
    [403, 'blocked', false],
    [429, 'blocked', true],
    [451, 'blocked', false],
    [500, 'http_5xx', true],
    [501, 'http_5xx', false],
    [503, 'http_5xx', true],
    [300, 'parse', false],
  ])('%i is %s', async (status, code, retryable) => {
    await using site = await serve({ '/': send(status) })
    await using client = localClient()
    const url = site.url('/')
    await expect(client.fetch(url, { robots })).rejects.toMatchObject({
      name: 'FetchError',
      code,
      status,
      url,
      retryable,
    })
    expect((await client.fetch(url, { robots, expectStatus: 'any' })).status).toBe(status)
  })

  test('a challenge is blocked, whatever its status', async () => {
    await using site = await serve({ '/': send(200, 'Just a moment', { 'cf-mitigated': 'challenge' }) })
    await using client = localClient()
    expect(await outcome(client.fetch(site.url('/'), { robots }))).toBe('blocked')
  })

  test('a name without an address is dns; whether to ask again depends on why', async () => {
    const failing = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }))
    for (const [code, retryable] of [
      ['ENOTFOUND', false],
      ['EAI_AGAIN', true],
    ] as const) {
      await using client = createHttpClient({ resolve: failing(code) })
      await expect(client.fetch('http://no.example/')).rejects.toMatchObject({ code: 'dns', retryable })
    }
    await using empty = createHttpClient({ resolve: () => Promise.resolve([]) })
    expect(await outcome(empty.fetch('http://no.example/'))).toBe('dns')
  })

  test('a port where nobody listens is connect', async () => {
    const site = await serve({})
    await site[Symbol.asyncDispose]()
    await using client = localClient()
    await expect(client.fetch(site.url('/'), { robots })).rejects.toMatchObject({ code: 'connect', retryable: true })
  })

  test('a server that hangs up is connect, one that does not speak HTTP is parse', async () => {
    for (const [answer, code] of [
      ['', 'connect'],
      ['SSH-2.0-OpenSSH_9.2\r\n', 'parse'],
    ] as const) {
      const server = createServer((socket) =>
        socket
          .on('error', () => undefined)
          .resume()
          .end(answer),
      )
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      await using client = localClient()
      const { port } = server.address() as AddressInfo
      expect(await outcome(client.fetch(`http://site.example:${port}/`, { robots }))).toBe(code)
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test('what is not a URL is parse', async () => {
    await using client = localClient()
    for (const url of ['', 'site', 'http://', 'http://a b/', 'http://[::1/', 'http://x:99999/']) {
      expect(await outcome(client.fetch(url))).toBe('parse')
    }
  })

  test('an answer of another type is not_html when HTML was asked for', async () => {
    await using site = await serve({
      '/pdf': send(200, '%PDF', { 'content-type': 'application/pdf' }),
      '/html': send(200, '<p>', { 'content-type': 'Text/HTML; charset=utf-8' }),
      '/none': send(200, '<p>'),
    })
    await using client = localClient()
    const accept = 'text/html,application/xhtml+xml'
    expect(await outcome(client.fetch(site.url('/pdf'), { robots, accept }))).toBe('not_html')
    for (const path of ['/html', '/none']) {
      expect(await (await client.fetch(site.url(path), { robots, accept })).text()).toBe('<p>')
    }
    const anything = `${accept},*/*;q=0.1`
    expect(await (await client.fetch(site.url('/pdf'), { robots, accept: anything })).text()).toBe('%PDF')
  })

  test('secrets of a URL are in no message, and never sent', async () => {
    const seen: (string | undefined)[] = []
    await using site = await serve({
      '*': (request, response) => {
        seen.push(request.headers.authorization)
        response.writeHead(500).end()
      },
    })
    await using client = localClient()
    const url = `http://user:hunter2@site.example:${site.port}/?api_key=abc123`
    const error = await client.fetch(url, { robots }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(FetchError)
    expect((error as FetchError).message).not.toMatch(/hunter2|abc123/)
    expect((error as FetchError).url).not.toContain('hunter2')
    expect(seen).toEqual([undefined])
  })
})

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'])
    return true
  } catch {
    return false
  }
}

describe.skipIf(!hasOpenssl())('certificates (needs openssl)', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-tls-'))
  const trusted = getCACertificates()
  const requests: string[] = []
  let server: Server
  let certificate: string

  beforeAll(async () => {
    const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const names = ['-subj', '/CN=site.example', '-addext', 'subjectAltName=DNS:site.example']
    const files = ['-keyout', keyFile, '-out', certificateFile]
    execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-days', '1', '-nodes', ...names, ...files], {
      stdio: 'ignore',
    })
    certificate = readFileSync(certificateFile, 'utf8')
    server = createTlsServer({ key: readFileSync(keyFile), cert: certificate }, (request, response) => {
      requests.push(request.headers.host ?? '')
      response.end('hello')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(async () => {
    setDefaultCACertificates(trusted)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    rmSync(folder, { recursive: true, force: true })
  })
  const url = (host: string): string => `https://${host}:${(server.address() as AddressInfo).port}/`

  test('one that nobody vouches for is tls, and nothing is sent', async () => {
    await using client = localClient()
    const failure = client.fetch(url('site.example'), { robots })
    await expect(failure).rejects.toMatchObject({ code: 'tls', retryable: false })
    expect(requests).toEqual([])
  })

  test('one for the name is taken although the address was pinned; for another name it is not', async () => {
    setDefaultCACertificates([...trusted, certificate])
    await using client = localClient()
    expect(await (await client.fetch(url('site.example'), { robots })).text()).toBe('hello')
    expect(requests).toHaveLength(1)
    expect(await outcome(client.fetch(url('other.example'), { robots }))).toBe('tls')
    expect(requests).toHaveLength(1)
  })
})

describe('time', () => {
  test('is limited as a whole: headers that never come', async () => {
    await using site = await serve({ '/': () => undefined })
    await using client = localClient()
    const failure = client.fetch(site.url('/'), { robots, timeoutMs: 50 })
    await expect(failure).rejects.toMatchObject({ code: 'timeout', retryable: true })
  })

  test('is limited as a whole: a body that trickles', async () => {
    await using site = await serve({
      '/': (_request, response) => {
        response.write('x')
        const timer = setInterval(() => response.write('x'), 10)
        response.on('close', () => clearInterval(timer))
      },
    })
    await using client = localClient()
    const response = await client.fetch(site.url('/'), { robots, timeoutMs: 100 })
    expect(await outcome(response.bytes())).toBe('timeout')
  })

  test('is limited as a whole: redirects that each take a while', async () => {
    await using site = await serve({
      '*': (request, response) => {
        const next = Number(request.url?.slice(1)) + 1
        setTimeout(() => response.writeHead(302, { location: `/${next}` }).end(), 40)
      },
    })
    await using client = localClient({ maxRedirects: 100 })
    expect(await outcome(client.fetch(site.url('/0'), { robots, timeoutMs: 150 }))).toBe('timeout')
    expect(site.requests.length).toBeLessThan(6)
  })

  test('ends with the signal of the caller, and with its reason', async () => {
    await using site = await serve({ '/': () => undefined })
    await using client = localClient()
    const controller = new AbortController()
    const reason = new Error('the job was cancelled')
    const failure = client.fetch(site.url('/'), { robots, signal: controller.signal })
    controller.abort(reason)
    await expect(failure).rejects.toBe(reason)
    await expect(client.fetch(site.url('/'), { robots, signal: controller.signal })).rejects.toBe(reason)
  })

  test('ends with the client: requests under way, bodies and those who wait', async () => {
    await using site = await serve({ '/': (_request, response) => void response.write('x') })
    const client = localClient({ perHostConcurrency: 1 })
    const response = await client.fetch(site.url('/'), { robots })
    const waiting = client.fetch(site.url('/'), { robots })
    const endings = Promise.all([outcome(response.bytes()), outcome(waiting)])
    await client.close()
    expect(await endings).toEqual(['CLIENT_CLOSED', 'CLIENT_CLOSED'])
    expect(await outcome(client.fetch(site.url('/'), { robots }))).toBe('CLIENT_CLOSED')
  })
})

describe('redirects', () => {
  test('are followed and told', async () => {
    await using site = await serve({
      '/': send(301, '', { location: '/a#part' }),
      '/a': send(308, '', { location: 'b?c=d' }),
      '/b?c=d': send(200, 'here'),
    })
    await using client = localClient()
    const response = await client.fetch(site.url('/'), { robots })
    expect(response.url).toBe(site.url('/b?c=d'))
    expect(response.redirects).toEqual([site.url('/'), site.url('/a')])
    expect(await response.text()).toBe('here')
    expect(response.elapsedMs).toBeGreaterThan(0)
  })

  test('in a circle, and too many of them, are parse', async () => {
    await using site = await serve({
      '/a': send(302, '', { location: '/b' }),
      '/b': send(302, '', { location: '/a' }),
      '/self': send(302, '', { location: '/self' }),
      '*': (request, response) => void response.writeHead(302, { location: `${request.url}x` }).end(),
    })
    await using client = localClient({ maxRedirects: 5 })
    expect(await outcome(client.fetch(site.url('/a'), { robots }))).toBe('parse')
    expect(site.requests.splice(0)).toHaveLength(2)
    expect(await outcome(client.fetch(site.url('/self'), { robots }))).toBe('parse')
    expect(site.requests.splice(0)).toHaveLength(1)
    expect(await outcome(client.fetch(site.url('/x'), { robots }))).toBe('parse')
    expect(site.requests).toHaveLength(6)
  })

  test('carry no header of the caller to another origin, and no POST', async () => {
    const keys: (string | undefined)[] = []
    await using other = await serve({
      '*': (request, response) => {
        keys.push(request.headers['x-goog-api-key'] as string | undefined)
        response.end()
      },
    })
    await using site = await serve({
      '/': send(302, '', { location: other.url('/') }),
      '/307': send(307, '', { location: other.url('/') }),
    })
    await using client = localClient()
    const headers = { 'X-Goog-Api-Key': 'secret' }
    expect(await outcome(client.fetch(site.url('/'), { robots, headers }))).toBe('fulfilled')
    expect(keys).toEqual([undefined])
    const post = client.fetch(site.url('/307'), { robots, headers, method: 'POST', body: '{}' })
    expect(await outcome(post)).toBe('parse')
    expect(keys).toHaveLength(1)
  })
})

test('says who asks, and takes no unknown option, no reserved header and no disguise', async () => {
  const agents: (string | undefined)[] = []
  await using site = await serve({
    '*': (request, response) => {
      agents.push(request.headers['user-agent'])
      response.end()
    },
  })
  await using client = localClient()
  await using named = localClient({ userAgent: 'my-crawler/1.0 (+https://example.com/bot)' })
  await client.fetch(site.url('/'), { robots })
  await named.fetch(site.url('/'), { robots })
  expect(agents).toEqual([
    expect.stringMatching(/^pooler-safe-example\/\d/),
    'my-crawler/1.0 (+https://example.com/bot)',
  ])

  expect(await outcome(client.fetch(site.url('/'), { timeout: 5 } as never))).toBe('OPTION_UNKNOWN')
  expect(() => createHttpClient({ maxSize: 5 } as never)).toThrow(/"maxSize" is no option of createHttpClient/)
  expect(() => createHttpClient({ perHostConcurrency: 0 })).toThrow(/"perHostConcurrency" is 0/)
  for (const bad of [{ timeoutMs: 0 }, { timeoutMs: Number.NaN }, { maxBytes: -1 }]) {
    expect(await outcome(client.fetch(site.url('/'), bad))).toBe('OPTION_INVALID')
  }
  expect(await outcome(client.fetch(site.url('/'), { headers: { 'User-Agent': 'x' } }))).toBe('HEADER_RESERVED')
  for (const userAgent of ['', 'Mozilla/5.0 (compatible)', '1/2', 'a\nb', 'é']) {
    expect(() => createHttpClient({ userAgent })).toThrow(expect.objectContaining({ code: 'USER_AGENT_INVALID' }))
  }
})

test('asks only for what changed, when it knows what it has', async () => {
  await using site = await serve({
    '/': (request, response) => {
      const isKnown =
        request.headers['if-none-match'] === '"v1"' || request.headers['if-modified-since'] === 'yesterday'
      response.writeHead(isKnown ? 304 : 200, { etag: '"v1"' }).end(isKnown ? undefined : 'new')
    },
  })
  await using client = localClient()
  const first = await client.fetch(site.url('/'), { robots })
  expect([first.status, first.headers.get('etag'), await first.text()]).toEqual([200, '"v1"', 'new'])
  for (const known of [{ etag: '"v1"' }, { lastModified: 'yesterday' }]) {
    expect((await client.fetch(site.url('/'), { robots, ...known })).status).toBe(304)
  }
})

test('sends a body with POST', async () => {
  await using site = await serve({
    '/': (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => response.end(`${request.method} ${request.headers['content-type']} ${body}`))
    },
  })
  await using client = localClient()
  const options = { robots, method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' } as const
  expect(await (await client.fetch(site.url('/'), options)).text()).toBe('POST application/json {"a":1}')
})
