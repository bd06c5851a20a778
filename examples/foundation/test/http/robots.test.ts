import { describe, expect, test } from 'vitest'
import { localClient, outcome, send, serve } from './web-server.ts'

const me = { userAgent: 'my-crawler/1.0 (+https://example.com/bot)' }

/** What a robots.txt lets `my-crawler` ask for. */
async function allowed(robotsTxt: string, ...paths: string[]): Promise<boolean[]> {
  await using site = await serve({ '/robots.txt': send(200, robotsTxt) })
  await using client = localClient(me)
  return await Promise.all(paths.map((path) => client.allowedByRobots(site.url(path))))
}

describe('the rules of robots.txt (RFC 9309)', () => {
  test('the longest match decides, and allow wins a draw', async () => {
    const file = 'User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c$\nAllow: /d\nDisallow: /d\n'
    expect(await allowed(file, '/', '/a', '/a/x', '/a/b', '/a/b/c', '/a/b/cd', '/d')).toEqual([
      true,
      false,
      false,
      true,
      false,
      true,
      true,
    ])
  })

  test('wildcards and ends match as they say', async () => {
    const file = 'User-agent: *\nDisallow: /*.pdf$\nDisallow: /*?session=\n'
    expect(await allowed(file, '/a.pdf', '/a.pdf?x', '/a?session=1', '/a?b=1')).toEqual([false, true, false, true])
  })

  test('a group for us is the only one that counts; names ignore case; groups of one name are one', async () => {
    const file =
      'User-agent: *\nDisallow: /\n\nUser-agent: MY-Crawler\nDisallow: /a\n\nUser-agent: other\nUser-agent: my-crawler\nDisallow: /b\n'
    expect(await allowed(file, '/', '/a', '/b')).toEqual([true, false, false])
  })

  test('other lines do not end the list of names, nor does a byte order mark hide the first', async () => {
    const file = '\uFEFFUser-agent: my-crawler\r\nSitemap: /s.xml\r\nUser-agent: other\r\nDisallow: /a # private\r\n'
    expect(await allowed(file, '/', '/a')).toEqual([true, false])
  })

  test('paths are compared in one spelling', async () => {
    expect(await allowed('User-agent: *\nDisallow: /ü%2d\n', '/%C3%BC%2D', '/%c3%bc%2d', '/ü%2D')).toEqual([
      false,
      false,
      false,
    ])
  })

  test('nothing is forbidden by an empty rule, an empty file or a page', async () => {
    for (const file of ['', 'User-agent: *\nDisallow:\n', '<!doctype html><title>Not found</title>']) {
      expect(await allowed(file, '/', '/a')).toEqual([true, true])
    }
  })
})

describe('a robots.txt', () => {
  test.each([
    [404, true],
    [401, true],
    [403, true],
    [410, true],
    [429, false],
    [500, false],
    [503, false],
  ])('that answers %i: allowed is %s', async (status, isAllowed) => {
    await using site = await serve({ '/robots.txt': send(status), '/': send(200, 'page') })
    await using client = localClient()
    expect(await client.allowedByRobots(site.url('/'))).toBe(isAllowed)
    if (isAllowed) {
      expect(await (await client.fetch(site.url('/'))).text()).toBe('page')
    } else {
      await expect(client.fetch(site.url('/'))).rejects.toMatchObject({ code: 'robots', status, retryable: true })
      expect(site.requests).toEqual(['site.example /robots.txt'])
    }
  })

  test('that cannot be reached allows nothing; the failure keeps its own code', async () => {
    const site = await serve({})
    await site[Symbol.asyncDispose]()
    await using client = localClient()
    expect(await client.allowedByRobots(site.url('/'))).toBe(false)
    expect(await outcome(client.fetch(site.url('/')))).toBe('connect')
  })

  test('is obeyed, and read once, also by many at the same time', async () => {
    await using site = await serve({
      '/robots.txt': send(200, 'User-agent: *\nDisallow: /private\n'),
      '/': send(200, 'page'),
    })
    await using client = localClient()
    const forbidden = Promise.all(Array.from({ length: 5 }, () => outcome(client.fetch(site.url('/private')))))
    expect(await forbidden).toEqual(Array.from({ length: 5 }, () => 'robots'))
    expect(await (await client.fetch(site.url('/'))).text()).toBe('page')
    expect(site.requests).toEqual(['site.example /robots.txt', 'site.example /'])
  })

  test('counts for each hop of a redirect', async () => {
    await using site = await serve({
      '/robots.txt': send(200, 'User-agent: *\nDisallow: /private\n'),
      '/': send(302, '', { location: '/private' }),
      '/private': send(200, 'secret'),
    })
    await using client = localClient()
    expect(await outcome(client.fetch(site.url('/')))).toBe('robots')
    expect(site.requests).toEqual(['site.example /robots.txt', 'site.example /'])
  })

  test('may redirect to another host', async () => {
    await using other = await serve({ '/rules': send(200, 'User-agent: *\nDisallow: /\n') })
    await using site = await serve({ '/robots.txt': send(301, '', { location: other.url('/rules', 'other.example') }) })
    await using client = localClient()
    expect(await client.allowedByRobots(site.url('/'))).toBe(false)
  })

  test('is read up to 512 KiB', async () => {
    const rule = 'User-agent: *\nDisallow: /a\n'
    await using site = await serve({
      '/robots.txt': send(200, `${rule}${'#'.repeat(512 * 1024)}\nDisallow: /b\n${'#'.repeat(5_000_000)}`),
    })
    await using client = localClient()
    expect(await Promise.all(['/a', '/b'].map((path) => client.allowedByRobots(site.url(path))))).toEqual([false, true])
  })

  test('names sitemaps: relative ones too, each once, comments not', async () => {
    await using site = await serve({
      '/robots.txt': send(
        200,
        '# Sitemap: /no.xml\nsitemap: /a.xml # first\nSitemap:http://cdn.example/b.xml\nSitemap: /a.xml\nSitemap: javascript:1\nSitemap:\n',
      ),
      '*': send(404),
    })
    await using none = await serve({})
    await using broken = await serve({ '/robots.txt': send(500) })
    await using client = localClient()
    expect(await client.robotsSitemaps(site.url(''))).toEqual([site.url('/a.xml'), 'http://cdn.example/b.xml'])
    expect(await client.robotsSitemaps(none.url(''))).toEqual([])
    expect(await outcome(client.robotsSitemaps(broken.url('')))).toBe('robots')
  })
})
