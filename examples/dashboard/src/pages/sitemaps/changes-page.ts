import { isId } from '@pooler-safe/example-foundation'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, queryOf } from '../../http/query.ts'
import { badge } from '../../view/badge.ts'
import { filterForm, select } from '../../view/form.ts'
import { html, type Html } from '../../view/html.ts'
import { empty, pager, table } from '../../view/table.ts'
import { outside } from '../../view/text.ts'
import { ago } from '../../view/time.ts'
import { scanTabs } from './tabs.ts'

const pageSize = 200

/** `GET /sitemaps/:id/changes`: what is different from an earlier scan of the site. */
export function changesRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { sitemaps, database } = platform
  app.get('/sitemaps/:id/changes', async (c) => {
    const { tenant } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const scan = await sitemaps.getSitemapScan(database, tenant, c.req.param('id'))
    const { items } = await sitemaps.listSitemapScans(
      database,
      tenant,
      { host: scan.host },
      { limit: 50, after: scan.id },
    )
    const earlier = items.filter(({ finishedAt }) => finishedAt !== null)
    const [asked, after] = [query('since'), query('after')]
    const since = asked !== undefined && isId(asked) ? asked : earlier[0]?.id
    let body: Html
    if (scan.finishedAt === null) body = empty('The scan is under way.', 'What it changes is known at its end.')
    else if (since === undefined)
      body = empty('This is the first scan of the site.', 'Scan it again to see what has changed.')
    else {
      const page = await sitemaps.compareScans(database, tenant, since, scan.id, given({ limit: pageSize, after }))
      const choices = earlier.map(({ id, finishedAt }) => [id, finishedAt ? ago(finishedAt) : id] as const)
      body = html`${filterForm(c.req.path, select({ label: 'Since the scan', name: 'since', value: since, choices }), false)}
      ${table({
        caption: 'Changed URLs',
        rows: page.items,
        rowId: ({ id }) => `change-${id}`,
        empty: empty('Nothing has changed between the two scans.'),
        columns: [
          { title: 'Change', kind: 'tight', cell: ({ change }) => badge(change) },
          { title: 'URL', kind: 'grow', cell: (row) => outside(row.url) },
        ],
      })}${pager(url, page.next, after === undefined)}`
    }
    return render(c, {
      title: scan.host,
      crumbs: [{ href: '/sitemaps', label: 'Sitemap scans' }],
      body: html`${scanTabs(scan, c.req.path)}${body}`,
    })
  })
}
