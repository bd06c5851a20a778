import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { redactUrl } from '../../src/index.ts'

describe('redactUrl', () => {
  it.each([
    ['postgres://app:secret@db.example:5432/app', 'postgres://app:***@db.example:5432/app'],
    ['postgresql://postgres.ref:p%40ss@h:6543/postgres?sslmode=require', 'postgresql://postgres.ref:***@h:6543/postgres?sslmode=require'],
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
    ['postgres://u:secret@h/d?application_name=a@b', 'postgres://u:***@h/d?application_name=a@b'],
    ['postgres://u:secret@h/d?sslpassword=hush&sslkey=/k', 'postgres://u:***@h/d?sslpassword=***&sslkey=***'],
    ["host=h user=u password='a secret' dbname=d", 'host=h user=u password=*** dbname=d'],
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
    const password = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom(...'aZ09@:/?#&=%+ []') }).map((text) => `Hush${text}hsuH`)
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

  it('takes time in proportion to the length of the text', () => {
    const started = performance.now()
    redactUrl(`postgres://${'a:@/?#'.repeat(20_000)}`)
    redactUrl(`${'password'.repeat(20_000)}`)
    redactUrl(`password='${"\\'".repeat(50_000)}`)
    expect(performance.now() - started).toBeLessThan(1_000)
  })
})
