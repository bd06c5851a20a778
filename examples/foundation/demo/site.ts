import type { IncomingMessage, ServerResponse } from 'node:http'

/** What a demo site answers at one path. */
export type Answer = PageAnswer | ((request: IncomingMessage, response: ServerResponse) => void)

export interface PageAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

/** A site of our own writing, served on loopback under its host name. */
export interface DemoSite {
  readonly host: string
  /** What it is there for, in one sentence. */
  readonly about: string
  /** By path with query; `*` answers everything else, which is 404 without it. */
  answers(origin: string): Readonly<Record<string, Answer>>
}

export interface Document {
  readonly lang?: string
  readonly title: string
  readonly head?: string
  readonly body: string
}

/** An HTML document. Parts are given as HTML: what has to be escaped is the site's business. */
export function html({ lang = 'de', title, head = '', body }: Document): PageAnswer {
  const text = `<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${head}
</head>
<body>
${body}
</body>
</html>
`
  return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: text }
}

export function xml(body: string): PageAnswer {
  return {
    headers: { 'content-type': 'application/xml; charset=utf-8' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`,
  }
}

export function plain(body: string, type = 'text/plain; charset=utf-8'): PageAnswer {
  return { headers: { 'content-type': type }, body }
}

export function redirect(location: string, status = 301): PageAnswer {
  return { status, headers: { location } }
}

export function jsonLd(value: object): string {
  return `<script type="application/ld+json">${JSON.stringify(value).replaceAll('<', '\\u003c')}</script>`
}

/** A `urlset` with what is given for each path. */
export function urlset(
  origin: string,
  entries: readonly (readonly [path: string, more?: string])[],
  namespaces = '',
): PageAnswer {
  const urls = entries.map(([path, more = '']) => `  <url><loc>${origin}${path}</loc>${more}</url>`)
  return xml(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"${namespaces}>\n${urls.join('\n')}\n</urlset>`)
}

export function sitemapIndex(urls: readonly string[]): PageAnswer {
  const entries = urls.map((url) => `  <sitemap><loc>${url}</loc></sitemap>`)
  return xml(
    `<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${entries.join('\n')}\n</sitemapindex>`,
  )
}
