import { describe, expect, test } from 'vitest'
import { readSite } from '../src/site.ts'

describe('(13) the name of a site', () => {
  test.each([
    'example.com',
    'EXAMPLE.com.',
    ' example.com ',
    'www.example.com',
    'https://www.Example.com:443/x?y#z',
    'http://example.com:8080',
    'http://user:secret@example.com/',
    'example.com/path',
  ])('%s is example.com', (input) => {
    expect(readSite(input).host).toBe('example.com')
  })

  test('in letters of its own is punycode', () => {
    expect(readSite('https://Bäckerei.at/').host).toBe(readSite('xn--bckerei-5wa.at').host)
  })

  test.each([
    '',
    'localhost',
    'ftp://example.com',
    'javascript:alert(1)',
    'http://',
    'a b.com',
    `${'x'.repeat(3_000)}.com`,
    'file:///etc/passwd',
  ])('%j is none', (input) => {
    expect(() => readSite(input)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^(HOST|SCAN_INPUT)_INVALID$/) }),
    )
  })

  test('says where the home page is: by its word when it is a URL, else https first', () => {
    expect(readSite('http://www.example.com:8080/shop').homes).toEqual(['http://www.example.com:8080/'])
    expect(readSite('http://www.example.com:8080/shop').wanted).toBe('http://www.example.com:8080/shop')
    expect(readSite('example.com')).toMatchObject({
      homes: ['https://example.com/', 'http://example.com/', 'https://www.example.com/'],
      wanted: undefined,
    })
  })
})
