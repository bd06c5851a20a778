import type { TenantId } from '@pooler-safe/example-foundation'
import type { Platform } from '@pooler-safe/example-platform'
import { badge } from '../../view/badge.ts'
import { shareBar } from '../../view/chart.ts'
import { html, type Html } from '../../view/html.ts'
import { section } from '../../view/layout.ts'
import { empty, table } from '../../view/table.ts'
import { clipped, count } from '../../view/text.ts'
import { when } from '../../view/time.ts'
import { partsOf } from '../batches/counts.ts'

const shown = { limit: 5 }

/** What was asked for last, of each kind. */
export async function recentSections(
  { batches, pages, sitemaps, places, database }: Platform,
  tenant: TenantId,
): Promise<Html> {
  const [lastBatches, scans, maps, searches] = await Promise.all([
    batches.listBatches(database, tenant, {}, shown),
    pages.listScans(database, tenant, {}, shown),
    sitemaps.listSitemapScans(database, tenant, {}, shown),
    places.listSearches(database, tenant, shown),
  ])
  const rows = [
    ...lastBatches.items.map(({ id, name, state, counts, createdAt }) => ({
      kind: 'Batch',
      href: `/batches/${id}`,
      text: name ?? `Batch …${id.slice(-8)}`,
      state,
      what: html`<div class="cell-bar">${shareBar(partsOf(counts), 'Items')}</div>`,
      createdAt,
    })),
    ...scans.items.map(({ id, host, state, pagesVisited, createdAt }) => ({
      kind: 'Domain scan',
      href: `/scans/${id}`,
      text: host,
      state,
      what: count(pagesVisited, 'page'),
      createdAt,
    })),
    ...maps.items.map(({ id, host, state, urlsFound, createdAt }) => ({
      kind: 'Sitemap scan',
      href: `/sitemaps/${id}`,
      text: host,
      state,
      what: count(urlsFound, 'URL'),
      createdAt,
    })),
    ...searches.items.map(({ id, query, state, stored, createdAt }) => ({
      kind: 'Places',
      href: `/places/searches/${id}`,
      text: query,
      state,
      what: count(stored, 'place'),
      createdAt,
    })),
  ].sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
  return section(
    'Asked for last',
    table({
      caption: 'What was asked for last',
      rows: rows.slice(0, 10),
      empty: empty(
        'Nothing has been asked for yet.',
        html`Begin with a <a href="/batches/new">batch</a>, a <a href="/scans">domain</a>, a
          <a href="/sitemaps">sitemap</a> or a <a href="/places">search for places</a>.`,
      ),
      columns: [
        { title: 'Kind', kind: 'tight', cell: ({ kind }) => kind },
        {
          title: 'What',
          kind: 'grow',
          cell: ({ href, text }) => html`<a class="strong" href="${href}">${clipped(text)}</a>`,
        },
        { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
        { title: 'Result', minor: true, cell: ({ what }) => what },
        { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
      ],
    }),
  )
}
