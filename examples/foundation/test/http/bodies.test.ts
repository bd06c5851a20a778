import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeText } from '../../src/http/decode-text.ts'
import { localClient, outcome, send, serve } from './web-server.ts'

const text = 'Grüße aus der Bäckerei. '.repeat(200)
const robots = 'ignore'
const encodings = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
] as const

describe('a body', () => {
  test.each(encodings)('is decompressed: %s by %o', async (name, compress) => {
    await using site = await serve({ '/': send(200, compress(text), { 'content-encoding': name }) })
    await using client = localClient()
    expect(await (await client.fetch(site.url('/'), { robots })).text()).toBe(text)
  })

  test('is decompressed as often as it was compressed, up to twice', async () => {
    await using site = await serve({
      '/2': send(200, brotliCompressSync(gzipSync(text)), { 'content-encoding': 'gzip, br' }),
      '/3': send(200, gzipSync(gzipSync(gzipSync(text))), { 'content-encoding': 'gzip, gzip, gzip' }),
    })
    await using client = localClient()
    expect(await (await client.fetch(site.url('/2'), { robots })).text()).toBe(text)
    expect(await outcome((await client.fetch(site.url('/3'), { robots })).bytes())).toBe('parse')
  })

  test.each([
    ['an encoding that nobody knows', 'snappy', gzipSync(text)],
    ['something that is not compressed', 'gzip', text],
    ['half a stream', 'gzip', gzipSync(text).subarray(0, 40)],
    ['half a stream', 'br', brotliCompressSync(text).subarray(0, 20)],
    ['half a stream', 'zstd', zstdCompressSync(text).subarray(0, 20)],
  ])('that is %s (%s) is parse, not a page', async (_name, encoding, bytes) => {
    await using site = await serve({ '/': send(200, bytes, { 'content-encoding': encoding }) })
    await using client = localClient()
    expect(await outcome((await client.fetch(site.url('/'), { robots })).bytes())).toBe('parse')
  })

  test('that ends before its length is a broken connection', async () => {
    await using site = await serve({
      '/': (_request, response) => {
        response.writeHead(200, { 'content-length': '100' }).write('half')
        response.socket?.end()
      },
    })
    await using client = localClient()
    expect(await outcome((await client.fetch(site.url('/'), { robots })).bytes())).toBe('connect')
  })

  test.each(['HEAD', 'GET'] as const)('that is not there reads as nothing: %s', async (method) => {
    await using site = await serve({ '/': send(204, '', { 'content-encoding': 'gzip' }), '/304': send(304) })
    await using client = localClient()
    const response = await client.fetch(site.url('/'), { robots, method })
    expect(await response.bytes()).toHaveLength(0)
    const unchanged = await client.fetch(site.url('/304'), { robots, method, etag: '"1"' })
    expect([unchanged.status, await unchanged.text()]).toEqual([304, ''])
  })
})

test('a body is read once: what was read or given back is an error, not an empty page', async () => {
  await using site = await serve({ '/': send(200, text) })
  await using client = localClient()
  const read = await client.fetch(site.url('/'), { robots })
  await read.bytes()
  expect(await outcome(read.text())).toBe('BODY_USED')
  const given = await client.fetch(site.url('/'), { robots })
  await given[Symbol.asyncDispose]()
  expect(await outcome(given.text())).toBe('BODY_USED')
})

describe('the byte limit', () => {
  const maxBytes = 100_000

  test.each(encodings)('counts what comes out, so that a bomb stops: %s by %o', async (name, compress) => {
    const bomb = compress(Buffer.alloc(64 * 1024 * 1024))
    expect(bomb.length).toBeLessThan(maxBytes)
    await using site = await serve({ '/': send(200, bomb, { 'content-encoding': name }) })
    await using client = localClient()
    const response = await client.fetch(site.url('/'), { robots, maxBytes })
    let bytes = 0
    const read = async (): Promise<void> => {
      for await (const chunk of response.body) bytes += chunk.byteLength
    }
    await expect(read()).rejects.toMatchObject({ code: 'too_large', retryable: false })
    expect(bytes).toBeLessThanOrEqual(maxBytes)
  })

  test('stops bombs in bombs', async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(64 * 1024 * 1024)))
    await using site = await serve({ '/': send(200, bomb, { 'content-encoding': 'gzip, gzip' }) })
    await using client = localClient()
    expect(await outcome((await client.fetch(site.url('/'), { robots, maxBytes })).bytes())).toBe('too_large')
  })

  test('stops what arrives for ever and unpacks to nothing', async () => {
    const nothing = gzipSync('')
    await using site = await serve({
      '/': (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' })
        const more = (): void => {
          while (response.write(Buffer.concat(Array.from({ length: 1_000 }, () => nothing))));
          response.once('drain', more)
        }
        more()
      },
    })
    await using client = localClient()
    expect(await outcome((await client.fetch(site.url('/'), { robots, maxBytes })).bytes())).toBe('too_large')
  })

  test('stops a body that does not end', async () => {
    await using site = await serve({
      '/': (_request, response) => {
        const more = (): void => {
          while (response.write('x'.repeat(10_000)));
          response.once('drain', more)
        }
        more()
      },
    })
    await using client = localClient()
    expect(await outcome((await client.fetch(site.url('/'), { robots, maxBytes })).bytes())).toBe('too_large')
  })

  test('lets through exactly as much as allowed', async () => {
    await using site = await serve({ '/': send(200, gzipSync(Buffer.alloc(maxBytes)), { 'content-encoding': 'gzip' }) })
    await using client = localClient()
    expect(await (await client.fetch(site.url('/'), { robots, maxBytes })).bytes()).toHaveLength(maxBytes)
    expect(await outcome((await client.fetch(site.url('/'), { robots, maxBytes: maxBytes - 1 })).bytes())).toBe(
      'too_large',
    )
  })
})

describe('the text', () => {
  const latin1 = Buffer.from('<title>Grüße</title>', 'latin1')

  test.each([
    ['the header', latin1, 'text/html; charset=ISO-8859-1', 'Grüße'],
    ['the header in quotes', latin1, 'text/html; Charset="windows-1252"', 'Grüße'],
    ['a byte order mark against the header', Buffer.from('\uFEFFGrüße'), 'text/html; charset=iso-8859-1', 'Grüße'],
    ['UTF-16 by its mark', Buffer.from('\uFEFFGrüße', 'utf16le'), 'text/html', 'Grüße'],
    ['its meta element', Buffer.concat([Buffer.from('<meta charset="latin1">'), latin1]), 'text/html', 'Grüße'],
    [
      'its XML declaration',
      Buffer.concat([Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?>'), latin1]),
      'application/xml',
      'Grüße',
    ],
    ['being UTF-8 without saying so', Buffer.from('Grüße'), null, 'Grüße'],
    ['not being UTF-8', latin1, 'text/html', 'Grüße'],
    ['a charset that nobody knows', Buffer.from('Grüße'), 'text/html; charset=klingon', 'Grüße'],
  ])('is read by %s', (_name, bytes, type, expected) => {
    expect(decodeText(bytes, type)).toContain(expected)
  })

  test('of any bytes under any type is some text', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), fc.option(fc.string()), (bytes, type) => {
        expect(typeof decodeText(bytes, type)).toBe('string')
      }),
    )
  })
})
