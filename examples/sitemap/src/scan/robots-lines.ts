/**
 * The `Sitemap:` lines of a robots.txt, resolved against its address (RFC 9309, section 2.2.4: they belong to no group).
 *
 * Nothing else of the file matters: no user agent, no order. A relative address is tolerated, an unusable one left out.
 */
export function sitemapLines(text: string, base: string): string[] {
  // A page of HTML that answers for robots.txt could have such a line by accident.
  if (/^\s*</.test(text)) return []
  const found = new Set<string>()
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|[\r\n]/)) {
    const value = /^\s*site-?map\s*:\s*(\S[^#]*?)\s*(?:#.*)?$/i.exec(line)?.[1]
    const url = value === undefined ? null : URL.parse(value, base)
    if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) continue
    url.hash = ''
    found.add(url.href)
  }
  return [...found]
}
