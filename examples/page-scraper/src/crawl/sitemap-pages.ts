import { resolveUrl } from '../extract/page-url.ts'
import { fetchFailure, type PageFetcher } from '../http-client.ts'

const maxBytes = 2 * 1024 * 1024
const mostSitemaps = 3
const mostUrls = 2_000

/**
 * Pages that the sitemaps named in robots.txt list: a look, not a reading. The first few files, their first megabytes; a
 * file that cannot be had is none.
 */
export async function pagesOfSitemaps(http: PageFetcher, origin: string, signal: AbortSignal): Promise<string[]> {
  const pages = new Set<string>()
  try {
    const waiting = [...(await http.robotsSitemaps(origin))]
    for (let read = 0; read < mostSitemaps; read += 1) {
      const url = waiting.shift()
      if (url === undefined) break
      const text = await readText(http, url, signal)
      const urls = locations(text, url)
      if (/<sitemapindex[\s>]/.test(text.slice(0, 2_000))) waiting.push(...urls)
      else for (const page of urls) if (pages.size < mostUrls) pages.add(page)
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!fetchFailure(error)) throw error
  }
  return [...pages]
}

async function readText(http: PageFetcher, url: string, signal: AbortSignal): Promise<string> {
  await using response = await http.fetch(url, { signal, maxBytes, accept: 'application/xml,text/xml,*/*;q=0.5' })
  return new TextDecoder().decode(await response.bytes())
}

function locations(text: string, base: string): string[] {
  const found: string[] = []
  for (let at = text.indexOf('<loc>'); at !== -1 && found.length < mostUrls; at = text.indexOf('<loc>', at + 5)) {
    const end = text.indexOf('<', at + 5)
    if (end === -1) break
    const url = resolveUrl(text.slice(at + 5, Math.min(end, at + 2_005)).replaceAll('&amp;', '&'), base)
    if (url !== undefined) found.push(url)
  }
  return found
}
