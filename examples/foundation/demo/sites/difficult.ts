import { gzipSync } from 'node:zlib'
import { html, plain, redirect, urlset, xml, type DemoSite } from '../site.ts'

/** Answers 200 to everything, whatever was asked. */
export const softNotFound: DemoSite = {
  host: 'immer-da.example',
  about: 'answers 200 with the same page to every path',
  answers: () => ({
    '*': html({
      title: 'Seite nicht gefunden',
      body: '<h1>Ups!</h1><p>Diese Seite gibt es leider nicht mehr. <a href="/">Zur Startseite</a></p>',
    }),
  }),
}

export const slow = (delayMs: number): DemoSite => ({
  host: 'langsam.example',
  about: 'takes its time for every answer; `/endlos` never ends',
  answers: () => ({
    '/endlos': (_request, response) => {
      response
        .writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
        .write('<!doctype html><title>Gleich</title>')
      const timer = setInterval(() => response.write('<p>noch nicht</p>'), 100)
      response.on('close', () => clearInterval(timer))
    },
    '/robots.txt': plain('User-agent: *\nDisallow:\n'),
    '*': (_request, response) => {
      const page = html({ title: 'Langsam', body: '<h1>Gut Ding braucht Weile</h1><a href="/kontakt">Kontakt</a>' })
      const timer = setTimeout(() => response.writeHead(200, page.headers).end(page.body), delayMs)
      response.on('close', () => clearTimeout(timer))
    },
  }),
})

export const restricted: DemoSite = {
  host: 'bitte-nicht.example',
  about: 'robots.txt forbids /intern and asks for a pause between requests',
  answers: () => ({
    '/robots.txt': plain('User-agent: *\nDisallow: /intern\nAllow: /intern/presse$\nCrawl-delay: 0.1\n'),
    '/': html({
      title: 'Verein',
      body: '<h1>Verein</h1><a href="/intern/protokolle">Protokolle</a> <a href="/intern/presse">Presse</a> <a href="/kontakt">Kontakt</a>',
    }),
    '/kontakt': html({ title: 'Kontakt', body: '<h1>Kontakt</h1><p>verein@bitte-nicht.example</p>' }),
    '/intern/protokolle': html({ title: 'Protokolle', body: '<p>Nur für Mitglieder: geheim@bitte-nicht.example</p>' }),
    '/intern/presse': html({ title: 'Presse', body: '<h1>Presse</h1>' }),
  }),
}

/** Everything that a page can try on those who show or store it. */
export const hostile: DemoSite = {
  host: 'boese.example',
  about: 'scripts in titles and data, broken markup, control characters, links that are none',
  answers: (origin) => ({
    '/robots.txt': plain('User-agent: *\nDisallow:\n'),
    '/': html({
      title: '&lt;script&gt;alert("title")&lt;/script&gt;<script>alert(1)</script>',
      head: `<meta name="description" content='"><img src=x onerror=alert(2)>'><meta property="og:title" content="&lt;/title&gt;&lt;script&gt;alert(3)&lt;/script&gt;">
<link rel="canonical" href="javascript:alert(4)"><link rel="icon" href="data:text/html,<script>alert(5)</script>">
<script type="application/ld+json">{"@type":"Organization","name":"</script><script>alert(6)</script>"}</script>
<script type="application/ld+json">{"@type": "Organization", "name": </script>`,
      body: `<h1>\u202Eegielrev\u202C <b onmouseover=alert(7)>hover</b>\u0000\u0007</h1>
<a href="javascript:alert(8)">a</a> <a href=" java\nscript:alert(9)">b</a> <a href="${origin}/%00%ff?q='%22%3E%3Cscript%3Ealert(10)%3C/script%3E">c</a> <a href="//10.0.0.1/">d</a> <a href="http://169.254.169.254/latest/">e</a>
<a href="mailto:'%22%3E%3Cscript%3Ealert(11)%3C/script%3E@boese.example">mail</a> <p>=HYPERLINK("http://boese.example","x") '); drop table pages; --</p>
<a href="/innen">innen</a> <a href="/tief">tief</a>`,
    }),
    '/innen': redirect('http://169.254.169.254/latest/meta-data/', 302),
    '/tief': html({ title: 'Tief', body: '<div>'.repeat(20_000) }),
    '/sitemap.xml':
      xml(`<!DOCTYPE urlset [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY file SYSTEM "file:///etc/passwd">]>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${origin}/&b;&file;</loc></url></urlset>`),
  }),
}

export const circles: DemoSite = {
  host: 'im-kreis.example',
  about: 'redirects in a circle, and at `/weiter/1` on and on',
  answers: () => ({
    '/robots.txt': plain('User-agent: *\nDisallow:\n'),
    '/': redirect('/a', 302),
    '/a': redirect('/b', 302),
    '/b': redirect('/a', 302),
    '*': (request, response) => {
      const next = Number(/^\/weiter\/(\d+)$/.exec(request.url ?? '')?.[1] ?? Number.NaN) + 1
      if (Number.isNaN(next)) response.writeHead(404).end()
      else response.writeHead(302, { location: `/weiter/${next}` }).end()
    },
  }),
}

/** A gibibyte in a megabyte: a zipped piece again and again, which unpacks as one stream. */
export const bomb: DemoSite = {
  host: 'bombe.example',
  about: 'pages and a sitemap that unpack from 1 MB to 1 GiB',
  answers(origin) {
    const head = Buffer.from(
      `<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>${origin}/</loc></url><!--`,
    )
    const pieces = 64
    let piece: Buffer | undefined
    const body = (start: string | Uint8Array): Buffer => {
      piece ??= gzipSync(Buffer.alloc(16 * 1024 * 1024, ' '))
      return Buffer.concat([gzipSync(start), ...Array.from({ length: pieces }, () => piece ?? Buffer.alloc(0))])
    }
    return {
      '/robots.txt': plain(`Sitemap: ${origin}/sitemap.xml.gz\n`),
      '/': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-encoding': 'gzip' })
        response.end(body('<!doctype html><title>Bumm</title>'))
      },
      '/sitemap.xml.gz': (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/gzip' }).end(body(head))
      },
      '/klein': html({ title: 'Klein', body: '<h1>Harmlos</h1>' }),
    }
  },
}

export const huge: DemoSite = {
  host: 'riesig.example',
  about: 'one page of 64 MB, and a sitemap with 50,000 URLs',
  answers: (origin) => ({
    '/robots.txt': plain(`Sitemap: ${origin}/sitemap.xml\n`),
    '/': (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' })
      response.write('<!doctype html><title>Riesig</title>')
      const paragraph = `<p>${'viel Text '.repeat(1_600)}</p>`
      let left = 4_000
      const more = (): void => {
        while (left > 0) {
          left -= 1
          if (!response.write(paragraph)) {
            response.once('drain', more)
            return
          }
        }
        response.end()
      }
      more()
    },
    '/sitemap.xml': (_request, response) => {
      const page = urlset(
        origin,
        Array.from({ length: 50_000 }, (_, at) => [`/seite/${at + 1}`] as const),
      )
      response.writeHead(200, page.headers).end(page.body)
    },
  }),
}

export const wrongCharset: DemoSite = {
  host: 'zeichensalat.example',
  about: 'pages whose header, meta element and bytes disagree about the charset',
  answers: () => {
    const text = (meta: string): string =>
      `<!doctype html><html lang="de"><head>${meta}<title>Käse &amp; Süßes</title></head><body><h1>Käse & Süßes</h1></body></html>`
    return {
      '/robots.txt': plain('User-agent: *\nDisallow:\n'),
      '/': {
        headers: { 'content-type': 'text/html' },
        body: Buffer.from(text('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-1">'), 'latin1'),
      },
      '/ohne': { headers: { 'content-type': 'text/html' }, body: Buffer.from(text(''), 'latin1') },
      '/falsches-meta': {
        headers: { 'content-type': 'text/html; charset=utf-8' },
        body: text('<meta charset="iso-8859-1">'),
      },
      '/utf-16': { headers: { 'content-type': 'text/html' }, body: Buffer.from(`\uFEFF${text('')}`, 'utf16le') },
      '/gelogen': { headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(text(''), 'latin1') },
    }
  },
}

export const parked: DemoSite = {
  host: 'geparkt.example',
  about: 'a domain that is for sale',
  answers: () => ({
    '*': html({
      lang: 'en',
      title: 'geparkt.example is for sale',
      body: '<h1>geparkt.example</h1><p>This domain is for sale. Buy this domain or make an offer.</p><div id="parked-ads">Related searches: <a href="/?kw=loans">Loans</a> <a href="/?kw=hotels">Hotels</a></div>',
    }),
  }),
}

export const failing: DemoSite = {
  host: 'kaputt.example',
  about: 'answers 500; `/spaeter` 503 with Retry-After, `/verboten` 403, `/weg` 404',
  answers: () => ({
    '/robots.txt': { status: 404 },
    '/spaeter': { status: 503, headers: { 'retry-after': '2' } },
    '/verboten': { status: 403, body: 'Access denied' },
    '/weg': { status: 404 },
    '*': { status: 500, body: 'Internal Server Error' },
  }),
}
