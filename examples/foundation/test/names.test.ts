import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  canonicalHost,
  codeOf,
  explain,
  isId,
  isPublicId,
  newId,
  newPublicId,
  ServiceError,
  tenantId,
} from '../src/index.ts'

describe('canonicalHost', () => {
  test.each([
    ['https://www.Example.com:443/x', 'example.com'],
    ['EXAMPLE.com.', 'example.com'],
    ['http://user:secret@example.com?q#f', 'example.com'],
    ['  example.com\n', 'example.com'],
    ['https://Bücher.example/', 'xn--bcher-kva.example'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
    ['https://example.com\\path', 'example.com'],
    ['www.com', 'www.com'],
    ['shop.example.co.uk', 'shop.example.co.uk'],
    ['ftp://EXAMPLE.COM', 'example.com'],
  ])('%s is %s', (given, expected) => {
    expect(canonicalHost(given).host).toBe(expected)
  })

  test.each([
    ['shop.example.co.uk', 'example.co.uk'],
    ['www.a.b.example.com', 'example.com'],
    ['a.github.io', 'a.github.io'],
    ['deep.a.github.io', 'a.github.io'],
    ['github.io', 'github.io'],
    ['www.www.example.com', 'example.com'],
    ['bücher.co.jp', 'xn--bcher-kva.co.jp'],
    ['site.example', 'site.example'],
  ])('%s belongs to %s', (given, expected) => {
    expect(canonicalHost(given).registrableDomain).toBe(expected)
  })

  test.each([
    ['EXAMPLE。COM。', 'example.com'],
    ['ｅｘａｍｐｌｅ.com', 'example.com'],
    ['faß.example', 'xn--fa-hia.example'],
    ['www.www.example.com', 'example.com'],
    ['https://WWW.BÜCHER.example.:8443', 'xn--bcher-kva.example'],
    ['_dmarc.example.com', '_dmarc.example.com'],
  ])('%s is %s, too', (given, expected) => {
    expect(canonicalHost(given).host).toBe(expected)
  })

  test('any text is a host in its one spelling, or refused with a code', () => {
    const text = fc.oneof(fc.string(), fc.webUrl(), fc.ipV4(), fc.ipV6(), fc.string({ unit: 'grapheme' }))
    fc.assert(
      fc.property(text, (given) => {
        try {
          const { host, registrableDomain } = canonicalHost(given)
          expect(canonicalHost(host)).toEqual({ host, registrableDomain })
          expect(host === registrableDomain || host.endsWith(`.${registrableDomain}`)).toBe(true)
          expect(host).toMatch(/^[a-z0-9_.-]+$/)
        } catch (error) {
          expect(error).toMatchObject({ code: 'HOST_INVALID' })
        }
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    'co.uk',
    'http://127.0.0.1/',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '',
    ' ',
    'localhost',
    'https://',
    '.',
    '..',
    'a..b',
    '-a.com',
    'a-.com',
    'a b.com',
    `${'a'.repeat(64)}.com`,
  ])('refuses %j', (given) => {
    expect(() => canonicalHost(given)).toThrow(
      expect.objectContaining({ code: 'HOST_INVALID', hint: expect.stringContaining('example.com') }),
    )
  })

  test('what it answers it answers again, whatever stood around the name', () => {
    fc.assert(
      fc.property(
        // Below one more label, for `a.er` and the like are suffixes.
        fc
          .domain()
          .filter((domain) => domain.length < 240)
          .map((domain) => `shop.${domain}`),
        fc.constantFrom('', 'http://', 'https://www.'),
        fc.constantFrom('', '.', ':80', '/a?b'),
        (host, before, after) => {
          const canonical = canonicalHost(`${before}${host.toUpperCase()}${after}`)
          expect(canonicalHost(canonical.host)).toEqual(canonical)
          expect(canonical).toEqual(canonicalHost(host))
        },
      ),
    )
  })
})

describe('identifiers', () => {
  test('sort by the time they were made, also within a millisecond', () => {
    const ids = Array.from({ length: 5_000 }, newId)
    expect([...ids].sort()).toEqual(ids)
    expect(new Set(ids).size).toBe(5_000)
    expect(ids.every((id) => isId(id) && id[14] === '7')).toBe(true)
  })

  test('are told from everything else', () => {
    for (const other of ['', 'x', 7, null, undefined, {}, `${newId()} `, `{${newId()}}`, "' or true --"]) {
      expect(isId(other)).toBe(false)
    }
  })

  test('for people hold 120 random bits and nothing that tells their order', () => {
    const ids = Array.from({ length: 1_000 }, () => newPublicId('job'))
    expect(ids.every(isPublicId)).toBe(true)
    expect(new Set(ids).size).toBe(1_000)
    expect([...ids].sort()).not.toEqual(ids)
    for (const other of ['', 'job_', newId(), `${ids[0]}x`, 'job_\0', `JOB_${'a'.repeat(20)}`])
      expect(isPublicId(other)).toBe(false)
  })

  test('a tenant id is a UUID in one spelling', () => {
    const id = newId()
    expect(tenantId(id.toUpperCase())).toBe(id)
    expect(() => tenantId('1')).toThrow(expect.objectContaining({ code: 'TENANT_INVALID' }))
  })
})

test('an error is explained with what to do about it, and counted by its stable word', () => {
  const error = new ServiceError('X_FAILED', 'It failed.', { hint: 'Repair it.', cause: new Error('why') })
  expect(explain(error)).toBe('It failed. Repair it.')
  expect([explain(new Error('plain')), explain('text'), explain(undefined)]).toEqual(['plain', 'text', 'undefined'])
  expect(error.cause).toMatchObject({ message: 'why' })
  const codes = [error, Object.assign(new Error(), { code: 'ECONNREFUSED' }), new TypeError(), 'text', null].map(codeOf)
  expect(codes).toEqual(['X_FAILED', 'ECONNREFUSED', 'TypeError', 'unknown', 'unknown'])
})
