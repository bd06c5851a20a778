import { describe, expect, test } from 'vitest'
import { createHttpClient } from '../../src/index.ts'
import { refusedAddress } from '../../src/http/address-guard.ts'
import { localClient, outcome, send, serve } from './web-server.ts'

const forbidden = [
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.255.254'],
  ['unspecified', '0.0.0.0'],
  ['unspecified', '0.1.2.3'],
  ['private', '10.0.0.1'],
  ['private', '172.16.0.1'],
  ['private', '172.31.255.255'],
  ['private', '192.168.1.1'],
  ['link-local, where metadata is', '169.254.169.254'],
  ['carrier-grade NAT', '100.64.0.1'],
  ['metadata of one cloud in carrier-grade NAT', '100.100.100.200'],
  ['metadata on a public address', '168.63.129.16'],
  ['benchmarking', '198.18.0.1'],
  ['documentation', '192.0.2.1'],
  ['protocol assignments', '192.0.0.1'],
  ['multicast', '224.0.0.1'],
  ['reserved', '240.0.0.1'],
  ['broadcast', '255.255.255.255'],
  ['IPv6 loopback', '::1'],
  ['IPv6 unspecified', '::'],
  ['IPv4-mapped', '::ffff:127.0.0.1'],
  ['IPv4-mapped, in hex', '::ffff:a00:1'],
  ['IPv4-compatible', '::127.0.0.1'],
  ['IPv4-translated', '::ffff:0:10.0.0.1'],
  ['NAT64', '64:ff9b::a9fe:a9fe'],
  ['NAT64 of a public address', '64:ff9b::808:808'],
  ['local NAT64', '64:ff9b:1::a00:1'],
  ['6to4', '2002:7f00:1::'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
  ['unique local', 'fd00:ec2::254'],
  ['link-local', 'fe80::1'],
  ['link-local with a zone', 'fe80::1%eth0'],
  ['site-local', 'fec0::1'],
  ['documentation', '2001:db8::1'],
  ['multicast', 'ff02::1'],
  ['nothing at all', 'example.com'],
] as const

describe('refusedAddress', () => {
  test.each(forbidden)('refuses %s: %s', (_name, address) => {
    expect(refusedAddress(address, { allowLoopback: false })).toEqual(expect.any(String))
  })

  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
  ])('lets %s through', (address) => {
    expect(refusedAddress(address, { allowLoopback: false })).toBeUndefined()
  })

  test('loopback is let through when that was asked for, and nothing else', () => {
    const passing = forbidden.filter(([, address]) => refusedAddress(address, { allowLoopback: true }) === undefined)
    expect(passing.map(([, address]) => address)).toEqual(['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1'])
  })
})

describe('a client for the public web', () => {
  test.each([
    'http://127.0.0.1',
    'http://127.1',
    'http://2130706433',
    'http://0x7f000001',
    'http://0x7f.0.0.1',
    'http://0177.0.0.1',
    'http://127.0.0.1.',
    'http://①②⑦.0.0.1',
    'http://[::1]',
    'http://[::ffff:127.0.0.1]',
    'http://[::ffff:7f00:1]',
    'http://[::127.0.0.1]',
    'http://[64:ff9b::7f00:1]',
    'http://0',
    'http://localhost',
    'http://LOCALHOST.',
    'http://a.localhost',
    'http://169.254.169.254',
    'http://metadata.google.internal',
    'http://10.0.0.1',
  ])('does not connect to %s', async (origin) => {
    await using site = await serve({ '/': send(200) })
    await using client = createHttpClient()
    expect(await outcome(client.fetch(`${origin}:${site.port}/`))).toBe('ssrf')
    expect(site.requests).toEqual([])
  })

  test.each(['file:///etc/passwd', 'gopher://example.com/', 'data:text/plain,x', 'ftp://example.com/'])(
    'does not speak %s',
    async (url) => {
      await using client = createHttpClient()
      expect(await outcome(client.fetch(url))).toBe('ssrf')
    },
  )

  test.each([[['127.0.0.1']], [['::1']], [['1.1.1.1', '127.0.0.1']], [['::ffff:10.0.0.1']], [['64:ff9b::a00:1']]])(
    'does not connect to a name with the addresses %j',
    async (addresses) => {
      await using site = await serve({ '/': send(200) })
      await using client = createHttpClient({ resolve: () => Promise.resolve(addresses) })
      const failure = client.fetch(site.url('/'))
      await expect(failure).rejects.toMatchObject({ code: 'ssrf', retryable: false })
      expect(site.requests).toEqual([])
    },
  )
})

describe('a redirect', () => {
  test.each([
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://[fd00:ec2::254]/',
    '//inner.example/',
    'file:///etc/passwd',
  ])('to %s is refused', async (target) => {
    await using site = await serve({ '/': send(302, '', { location: target }) })
    await using client = localClient({
      resolve: (host) => Promise.resolve([host === 'inner.example' ? '192.168.0.1' : '127.0.0.1']),
    })
    expect(await outcome(client.fetch(site.url('/'), { robots: 'ignore' }))).toBe('ssrf')
    expect(site.requests).toEqual(['site.example /'])
  })
})

describe('DNS rebinding', () => {
  const close = { connection: 'close' }

  test('gains nothing between the check and the connection: they are one lookup', async () => {
    await using site = await serve({ '/': send(200, 'one', close) })
    // A second lookup for the same connection would lead inside.
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    await using client = localClient({ resolve: () => Promise.resolve(answers.shift() ?? []) })
    await using response = await client.fetch(site.url('/'), { robots: 'ignore' })
    expect(await response.text()).toBe('one')
    expect(answers).toEqual([['10.0.0.1']])
  })

  test('is refused at the next connection', async () => {
    await using site = await serve({ '/': send(200, 'one', close) })
    const answers = [['127.0.0.1'], ['10.0.0.1']]
    await using client = localClient({ resolve: () => Promise.resolve(answers.shift() ?? []) })
    await (await client.fetch(site.url('/'), { robots: 'ignore' })).text()
    expect(await outcome(client.fetch(site.url('/'), { robots: 'ignore' }))).toBe('ssrf')
  })
})
