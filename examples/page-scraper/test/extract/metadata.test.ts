import { describe, expect, test } from 'vitest'
import { extract } from './page.ts'

const words = (count: number): string => Array.from({ length: count }, (_, n) => `word${n}`).join(' ')

describe('(14) what a page says about itself', () => {
  test('is read from its head, relative to its base', () => {
    const page = extract(`<!doctype html><html lang="de-at"><head>
      <base href="https://www.bakery.at/de/">
      <title>  Bäckerei &amp; Café\n Huber </title>
      <meta name="Description" content="Brot &quot;wie früher&quot;">
      <meta name="robots" content="INDEX, follow">
      <link rel="canonical" href="./">
      <link rel="alternate" hreflang="en" href="/en/"><link rel="alternate" hreflang="x-default" href="/">
      <link rel="alternate" type="application/rss+xml" title="Neues" href="feed.xml">
      <link rel="shortcut icon" href="/small.ico" sizes="16x16"><link rel="apple-touch-icon" sizes="180x180" href="/large.png">
      <meta property="og:title" content="Huber"><meta property="og:image" content="/a.jpg">
      <meta name="twitter:card" content="summary"></head>
      <body><header><img class="site-logo" src="/img/huber.svg"></header><h1>Brot<br>und mehr</h1>
      <p>${words(40)}</p>
      <form action="/search"><input name="q" type="search"></form>
      <form method="POST" action="send"><input name="email" type="email"><textarea name="text">no text of the page</textarea></form>
      </body></html>`)
    expect(page).toMatchObject({
      charset: 'utf-8',
      language: 'de-AT',
      logo: 'https://www.bakery.at/img/huber.svg',
      metadata: {
        title: 'Bäckerei & Café Huber',
        description: 'Brot "wie früher"',
        robots: 'index, follow',
        canonical: 'https://www.bakery.at/de/',
        hreflang: [
          { language: 'en', url: 'https://www.bakery.at/en/' },
          { language: 'x-default', url: 'https://www.bakery.at/' },
        ],
        h1: ['Brot und mehr'],
        openGraph: { title: 'Huber', image: '/a.jpg' },
        twitter: { card: 'summary' },
        feeds: [{ url: 'https://www.bakery.at/de/feed.xml', type: 'rss', title: 'Neues' }],
        favicon: 'https://www.bakery.at/large.png',
        words: 43,
        forms: [
          { action: 'https://www.bakery.at/search', method: 'get', fields: ['q:search'] },
          { action: 'https://www.bakery.at/de/send', method: 'post', fields: ['email:email', 'text:textarea'] },
        ],
      },
    })
  })

  test('is undefined where it says nothing: no favicon, no title, no language is made up', () => {
    const { metadata, language, logo } = extract('<p>Hi')
    expect({ ...metadata, language, logo }).toMatchObject({
      title: undefined,
      description: undefined,
      canonical: undefined,
      robots: undefined,
      favicon: undefined,
      language: undefined,
      logo: undefined,
      openGraph: {},
      feeds: [],
      h1: [],
    })
  })

  test('counts what visitors read: no script, style, template, noscript; Han characters one by one', () => {
    expect(
      extract('<p>one two<script>three()</script><style>four</style><noscript>five</noscript>').metadata.words,
    ).toBe(2)
    expect(extract('<template>x</template><p>don’t stop-it 3').metadata.words).toBe(3)
    expect(extract('<p>日本語').metadata.words).toBe(3)
  })

  test('a title in a drawing is not the page’s', () => {
    expect(extract('<svg><title>Menu</title></svg><title>Real</title>').metadata.title).toBe('Real')
  })

  test('links are counted once for each page, those of the site apart from others', () => {
    const { links } =
      extract(`<nav><a href="/about/">About</a></nav><a href="/about">again</a><a href="/about?utm_source=x">again</a>
      <a href="https://shop.bakery.at/">shop</a><a href="https://other.com/x">o</a><a href="//other.com/y">o</a>
      <a href="/menu.pdf">menu</a><a href="/cdn-cgi/l/email-protection#00">m</a><a href="#top">top</a><a href="javascript:alert(1)">j</a><a href="mailto:a@b.at">m</a><a href="/">home</a>`)
    expect(links).toEqual({
      internal: [
        { url: 'https://www.bakery.at/about/', text: 'About', place: 'nav' },
        { url: 'https://shop.bakery.at/', text: 'shop', place: 'main' },
      ],
      internalCount: 2,
      externalCount: 2,
      externalDomains: ['other.com'],
    })
  })
})

describe('(14) the language', () => {
  const german = `<p>${'Wir backen das Brot mit Liebe und die Semmeln nicht nur für Sie. '.repeat(4)}`
  test.each([
    ['declared by the page', '<html lang="fr_CA">', {}, 'fr-CA'],
    ['said by the server', '<p>x', { 'content-language': 'nl, en' }, 'nl'],
    ['of Open Graph', '<meta property="og:locale" content="it_IT">', {}, 'it-IT'],
    ['of the words', german, {}, 'de'],
    ['unknown when nothing tells', '<html lang="$lang">Lorem', {}, undefined],
  ])('%s', (_name, html, headers, language) => {
    expect(extract(html, { headers: headers as Record<string, string> }).language).toBe(language)
  })
})

describe('(14) the charset', () => {
  const latin = Buffer.from('<title>Gr\xfc\xdfe</title>', 'latin1')
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from('<title>Grüße</title>', 'utf16le')])
  const declared = (meta: string): Buffer => Buffer.concat([Buffer.from(meta), latin])
  test.each([
    ['of Content-Type', latin, 'text/html; charset="ISO-8859-1"', 'windows-1252'],
    ['of <meta charset>', declared('<meta charset=iso-8859-15>'), 'text/html', 'iso-8859-15'],
    [
      'of <meta http-equiv>',
      declared('<meta http-equiv=Content-Type content="text/html; charset=latin1">'),
      'text/html',
      'windows-1252',
    ],
    ['of a byte order mark, before all else', utf16, 'text/html; charset=utf-8', 'utf-16le'],
    ['of the bytes, when none is declared', latin, 'text/html', 'windows-1252'],
    ['of a comment is none', declared('<!-- <meta charset=koi8-r> -->'), 'text/html', 'windows-1252'],
    [
      'that claims UTF-16 in ASCII is UTF-8',
      Buffer.from('<meta charset=utf-16><title>Grüße</title>'),
      'text/html',
      'utf-8',
    ],
  ])('%s', (_name, bytes, type, charset) => {
    const page = extract(bytes, { headers: { 'content-type': type } })
    expect({ charset: page.charset, title: page.metadata.title }).toEqual({ charset, title: 'Grüße' })
  })

  test('UTF-8 without a declaration is UTF-8', () => {
    expect(extract('<title>Grüße</title>')).toMatchObject({ charset: 'utf-8', metadata: { title: 'Grüße' } })
  })
})

describe('(14) JSON-LD', () => {
  const ld = (json: string): string => `<script type="application/ld+json">${json}</script>`

  test('names the organisation, however deep it lies', () => {
    const page = extract(
      ld(`{"@context":"https://schema.org","@graph":[{"@type":"WebSite","publisher":{"@type":["Organization","Bakery"],
        "name":"Huber","logo":{"@type":"ImageObject","url":"/logo.png"},"telephone":"+43 316 123456","email":"mailto:office@bakery.at",
        "address":{"@type":"PostalAddress","streetAddress":"Hauptplatz 1","postalCode":8010,"addressLocality":"Graz","addressCountry":{"@type":"Country","name":"AT"}},
        "sameAs":["https://www.facebook.com/huber"]}}]}`),
    )
    expect(page.organizations).toEqual([
      {
        type: 'Organization',
        name: 'Huber',
        url: undefined,
        logo: 'https://www.bakery.at/logo.png',
        emails: ['office@bakery.at'],
        phones: ['+43 316 123456'],
        street: 'Hauptplatz 1',
        postalCode: '8010',
        city: 'Graz',
        country: 'AT',
        sameAs: ['https://www.facebook.com/huber'],
      },
    ])
    expect(page.logo).toBe('https://www.bakery.at/logo.png')
    expect(page.contacts.map(({ kind, value, method }) => [kind, value, method])).toEqual([
      ['email', 'office@bakery.at', 'json-ld'],
      ['phone', '+43316123456', 'json-ld'],
      ['social', 'https://www.facebook.com/huber', 'json-ld'],
    ])
  })

  test('in comments or with a semicolon is read; broken or hostile JSON harms nothing', () => {
    expect(extract(ld('<!-- {"@type":"Restaurant","name":"A"}; -->')).organizations).toMatchObject([{ name: 'A' }])
    expect(extract(ld('{"@type":"Restaurant",')).organizations).toEqual([])
    expect(extract(ld('{"@type":{"a":1},"name":[null],"address":7}')).organizations).toEqual([])
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`
    expect(extract(ld(deep) + ld('{"@type":"Dentist","name":"B"}')).organizations).toMatchObject([{ name: 'B' }])
  })
})
