import { codeOf } from '@pooler-safe/example-foundation'
import { PageError, type PageClient, type PageResponse } from './http.ts'
import type { ItemProcessor } from './processor.ts'

/** What is stored about a home page. */
export interface HomePage {
  /** After redirects. */
  readonly url: string
  readonly status: number
  readonly title: string | null
  readonly ms: number
}

const pageBytes = 2_000_000

/**
 * The default processor: fetches the home page of the host and returns its status and title.
 *
 * An input with a scheme says where: `http://example.com:8080`. Otherwise https is tried, then http when nobody speaks
 * https there. A page that cannot be fetched is a failed item with the word of the HTTP client.
 */
export function homePageProcessor(http: PageClient): ItemProcessor {
  return async ({ input, host }, { signal }): Promise<HomePage> => {
    const urls = homePageUrls(input, host)
    for (const [at, url] of urls.entries()) {
      try {
        await using response = await http.fetch(url, {
          signal,
          accept: 'text/html, application/xhtml+xml;q=0.9',
          maxBytes: pageBytes,
        })
        return await readPage(response)
      } catch (error) {
        if (at === urls.length - 1 || !['connect', 'tls'].includes(codeOf(error))) throw error
      }
    }
    throw new TypeError('there is no URL of a home page')
  }
}

function homePageUrls(input: string, host: string): readonly string[] {
  if (/^https?:\/\//i.test(input) && URL.canParse(input)) {
    const { protocol, host: authority } = new URL(input)
    return [`${protocol}//${authority}/`]
  }
  return [`https://${host}/`, `http://${host}/`]
}

async function readPage(response: PageResponse): Promise<HomePage> {
  const type = response.headers.get('content-type') ?? ''
  if (!/\bhtml\b|xhtml/i.test(type)) {
    throw new PageError('not_html', `The home page is of type "${type.slice(0, 100)}", not HTML.`)
  }
  const { url, status, elapsedMs } = response
  return { url, status, title: titleOf(await response.text()), ms: Math.round(elapsedMs) }
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }

/** The text of the first `<title>`; null when there is none. */
export function titleOf(html: string): string | null {
  const open = /<title(?:\s[^>]*)?>/i.exec(html)
  if (!open) return null
  const rest = html.slice(open.index + open[0].length)
  const end = rest.search(/<\/title/i)
  const text = (end < 0 ? rest.slice(0, 1_000) : rest.slice(0, end)).replace(
    /&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|([a-z]{2,6}));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return named[name.toLowerCase()] ?? whole
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
  // One title cannot be allowed to fail its item.
  const clean = text.replaceAll(/\s+/g, ' ').replaceAll('\0', '').trim().slice(0, 500).toWellFormed()
  return clean === '' ? null : clean
}
