import { explain, ServiceError } from '@pooler-safe/example-foundation'
import type { Scan } from '@pooler-safe/example-page-scraper'
import type { Hono } from 'hono'
import type { DashboardEnv, FormFields, PageRequestContext, PageTools } from '../../context.ts'
import { given, queryOf } from '../../http/query.ts'
import { listTopics } from '../../live/topics.ts'
import { badge } from '../../view/badge.ts'
import { csrfField, field, problem } from '../../view/form.ts'
import { html } from '../../view/html.ts'
import { live, section } from '../../view/layout.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, none, number } from '../../view/text.ts'
import { took, when } from '../../view/time.ts'

const pageSize = 50

/** `GET /scans`: the scans of sites, newest first, and the form for another. */
export function scanListRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { pages, database } = platform

  const show = async (c: PageRequestContext, fields?: FormFields, message?: string): Promise<Response> => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const after = query('after')
    const page = await pages.listScans(
      database,
      tenant,
      given({ url: query('site') }),
      given({ limit: pageSize, after }),
    )
    const list = table<Scan>({
      caption: 'Domain scans, newest first',
      rows: page.items,
      rowId: ({ id }) => `scan-${id}`,
      empty: empty('No site has been scanned yet.', 'Name one above.'),
      columns: [
        {
          title: 'Site',
          kind: 'grow',
          cell: ({ id, host }) => html`<a class="strong" href="/scans/${id}">${clipped(host)}</a>`,
        },
        { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
        {
          title: 'Verdict',
          kind: 'tight',
          cell: ({ verdict, errorCode }) => (verdict === null ? (errorCode ?? none()) : badge(verdict)),
        },
        { title: 'Pages', kind: 'number', cell: ({ pagesVisited }) => number(pagesVisited) },
        { title: 'Failed', kind: 'number', minor: true, cell: ({ pagesFailed }) => number(pagesFailed) },
        {
          title: 'Took',
          kind: 'number',
          minor: true,
          cell: ({ startedAt, finishedAt }) => took(startedAt, finishedAt),
        },
        { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
      ],
    })
    const body = html`<form class="filters" method="post" action="/scans" aria-label="New scan">
        ${csrfField(csrf)}
        ${field({ label: 'Site', name: 'url', value: fields?.text('url'), required: true, placeholder: 'example.com', maxLength: 2_000 })}
        ${field({ label: 'Pages at most', name: 'maxPages', type: 'number', value: fields?.text('maxPages') ?? 10, min: 1, max: 200, size: 'short' })}
        <div class="field-actions"><button class="primary" type="submit">Scan</button></div>
      </form>
      ${problem(message)}
      ${live(listTopics('scan', page.items), after !== undefined, section('Scans', html`${list}${pager(url, page.next, after === undefined)}`))}`
    return render(c, { title: 'Domain scans', body }, message === undefined ? 200 : 422)
  }

  app.get('/scans', (c) => show(c))
  app.post('/scans', async (c) => {
    const fields = await form(c)
    try {
      const { scanId, created } = await pages.initiateDomainScan(database, c.get('visitor').tenant, {
        url: fields.text('url'),
        ...given({ maxPages: fields.number('maxPages') }),
      })
      return done(c, `/scans/${scanId}`, created ? 'The scan was queued.' : 'This site is being scanned already.')
    } catch (error) {
      if (error instanceof ServiceError) return show(c, fields, explain(error))
      throw error
    }
  })
}
