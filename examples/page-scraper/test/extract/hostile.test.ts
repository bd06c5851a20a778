import { describe, expect, test } from 'vitest'
import { readDocument } from '../../src/extract/read-document.ts'
import { extract, valuesOf } from './page.ts'

/** Each makes a page of about `size` characters. */
const pages: readonly (readonly [name: string, make: (size: number) => string])[] = [
  ['one attribute', (size) => `<a href="${'x'.repeat(size)}">x</a>`],
  ['one attribute of entities', (size) => `<a title="${'&amp;'.repeat(size / 5)}" href=/x>x</a>`],
  ['many attributes', (size) => `<a ${Array.from({ length: size / 10 }, (_, n) => `a${n}=1`).join(' ')}>`],
  ['deep nesting', (size) => '<div>'.repeat(size / 5)],
  ['elements that are never closed', (size) => `${'<b><i>'.repeat(size / 12)}${'</u>'.repeat(size / 8)}`],
  ['places that are never closed', (size) => '<nav><a href=/x>'.repeat(size / 16)],
  ['entities', (size) => '&lt;'.repeat(size / 4)],
  ['nothing but <', (size) => '<'.repeat(size)],
  ['comments that are never closed', (size) => '<!--'.repeat(size / 4)],
  ['one inline script', (size) => `<script>${'var a = "gtag(";'.repeat(size / 16)}</script>`],
  ['scripts in a script', (size) => `<script>${'<!--<script>'.repeat(size / 12)}`],
  [
    'JSON-LD that is never closed',
    (size) => `<script type="application/ld+json">${'{"a":['.repeat(size / 6)}</script>`,
  ],
  ['letters without a space', (size) => `<p>${'a'.repeat(size)}`],
  ['at signs', (size) => `<p>${'a@'.repeat(size / 2)}`],
  ['almost addresses', (size) => `<p>${'a.b@c.d.'.repeat(size / 8)}`],
  ['(at) and (dot)', (size) => `<p>${'a (at) b (dot) '.repeat(size / 15)}`],
  ['digits', (size) => `<p>Tel. ${'1'.repeat(size)}`],
  ['digits and brackets', (size) => `<p>+${'1)(1 '.repeat(size / 5)}`],
  ['numbers', (size) => `<p>${'Tel. +43 316 1234567 '.repeat(size / 21)}`],
  ['spaces', (size) => `<p>x${' '.repeat(size)}x`],
  ['no-break spaces', (size) => `<p>x${'&nbsp;'.repeat(size / 6)}x`],
  ['one title', (size) => `<title>${'domain is for sale '.repeat(size / 19)}`],
  ['links', (size) => '<a href="/a?b=c">x</a>'.repeat(size / 22)],
  [
    'links to everywhere',
    (size) => Array.from({ length: size / 30 }, (_, n) => `<a href="https://a${n}.com/x">x</a>`).join(''),
  ],
  ['class names', (size) => `<p class="${'a b'.repeat(size / 3)}">`],
]

describe('(14) a hostile page', () => {
  test.each(pages)('of %s takes time that grows as its length, and no longer', (_name, make) => {
    const measure = (size: number): number => {
      const html = make(size)
      // Of this thread: a busy machine makes it wait, not work.
      const before = process.threadCpuUsage()
      extract(html)
      const { user, system } = process.threadCpuUsage(before)
      return (user + system) / 1_000
    }
    const best = (size: number): number => Math.min(measure(size), measure(size))
    best(20_000)
    const [tiny, small] = [Math.max(20, best(20_000)), Math.max(40, best(100_000))]
    // Five and ten times as long: a quadratic reader would take 25 and a hundred times as long.
    expect(small).toBeLessThan(tiny * 15)
    expect(measure(1_000_000)).toBeLessThan(small * 40)
  })

  test('is bounded in what is kept of it', () => {
    const document = readDocument(
      `<a href="${'x'.repeat(1_000_000)}">${'y'.repeat(1_000_000)}</a>${'<meta name=a content=b>'.repeat(10_000)}<script>${'z'.repeat(1_000_000)}</script>`,
    )
    expect(document.anchors[0]!.href.length).toBeLessThanOrEqual(20_000)
    expect(document.anchors[0]!.text.length).toBeLessThanOrEqual(500)
    expect(document.metas.length).toBe(500)
    expect(document.scripts[0]!.text.length).toBe(300_000)
  })

  test('keeps what stands before and after what is broken', () => {
    const page = extract(`<title>A &amp; B<b></title><p <a href="/x" onclick='<script>'>one@bakery.at</a
      ><div><p>two@bakery.at<table><tr><td>three@bakery.at<script>"</script>four@bakery.at`)
    expect(page.metadata.title).toBe('A & B<b>')
    expect(valuesOf(page, 'email').sort()).toEqual([
      'four@bakery.at',
      'one@bakery.at',
      'three@bakery.at',
      'two@bakery.at',
    ])
  })

  test('with NUL, half surrogates and bytes that are no text never makes it throw', () => {
    const bytes = Buffer.from(Array.from({ length: 50_000 }, (_, n) => (n * 7919) % 256))
    expect(() => extract(bytes)).not.toThrow()
    expect(extract('<title>a\0b&#0;&#xD800;&#x110000;</title>').metadata.title).toBeDefined()
    expect(() => extract('')).not.toThrow()
  })
})
