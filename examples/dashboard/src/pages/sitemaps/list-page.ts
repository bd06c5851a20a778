import { explain, ServiceError } from '@pooler-safe/example-foundation'
import type { SitemapScan } from '@pooler-safe/example-sitemap'
import type { Hono } from 'hono'
import type { DashboardEnv, FormFields, PageRequestContext, PageTools } from '../../context.ts'
import { given, queryOf } from '../../http/query.ts'
import { listTopics } from '../../live/topics.ts'
import { badge } from '../../view/badge.ts'
import { csrfField, field, problem } from '../../view/form.ts'
import { html } from '../../view/html.ts'
import { live, section } from '../../view/layout.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, number } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'

const pageSize = 50

/** `GET /sitemaps`: the scans of sitemaps, newest first, and the form for another. */
export function sitemapListRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { sitemaps, database } = platform

  const show = async (c: PageRequestContext, fields?: FormFields, message?: string): Promise<Response> => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const after = query('after')
    const filter = given({ host: query('site') })
    const page = await sitemaps.listSitemapScans(database, tenant, filter, given({ limit: pageSize, after }))
    const list = table<SitemapScan>({
      caption: 'Sitemap scans, newest first',
      rows: page.items,
      rowId: ({ id }) => `sitemap-scan-${id}`,
      empty: empty('No sitemaps have been scanned yet.', 'Name a site above.'),
      columns: [
        {
          title: 'Site',
          kind: 'grow',
          cell: ({ id, host }) => html`<a class="strong" href="/sitemaps/${id}">${clipped(host)}</a>`,
        },
        { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
        {
          title: 'Files',
          kind: 'number',
          cell: ({ sitemapsRead, sitemapsUnchanged }) => number(sitemapsRead + sitemapsUnchanged),
        },
        { title: 'Failed', kind: 'number', minor: true, cell: ({ sitemapsFailed }) => number(sitemapsFailed) },
        { title: 'URLs', kind: 'number', cell: ({ urlsFound }) => number(urlsFound) },
        { title: 'Added', kind: 'number', minor: true, cell: ({ urlsAdded }) => number(urlsAdded) },
        { title: 'Removed', kind: 'number', minor: true, cell: ({ urlsRemoved }) => number(urlsRemoved) },
        {
          title: 'Took',
          kind: 'number',
          minor: true,
          cell: ({ startedAt, finishedAt }) => took(startedAt, finishedAt),
        },
        { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
      ],
    })
    const body = html`<form class="filters" method="post" action="/sitemaps" aria-label="New scan">
        ${csrfField(csrf)}
        ${field({ label: 'Site or sitemap', name: 'url', value: fields?.text('url'), required: true, placeholder: 'example.com', maxLength: 2_000 })}
        ${field({ label: 'URLs at most', name: 'maxUrls', type: 'number', value: fields?.text('maxUrls') ?? 100_000, min: 1, max: 10_000_000, size: 'short' })}
        <div class="field-actions"><button class="primary" type="submit">Scan</button></div>
      </form>
      ${problem(message)}
      ${live(listTopics('sitemap-scan', page.items), after !== undefined, section('Scans', html`${list}${pager(url, page.next, after === undefined)}`))}`
    return render(c, { title: 'Sitemap scans', body }, message === undefined ? 200 : 422)
  }

  app.get('/sitemaps', (c) => show(c))
  app.post('/sitemaps', async (c) => {
    const fields = await form(c)
    try {
      const { scanId, created } = await sitemaps.initiateSitemapScan(database, c.get('visitor').tenant, {
        url: fields.text('url'),
        ...given({ maxUrls: fields.number('maxUrls') }),
      })
      return done(c, `/sitemaps/${scanId}`, created ? 'The scan was queued.' : 'This site is being scanned already.')
    } catch (error) {
      if (error instanceof ServiceError) return show(c, fields, explain(error))
      throw error
    }
  })
}
