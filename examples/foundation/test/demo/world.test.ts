import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { companyFate, demoHosts, startDemoWorld, type DemoWorld } from '../../demo/index.ts'
import { createHttpClient, type FetchOptions, type HttpClient } from '../../src/index.ts'
import { outcome } from '../http/web-server.ts'

let world: DemoWorld
let client: HttpClient

beforeAll(async () => {
  world = await startDemoWorld({ slowMs: 100 })
  client = createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0, perHostConcurrency: 4 })
})
afterAll(async () => {
  await client.close()
  await world.close()
})

async function text(host: string, path = '/', options: FetchOptions = {}): Promise<string> {
  const response = await client.fetch(world.url(host, path), options)
  return await response.text()
}

/** What comes of reading a page to its end. */
async function reading(host: string, path = '/', options: FetchOptions = {}): Promise<unknown> {
  return outcome(text(host, path, options))
}

describe('the demo world', () => {
  test('has pages at every site that is not broken on purpose', async () => {
    const whole = [
      'joinery',
      'potteryShop',
      'restaurant',
      'newspaper',
      'softNotFound',
      'slow',
      'restricted',
      'hostile',
      'wrongCharset',
      'parked',
    ] as const
    for (const name of whole) expect(await text(demoHosts[name]), name).toContain('<title>')
    expect(await text(demoHosts.hotel)).toContain('Zimmer mit Aussicht')
    expect(Object.keys(world.about)).toHaveLength(15)
  })

  test('marks what runs a site as such sites do', async () => {
    const joinery = await text(demoHosts.joinery)
    for (const mark of [
      'WordPress 6.5.3',
      'wp-content/themes/hobelbank-child',
      'Elementor 3.21.8',
      'contact-form-7',
      'Yoast SEO',
    ]) {
      expect(joinery).toContain(mark)
    }
    expect(await text(demoHosts.potteryShop)).toContain('WooCommerce 8.8.3')
  })

  test('www. leads to the site, other names lead nowhere', async () => {
    const response = await client.fetch(world.url(`www.${demoHosts.hotel}`, '/en/'))
    expect([response.url, response.redirects]).toEqual([
      world.url(demoHosts.hotel, '/en/'),
      [world.url(`www.${demoHosts.hotel}`, '/en/')],
    ])
    await response.bytes()
    expect(await reading('unknown.example')).toBe('dns')
    expect(await reading(demoHosts.missing)).toBe('dns')
  })

  test.each([
    [demoHosts.inside, '/', 'ssrf'],
    [demoHosts.hostile, '/innen', 'ssrf'],
    [demoHosts.circles, '/', 'parse'],
    [demoHosts.circles, '/weiter/1', 'parse'],
    [demoHosts.bomb, '/', 'too_large'],
    [demoHosts.huge, '/', 'too_large'],
    [demoHosts.restricted, '/intern/protokolle', 'robots'],
    [demoHosts.failing, '/', 'http_5xx'],
    [demoHosts.failing, '/verboten', 'blocked'],
    [demoHosts.failing, '/weg', 'http_4xx'],
    [demoHosts.slow, '/endlos', 'timeout'],
  ])('%s%s fails with %s', async (host, path, code) => {
    expect(await reading(host, path, { timeoutMs: code === 'timeout' ? 300 : 10_000 })).toBe(code)
  })

  test('tells what was asked, and how much of it at once', async () => {
    world.requests.clear()
    await Promise.all(Array.from({ length: 8 }, (_, at) => text(demoHosts.slow, `/${at}`)))
    expect(world.requests.mostAtOnce(demoHosts.slow)).toBe(4)
    expect(world.requests.paths(demoHosts.slow)).toHaveLength(8)
    expect(world.requests.list()[0]).toMatchObject({
      host: demoHosts.slow,
      method: 'GET',
      userAgent: expect.stringMatching(/^pooler-safe/),
    })
  })

  test('answers conditional requests', async () => {
    const first = await client.fetch(world.url(demoHosts.newspaper, '/sitemap-2024.xml'))
    expect(await first.text()).toContain('/2024/artikel-40')
    const etag = first.headers.get('etag') ?? ''
    const second = await client.fetch(world.url(demoHosts.newspaper, '/sitemap-2024.xml'), { etag })
    const third = await client.fetch(world.url(demoHosts.newspaper, '/sitemap-2024.xml'), {
      lastModified: first.headers.get('last-modified') ?? '',
    })
    expect([first.status, second.status, third.status]).toEqual([200, 304, 304])
  })

  test('writes characters wrongly, and they are read rightly', async () => {
    for (const path of ['/', '/ohne', '/falsches-meta', '/utf-16']) {
      expect(await text(demoHosts.wrongCharset, path), path).toContain('Käse')
    }
    expect(await text(demoHosts.wrongCharset, '/gelogen')).toContain('K\uFFFDse')
  })

  test('has as many companies as a batch needs, with the same fate each time', async () => {
    const fates = await Promise.all(
      [1, 7, 13, 24, 1_000].map(async (number) => [
        companyFate(number),
        await reading(`firma-${number}.example`, '/kontakt'),
      ]),
    )
    expect(fates).toEqual([
      ['answers', 'fulfilled'],
      ['fails', 'http_5xx'],
      ['forbids', 'robots'],
      ['has no address', 'dns'],
      ['answers', 'fulfilled'],
    ])
    expect(await reading('firma-0.example')).toBe('dns')
  })
})
