/** A site on loopback, in a process of its own: whoever crawls it does not pay for serving it. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'

const count = Number(process.argv[2])
const sentence =
  'We bake bread every morning in our own oven by the river, from flour of farmers whom we know by name. '

function page(n: number): string {
  const links = Array.from({ length: 40 }, (_, k) => {
    const to = (n * 7 + k * 13 + 1) % count
    return `<li class="menu-item menu-item-${to}"><a href="/page-${to}?ref=menu" title="Page ${to}">Page number ${to}</a></li>`
  })
  // Whatever else is linked: every page can be reached.
  const next = `<a rel="next" href="/page-${(n + 1) % count}?ref=menu">Next</a>`
  const sections = Array.from({ length: 30 }, (_, k) => {
    return `<section id="s${k}" class="block block--text wide"><h2>Section ${k} of ${n}</h2><p>${sentence.repeat(3)}</p>
      <figure><img src="/images/${n}-${k}.jpg" alt="Loaf ${k}" loading="lazy" width="640" height="480"></figure></section>`
  })
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page ${n} of the bakery</title>
    <meta name="description" content="All about loaf ${n}"><link rel="canonical" href="/page-${n}">
    <meta name="generator" content="WordPress 6.5.2"><meta property="og:title" content="Loaf ${n}">
    <link rel="stylesheet" href="/wp-content/themes/bread/style.css?ver=1.2"><script src="/wp-includes/js/jquery/jquery.min.js?ver=3.7.1"></script>
    <script>${'window.dataLayer = window.dataLayer || []; function gtag(){dataLayer.push(arguments);}\n'.repeat(20)}gtag("config", "G-ABCDEF1234")</script>
    <script type="application/ld+json">{"@context":"https://schema.org","@type":"Bakery","name":"Bakery","telephone":"+43 316 123456"}</script></head>
    <body><header><nav><ul>${links.join('')}</ul></nav></header><main><h1>Loaf ${n}</h1>${sections.join('')}</main>
    <footer>${next}<p>Tel. +43 316 123456, office@bakery.test</p><a href="https://www.instagram.com/bakery/">Instagram</a></footer></body></html>`
}

const pages = new Map(Array.from({ length: count }, (_, n) => [n === 0 ? '/' : `/page-${n}`, gzipSync(page(n))]))
const home = pages.get('/')
if (home) pages.set('/page-0', home)
const server = createServer((request, response) => {
  const body = pages.get(request.url?.split('?', 1)[0] ?? '')
  if (!body) {
    response.writeHead(404).end()
    return
  }
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-encoding': 'gzip',
    'content-length': body.length,
  }
  response.writeHead(200, headers).end(body)
})
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
process.once('disconnect', () => {
  server.closeAllConnections()
  server.close()
})
