import type { SitemapScan } from '@pooler-safe/example-sitemap'
import type { Html } from '../../view/html.ts'
import { tabs } from '../../view/layout.ts'

/** The pages of one scan. */
export function scanTabs({ id, urlsFound, urlsAdded, urlsRemoved }: SitemapScan, path: string): Html {
  return tabs(
    [
      { href: `/sitemaps/${id}`, label: 'Overview' },
      { href: `/sitemaps/${id}/urls`, label: 'URLs', count: urlsFound },
      { href: `/sitemaps/${id}/changes`, label: 'Changes', count: urlsAdded + urlsRemoved },
    ],
    path,
  )
}
