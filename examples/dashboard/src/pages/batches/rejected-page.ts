import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, numberOf, queryOf } from '../../http/query.ts'
import { badge } from '../../view/badge.ts'
import { html } from '../../view/html.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, foreign } from '../../view/text.ts'

const pageSize = 100

/** `GET /batches/:id/rejected`: the lines of the input that became no item. */
export function rejectedRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { batches, database } = platform
  app.get('/batches/:id/rejected', async (c) => {
    const { tenant } = c.get('visitor')
    const [id, url] = [c.req.param('id'), c.get('url')]
    const after = numberOf(queryOf(url)('after'))
    const batch = await batches.getBatch(database, tenant, id)
    const page = await batches.listRejectedLines(database, tenant, id, given({ limit: pageSize, after }))
    const body = html`${table({
      caption: 'Lines of the input that became no item',
      rows: page.items,
      empty: empty('Every line became an item.'),
      columns: [
        { title: 'Line', kind: 'number', cell: ({ line }) => line },
        {
          title: 'Verdict',
          kind: 'tight',
          cell: ({ verdict }) => badge(verdict, verdict, verdict === 'invalid' ? 'bad' : 'waiting'),
        },
        { title: 'Input', cell: ({ input }) => clipped(input) },
        { title: 'Reason', kind: 'grow', cell: ({ reason }) => foreign(reason) },
      ],
    })}${pager(url, page.next, after === undefined)}`
    const crumbs = [
      { href: '/batches', label: 'Batches' },
      { href: `/batches/${id}`, label: batch.name ?? `Batch …${id.slice(-8)}` },
    ]
    return render(c, { title: 'Rejected lines', crumbs, body })
  })
}
