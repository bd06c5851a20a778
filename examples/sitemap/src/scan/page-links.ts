import { Parser } from 'htmlparser2'

/** What the head of a page says about sitemaps and feeds. */
export interface PageLinks {
  readonly sitemaps: readonly string[]
  readonly feeds: readonly string[]
}

const feedTypes = new Set(['application/rss+xml', 'application/atom+xml'])
const linksAtMost = 20

/** Finds `<link rel=sitemap>` and the feeds of a page. Comments and scripts are not looked into. */
export function pageLinks(html: string, address: string): PageLinks {
  const sitemaps = new Set<string>()
  const feeds = new Set<string>()
  let base = address
  let hasBase = false
  const parser = new Parser({
    onopentag(name, { rel = '', href, type = '' }) {
      if (href === undefined) return
      if (name === 'base' && !hasBase) {
        base = URL.parse(href, address)?.href ?? address
        hasBase = true
      }
      if (name !== 'link') return
      const relations = rel.toLowerCase().split(/\s+/)
      const isFeed = relations.includes('alternate') && feedTypes.has(type.trim().toLowerCase())
      const list = relations.includes('sitemap') ? sitemaps : isFeed ? feeds : undefined
      const url = URL.parse(href.trim(), base)
      if (!list || !url || !url.protocol.startsWith('http') || list.size >= linksAtMost) return
      url.hash = ''
      list.add(url.href)
    },
  })
  parser.end(html)
  return { sitemaps: [...sitemaps], feeds: [...feeds] }
}
