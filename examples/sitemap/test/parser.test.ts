import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseSitemap, type ParsedSitemap, type SitemapChild, type SitemapEntry } from '../src/parser/parse-sitemap.ts'
import { parseRfc822Date, parseW3cDate } from '../src/parser/entry.ts'
import { readUrl } from '../src/parser/batch.ts'
import { Issues } from '../src/parser/issues.ts'
import { index, page, richUrlset, sitemapNs, urlset } from './sitemap-files.ts'

const base = 'https://shop.test/sitemap.xml'

async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    await Promise.resolve()
    yield bytes.subarray(at, at + size)
  }
}

async function read(
  file: string | Uint8Array,
  { size = 65_536, charset, maxBytes }: { size?: number; charset?: string; maxBytes?: number } = {},
) {
  const entries: SitemapEntry[] = []
  const children: SitemapChild[] = []
  const parsed: ParsedSitemap = await parseSitemap(pieces(typeof file === 'string' ? Buffer.from(file) : file, size), {
    base,
    charset,
    maxBytes,
    onBatch: (batch) => {
      entries.push(...batch.entries)
      children.push(...batch.children)
      return true
    },
  })
  return { ...parsed, entries, children, count: parsed.entries, urls: entries.map(({ url }) => url) }
}

const codes = (parsed: Pick<ParsedSitemap, 'issues'>) => parsed.issues.map(({ code }) => code)

describe('(18) indexes', () => {
  test('an index with a prefix on every element yields its children', async () => {
    const file = `<s:sitemapindex xmlns:s="${sitemapNs}"><s:sitemap><s:loc>https://shop.test/a.xml</s:loc>
      <s:lastmod>2026-01-02</s:lastmod></s:sitemap><s:sitemap><s:loc>https://shop.test/b.xml</s:loc></s:sitemap></s:sitemapindex>`
    const { kind, children } = await read(file)
    expect(kind).toBe('index')
    expect(children).toEqual([
      { url: 'https://shop.test/a.xml', lastmod: '2026-01-02', lastmodAt: new Date('2026-01-02') },
      { url: 'https://shop.test/b.xml', lastmod: null, lastmodAt: null },
    ])
  })

  test('an element of another namespace is not an entry, and its loc is not the URL', async () => {
    const file = urlset(
      `<x:url><x:loc>https://shop.test/no</x:loc></x:url>
       <url><x:loc>https://shop.test/no</x:loc><image:image><image:loc>https://shop.test/i.png</image:loc></image:image>
       <loc>https://shop.test/yes</loc></url>`,
      `xmlns="${sitemapNs}" xmlns:x="urn:x" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1"`,
    )
    const { urls, entries } = await read(file)
    expect(urls).toEqual(['https://shop.test/yes'])
    expect(entries[0]!.images).toBe(1)
  })

  test('pages in an index and sitemaps in a list of pages are read and reported', async () => {
    const mixed = await read(
      index('https://shop.test/a.xml').replace('</sitemapindex>', `${page('https://shop.test/p')}</sitemapindex>`),
    )
    expect(mixed).toMatchObject({ kind: 'index', urls: ['https://shop.test/p'] })
    expect(mixed.children).toHaveLength(1)
    expect(codes(mixed)).toEqual(['element_misplaced'])
  })
})

describe('(20) formats and encodings', () => {
  test.each([
    ['UTF-8', (text: string) => Buffer.from(text)],
    ['UTF-8 with a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 little endian with a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 little endian without one', (text: string) => Buffer.from(text, 'utf16le')],
    ['UTF-16 big endian with a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['UTF-16 big endian without one', (text: string) => Buffer.from(text, 'utf16le').swap16()],
    ['gzip', (text: string) => gzipSync(text)],
    ['gzip in gzip', (text: string) => gzipSync(gzipSync(text))],
    ['gzip of UTF-16', (text: string) => gzipSync(Buffer.from(`\uFEFF${text}`, 'utf16le'))],
  ])('%s, byte by byte as at once', async (_name, encode) => {
    const bytes = encode(urlset(page('https://shop.test/größe') + page('https://shop.test/靴')))
    for (const size of [1, 7, 65_536]) {
      const { urls, error, issues } = await read(bytes, { size })
      expect({ urls, error, issues }).toEqual({
        urls: ['https://shop.test/gr%C3%B6%C3%9Fe', 'https://shop.test/%E9%9D%B4'],
        error: undefined,
        issues: [],
      })
    }
  })

  test('an encoding of the declaration, and one of the header', async () => {
    const latin = Buffer.from(urlset(page('https://shop.test/größe')).replace('UTF-8', 'ISO-8859-1'), 'latin1')
    expect((await read(latin)).urls).toEqual(['https://shop.test/gr%C3%B6%C3%9Fe'])
    const undeclared = Buffer.from(urlset(page('https://shop.test/größe')).replace(/<\?.*?\?>/, ''), 'latin1')
    expect((await read(undeclared, { charset: 'iso-8859-1' })).urls).toEqual(['https://shop.test/gr%C3%B6%C3%9Fe'])
    expect(codes(await read(undeclared))).toEqual(['encoding_invalid'])
  })

  test('a list of URLs', async () => {
    const parsed = await read('\uFEFFhttps://shop.test/a\r\n\r\n  https://shop.test/b \nnot a url\rhttps://shop.test/c')
    expect(parsed).toMatchObject({
      kind: 'text',
      urls: ['https://shop.test/a', 'https://shop.test/b', 'https://shop.test/c'],
    })
    expect(parsed.issues).toEqual([{ code: 'url_invalid', count: 1, examples: ['not a url'] }])
  })

  test('RSS 2.0: link, else a guid that is one; the link of Atom inside is not taken for it', async () => {
    const parsed = await read(`<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>
      <link>https://shop.test/</link><atom:link href="https://shop.test/feed" rel="self"/>
      <item><title>A &amp; B</title><link>https://shop.test/a</link><pubDate>Tue, 03 Mar 2026 10:00:00 +0100</pubDate></item>
      <item><guid>https://shop.test/b</guid><atom:link href="https://shop.test/no"/></item>
      <item><guid isPermaLink="false">https://shop.test/no</guid></item></channel></rss>`)
    expect(parsed).toMatchObject({ kind: 'rss', urls: ['https://shop.test/a', 'https://shop.test/b'] })
    expect(parsed.entries[0]!.lastmodAt).toEqual(new Date('2026-03-03T09:00:00Z'))
    expect(codes(parsed)).toEqual(['url_missing'])
  })

  test('Atom: the alternate link, updated before published', async () => {
    const parsed = await read(`<feed xmlns="http://www.w3.org/2005/Atom"><link href="https://shop.test/"/>
      <entry><link rel="edit" href="https://shop.test/no"/><link href="/a"/><updated>2026-01-02T00:00:00Z</updated>
      <published>2025-01-02T00:00:00Z</published></entry></feed>`)
    expect(parsed).toMatchObject({ kind: 'atom', urls: ['https://shop.test/a'] })
    expect(parsed.entries[0]!.lastmodAt).toEqual(new Date('2026-01-02'))
  })

  test.each([
    ['HTML', '<!DOCTYPE html><html><body>https://shop.test/</body></html>'],
    ['HTML without a doctype', '<html><head><title>Sitemap</title></head></html>'],
    ['XHTML', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['nothing', ''],
    ['white space', ' \n\n '],
    ['a sentence', 'Page not found. See https://shop.test/'],
    ['JSON', '{"error":"not found"}'],
    ['another XML', '<?xml version="1.0"?><opml version="2.0"/>'],
    ['feed of no namespace', '<feed><entry/></feed>'],
    ['binary', Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2, 3])],
  ])('%s is not a sitemap', async (_name, file) => {
    expect(await read(file)).toMatchObject({ kind: undefined, error: { code: 'not_sitemap' }, count: 0 })
  })

  test('no namespace, a known variant and an unknown one: all are read, the wrong ones reported', async () => {
    const inner = page('https://shop.test/a')
    for (const [attributes, issue] of [
      ['', ['namespace_missing']],
      ['xmlns="https://www.sitemaps.org/schemas/sitemap/0.9/"', []],
      ['xmlns="http://www.google.com/schemas/sitemap/0.84"', []],
      ['xmlns="urn:mine"', ['namespace_unknown']],
    ] as const) {
      const parsed = await read(urlset(inner, attributes))
      expect(parsed.urls).toEqual(['https://shop.test/a'])
      expect(codes(parsed)).toEqual(issue)
    }
  })

  test('an entity that a document type declares is not expanded, and none is fetched', async () => {
    const bomb = `<?xml version="1.0"?><!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
      <!ENTITY x SYSTEM "file:///etc/passwd">]><urlset xmlns="${sitemapNs}">${page('https://shop.test/&b;/&x;')}${page(
        'https://shop.test/good',
      )}</urlset>`
    const parsed = await read(bomb)
    expect(parsed.urls).toEqual(['https://shop.test/&b;/&x;', 'https://shop.test/good'])
    expect(codes(parsed)).toEqual(['doctype_ignored', 'malformed_xml'])
  })

  test('what is not well-formed is reported, and what is around it read', async () => {
    const parsed = await read(
      urlset(page('https://shop.test/a?x=1&y=2') + page('https://shop.test/b&nbsp;') + page('https://shop.test/c')),
    )
    expect(parsed.urls).toEqual(['https://shop.test/a?x=1&y=2', 'https://shop.test/b&nbsp;', 'https://shop.test/c'])
    expect(codes(parsed)).toEqual(['malformed_xml'])
  })

  test('an ampersand that is not escaped never joins two URLs, wherever the file is cut', async () => {
    const file = urlset(
      page('https://shop.test/a?x=1&y=2') +
        page('<![CDATA[https://shop.test/b?x=1&y=2]]>') +
        page('https://shop.test/c?x&amp;y&#38;z&'),
    )
    for (const size of [1, 2, 3, 5, 8, 13, 1_000]) {
      expect((await read(file, { size })).urls).toEqual([
        'https://shop.test/a?x=1&y=2',
        'https://shop.test/b?x=1&y=2',
        'https://shop.test/c?x&y&z&',
      ])
    }
  })

  test('white space before the declaration is reported and tolerated', async () => {
    const parsed = await read(`\n\n${urlset(page('https://shop.test/a'))}`)
    expect(parsed.urls).toEqual(['https://shop.test/a'])
    expect(codes(parsed)).toEqual(['malformed_xml'])
  })

  test('a file that ends too early gives what it has, and says so', async () => {
    const whole = urlset(page('https://shop.test/a') + page('https://shop.test/b'))
    expect(await read(whole.slice(0, -25))).toMatchObject({
      urls: ['https://shop.test/a'],
      error: { code: 'truncated' },
    })
    const zipped = gzipSync(
      urlset(Array.from({ length: 5_000 }, (_, n) => page(`https://shop.test/${n}-${(n * 7919) % 5003}`)).join('')),
    )
    const cut = await read(zipped.subarray(0, zipped.length / 2))
    expect(cut.error).toMatchObject({ code: 'truncated' })
    expect(cut.count).toBeGreaterThan(1_000)
    const damaged = Buffer.from(zipped)
    damaged.fill(0xff, 1_000, 1_100)
    expect((await read(damaged)).error).toMatchObject({ code: 'malformed' })
  })

  test('relative, foreign and unusable URLs', async () => {
    const parsed = await read(
      urlset(
        ['/rel', 'mailto:a@shop.test', 'ftp://shop.test/', '', 'https://shop.test/x#frag', 'HTTPS://SHOP.test:443/UP']
          .map((one) => page(one))
          .join(''),
      ),
    )
    expect(parsed.urls).toEqual(['https://shop.test/rel', 'https://shop.test/x', 'https://shop.test/UP'])
    expect(parsed.issues).toEqual([
      { code: 'url_relative', count: 1, examples: ['/rel'] },
      { code: 'url_invalid', count: 2, examples: ['mailto:a@shop.test', 'ftp://shop.test/'] },
      { code: 'url_missing', count: 1, examples: [] },
    ])
  })
})

describe('(21) limits', () => {
  test('50,001 entries are reported and all read', async () => {
    const parsed = await read(urlset(Array.from({ length: 50_001 }, (_, n) => page(`https://shop.test/${n}`)).join('')))
    expect(parsed).toMatchObject({ count: 50_001, error: undefined })
    expect(parsed.issues).toEqual([{ code: 'too_many_urls', count: 1, examples: ['50001'] }])
  })

  test('a file beyond its limit is left; what was read before stays', async () => {
    const parsed = await read(gzipSync(urlset(page('https://shop.test/a') + ' '.repeat(3_000_000))), {
      maxBytes: 200_000,
    })
    expect(parsed).toMatchObject({ urls: ['https://shop.test/a'], error: { code: 'too_large' } })
    expect(parsed.bytes).toBeLessThan(300_000)
  })

  test.each([
    ['a text', `${urlset('').slice(0, -9)}<url><loc>${'a'.repeat(3_000_000)}`],
    ['an attribute', `${urlset('').slice(0, -9)}<url a="${'a'.repeat(3_000_000)}`],
    ['many attributes', `${urlset('').slice(0, -9)}<url ${'a="b" '.repeat(500_000)}`],
    ['a comment', `${urlset('').slice(0, -9)}<!-- ${'a'.repeat(3_000_000)}`],
  ])('%s without end is not collected', async (_name, file) => {
    const parsed = await read(file)
    expect(parsed.error?.code).toBe('too_large')
    expect(parsed.bytes).toBeLessThan(1_300_000)
  })

  test('elements nested without end, and a prolog without end', async () => {
    expect((await read(`${urlset('').slice(0, -9)}${'<a>'.repeat(100_000)}`)).error?.code).toBe('malformed')
    expect((await read(`<?xml version="1.0"?>${'<!-- -->'.repeat(100_000)}`)).error?.code).toBe('not_sitemap')
    expect((await read(`<!DOCTYPE x [${'<!ENTITY a "b">'.repeat(100_000)}`)).error?.code).toBe('not_sitemap')
  })

  test('reading ends when it is told to, and the source is closed', async () => {
    let isClosed = false
    const source = async function* () {
      try {
        yield Buffer.from(urlset('').slice(0, -9))
        for (let n = 0; ; n += 1) {
          await Promise.resolve()
          yield Buffer.from(page(`https://shop.test/${n}`))
        }
      } finally {
        isClosed = true
      }
    }
    const parsed = await parseSitemap(source(), { base, onBatch: () => false })
    expect(parsed).toMatchObject({ stopped: true, entries: 1_000 })
    expect(isClosed).toBe(true)
  })
})

describe('(22) per-URL fields', () => {
  test('equal the fixture’s', async () => {
    const { entries, issues } = await read(richUrlset('https://shop.test'))
    const nothing = {
      lastmod: null,
      lastmodAt: null,
      changefreq: null,
      priority: null,
      images: 0,
      videos: 0,
      news: 0,
      hreflangs: 0,
    }
    expect(entries).toEqual([
      {
        url: 'https://shop.test/shoes?a=1&b=2',
        lastmod: '2026-03-04T05:06:07+02:00',
        lastmodAt: new Date('2026-03-04T03:06:07Z'),
        changefreq: 'weekly',
        priority: 0.8,
        images: 2,
        videos: 1,
        news: 1,
        hreflangs: 2,
      },
      { ...nothing, url: 'https://shop.test/cdata?x=1&y=2', lastmod: 'yesterday' },
      { ...nothing, url: 'https://shop.test/caf%C3%A9', lastmod: '2026-02-30' },
      { ...nothing, url: 'https://shop.test/day', lastmod: '2026-02-28', lastmodAt: new Date('2026-02-28') },
    ])
    expect(issues.map(({ code, count }) => [code, count])).toEqual([
      ['lastmod_invalid', 2],
      ['priority_invalid', 1],
      ['changefreq_invalid', 1],
    ])
  })

  test('dates: what is one, and what only looks like one', () => {
    for (const good of [
      '2026',
      '2026-01',
      '2026-01-31',
      '2026-01-31T23:59Z',
      '2026-01-31T23:59:59.123456+14:00',
      '2024-02-29',
    ]) {
      expect(parseW3cDate(good)?.getTime(), good).toBe(new Date(good).getTime())
    }
    for (const bad of [
      '',
      '26-01-01',
      '2026-13-01',
      '2026-02-29',
      '2026-01-31T25:00Z',
      '2026-01-31T10:00',
      '0000',
      '2026-1-1',
      '2026-01-31 10:00',
    ]) {
      expect(parseW3cDate(bad), bad).toBeUndefined()
    }
    expect(parseRfc822Date('Wed, 02 Oct 2002 08:00:00 EST')).toEqual(new Date('2002-10-02T13:00:00Z'))
    for (const bad of ['yesterday', '31 Feb 2026 10:00:00 GMT', '2026-01-01'])
      expect(parseRfc822Date(bad)).toBeUndefined()
  })
})

describe('properties', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 }).filter((one) => !/[\p{Cc}\uFFFE\uFFFF]/u.test(one))
  const escaped = (value: string) => value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&#62;')
  const entry = fc.record({
    path: text,
    cdata: fc.boolean(),
    day: fc.option(fc.date({ min: new Date('1980-01-01'), max: new Date('2100-01-01'), noInvalidDate: true }), {
      nil: undefined,
    }),
    priority: fc.option(fc.integer({ min: 0, max: 100 }), { nil: undefined }),
    images: fc.integer({ min: 0, max: 3 }),
  })

  test('what is written in any encoding, prefix and chunking is what is read', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(entry, { maxLength: 12 }),
        fc.constantFrom('', 's:'),
        fc.constantFrom('utf8' as const, 'utf16le' as const),
        fc.boolean(),
        fc.integer({ min: 1, max: 500 }),
        async (entries, prefix, encoding, isZipped, size) => {
          const tag = (name: string, inner: string): string => `<${prefix}${name}>${inner}</${prefix}${name}>`
          const urls = entries.map(({ path }) => `https://shop.test/p/${path}`)
          const body = entries.map(({ cdata, day, priority, images }, n) => {
            const url = urls[n]!
            const loc = cdata && !url.includes(']]>') ? `<![CDATA[${url}]]>` : escaped(url)
            return tag(
              'url',
              tag('loc', loc) +
                (day ? tag('lastmod', day.toISOString()) : '') +
                (priority === undefined ? '' : tag('priority', String(priority / 100))) +
                '<i:image/>'.repeat(images),
            )
          })
          const xmlns = prefix === '' ? 'xmlns' : 'xmlns:s'
          const file = `\uFEFF<${prefix}urlset ${xmlns}="${sitemapNs}" xmlns:i="http://www.google.com/schemas/sitemap-image/1.1">${body.join('')}</${prefix}urlset>`
          const bytes = Buffer.from(file, encoding)
          const parsed = await read(isZipped ? gzipSync(bytes) : bytes, { size })
          const issues = new Issues()
          const expected = entries.flatMap(({ day, priority, images }, n) => {
            const url = readUrl(urls[n]!.trim(), base, issues)
            return url === undefined
              ? []
              : [{ url, at: day?.getTime(), priority: priority === undefined ? null : priority / 100, images }]
          })
          expect(parsed.error).toBeUndefined()
          expect(
            parsed.entries.map(({ url, lastmodAt, priority, images }) => ({
              url,
              at: lastmodAt?.getTime(),
              priority,
              images,
            })),
          ).toEqual(expected)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('the short way of reading a URL gives what the URL standard gives', () => {
    const part = fc.stringMatching(/^[\w.~!$&()*+,;=:@/?%#'|^ -]{0,12}$/)
    const host = fc.constantFrom(
      'shop.test',
      'SHOP.test',
      'a-b.co.uk',
      '1.2.3.4',
      'xn--a.test',
      '-a.test',
      'x.1',
      'shop.test:80',
      'shop..test',
    )
    fc.assert(
      fc.property(fc.constantFrom('http', 'https'), host, part, part, (scheme, name, path, query) => {
        const text = `${scheme}://${name}/${path}?${query}`
        const url = URL.parse(text)
        if (url) url.hash = ''
        expect(readUrl(text, base, new Issues())).toBe(url?.href)
      }),
      { numRuns: 3_000 },
    )
  })

  test('no bytes make it throw or hang', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 200 }), async (noise, at) => {
        const file = Buffer.from(richUrlset('https://shop.test'))
        await read(Buffer.concat([file.subarray(0, at), noise, file.subarray(at)]))
        await read(noise)
      }),
      { numRuns: 100 },
    )
  })
})
