import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactUrl } from '../../src/index.ts'
import { expectLinear } from '../expect-linear.ts'

describe('redactUrl', () => {
  it.each([
    ['postgres://app:secret@db.example:5432/app', 'postgres://app:***@db.example:5432/app'],
    [
      'postgresql://postgres.ref:p%40ss@h:6543/postgres?sslmode=require',
      'postgresql://postgres.ref:***@h:6543/postgres?sslmode=require',
    ],
    ['postgres://app@db.example/app', 'postgres://app@db.example/app'],
    ['postgres://db.example:5432/app', 'postgres://db.example:5432/app'],
    ['postgres://[::1]:5432/app', 'postgres://[::1]:5432/app'],
    ['postgres://app:secret@/app?host=/run/pg', 'postgres://app:***@/app?host=/run/pg'],
    ['postgres://app:secret@a:1,b:2/app', 'postgres://app:***@a:1,b:2/app'],
    ['postgres://app:se@cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app:se/cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app:12/34@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app:se?cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app:se#cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://h/d?user=app&password=secret&sslmode=require', 'postgres://h/d?user=app&password=***&sslmode=require'],
    // Nothing tells whose the second `@` is.
    ['postgres://u:secret@h/d?application_name=a@b', 'postgres://u:***@b'],
    ['postgres://app:se@x?cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app:se cret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://app%3Asecret@db.example/app', 'postgres://app:***@db.example/app'],
    ['postgres://h/d?user=app&password=se@cret', 'postgres://***'],
    ['postgres://h/d?password=se#cret&sslmode=require', 'postgres://h/d?password=***&sslmode=require'],
    ['postgres://h/d?password=se&cret&sslmode=require', 'postgres://h/d?password=***&sslmode=require'],
    ['cannot connect to postgres://app:se@cret@h/d (twice)', 'cannot connect to postgres://app:***@h/d (twice)'],
    ['postgres:app:secret@h/d', 'postgres:app:***@h/d'],
    ['postgres://u:secret@h/d?sslpassword=hush&sslkey=/k', 'postgres://u:***@h/d?sslpassword=***&sslkey=***'],
    ["host=h user=u password='a secret' dbname=d", 'host=h user=u password=*** dbname=d'],
    ["host=h password='it''s secret' dbname=d", 'host=h password=*** dbname=d'],
    [String.raw`host=h password='it\'s secret' dbname=d`, 'host=h password=*** dbname=d'],
    ["host=h password='never closed", 'host=h password=***'],
    ['host=h password=two words dbname=d', 'host=h password=*** dbname=d'],
    ['host=h password = hush dbname=d', 'host=h password = *** dbname=d'],
    ['postgres://app:hush', 'postgres://***'],
    ['', ''],
    ['not a url', 'not a url'],
  ])('%s', (url, expected) => {
    expect(redactUrl(url)).toBe(expected)
  })

  it('gives an empty text for anything but a text', () => {
    for (const value of [undefined, null, 1, {}]) expect(redactUrl(value)).toBe('')
  })

  it('never lets a password through, encoded or not', () => {
    // Marks at both ends tell the password from the rest; every byte between them may be anything.
    const password = fc
      .string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...Array.from('aZ09@:/?#&=%+ []')) })
      .map((text) => `Hush${text}hsuH`)
    fc.assert(
      fc.property(password, fc.boolean(), (secret, encoded) => {
        const text = `postgres://app:${encoded ? encodeURIComponent(secret) : secret}@db.example:6543/app?sslmode=require`
        const shown = redactUrl(text)
        expect(shown).not.toContain('Hush')
        expect(shown).not.toContain('hsuH')
        expect(shown).toContain('@db.example:6543/app')
      }),
      { seed: 20261123, numRuns: 2_000 },
    )
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true })), (text) => {
        expect(redactUrl(redactUrl(text))).toBe(redactUrl(text))
      }),
      { seed: 20261123 },
    )
  })

  it.each<[string, (n: number) => string]>([
    ['marks of every kind', (n) => `postgres://${'a:@/?#'.repeat(n)}`],
    ['a name without a value', (n) => 'password'.repeat(n)],
    ['names without values', (n) => 'password '.repeat(n)],
    ['escaped quotes', (n) => `password='${String.raw`\'`.repeat(n)}`],
    ['quotes', (n) => `password=${"'".repeat(n)}`],
    ['ampersands', (n) => `password=${'&'.repeat(n)}`],
    ['blanks', (n) => `password${' '.repeat(n)}`],
    ['words', (n) => `password=${' a'.repeat(n)}`],
    ['colons and slashes', (n) => `a${'://'.repeat(n)}`],
    ['hosts', (n) => `postgres://${'a,'.repeat(n)}`],
  ])('takes time in proportion to the length of the text: %s', (_, family) => {
    expectLinear(family, (text) => void redactUrl(text))
  })
})
