import type { PlacesFormat, PlacesSearch } from '@pooler-safe/example-places-search'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { download } from '../../http/download.ts'
import { given, numberOf, queryOf } from '../../http/query.ts'
import { figures, shareBar } from '../../view/chart.ts'
import { actionButton } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { live, section, titleState } from '../../view/layout.ts'
import { empty, pager } from '../../view/table.ts'
import { id as idText, money, number } from '../../view/text.ts'
import { took } from '../../view/time.ts'
import { placesMap } from './map.ts'
import { placeTable } from './place-table.ts'

const pageSize = 60
const formats = ['csv', 'json', 'ndjson', 'geojson'] as const

/** `GET /places/searches/:id`: what a search found, as a table and on a map. */
export function searchRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { places, database } = platform
  app.get('/places/searches/:id', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const after = numberOf(queryOf(url)('after'))
    const search = await places.getPlacesSearch(database, tenant, c.req.param('id'))
    const page = await places.listSearchPlaces(database, tenant, search.id, given({ limit: pageSize, after }))
    const isOver = !['queued', 'running'].includes(search.state)
    const none = isOver
      ? empty('The search found no places.', 'Nothing went wrong: the provider knows none.')
      : empty('The search is under way.', 'Places show here page by page.')
    const back = `${c.req.path}${url.search}`
    const links = html`<span class="links"
      >Export
      ${formats.map((format) => html` <a href="/places/searches/${search.id}/export/${format}" download>${format.toUpperCase()}</a>`)}</span
    >`
    const body = live(
      `places-search:${search.id}`,
      isOver,
      html`${head(search, csrf)}${placesMap(page.items)}
      ${section('Places', html`${placeTable(page.items, { csrf, back, empty: none })}${pager(url, page.next, after === undefined)}`, search.stored > 0 ? links : nothing)}`,
    )
    const title = search.location === null ? search.query : `${search.query} near ${search.location}`
    return render(c, { title, crumbs: [{ href: '/places', label: 'Places' }], aside: idText(search.id), body })
  })
  app.get('/places/searches/:id/export/:format', (c) => {
    const { id, format } = c.req.param()
    const filter = { searchId: id }
    const parts = places.exportPlaces(database, c.get('visitor').tenant, format as PlacesFormat, filter)
    return download(c, `places-${id.slice(-8)}`, format, parts)
  })
  app.post('/places/searches/:id/cancel', async (c) => {
    await form(c)
    const { id } = await places.cancelSearch(database, c.get('visitor').tenant, c.req.param('id'))
    return done(c, `/places/searches/${id}`, 'No request is sent from now on. What was found stays.')
  })
  app.post('/places/searches/:id/resume', async (c) => {
    await form(c)
    const { id } = await places.resumeSearch(database, c.get('visitor').tenant, c.req.param('id'))
    return done(c, `/places/searches/${id}`, 'The search goes on where it stopped.')
  })
}

function head(search: PlacesSearch, csrf: string): Html {
  const {
    id,
    state,
    error,
    errorCode,
    stored,
    found,
    requests,
    pages,
    maxRequests,
    costUsd,
    costEstimateUsd,
    tiles,
    source,
  } = search
  const canResume =
    ['partial', 'failed', 'cancelled'].includes(state) && requests < maxRequests && search.provider !== 'import'
  const isOpen = state === 'queued' || state === 'running'
  const tilesDone = tiles.total - tiles.open
  return html`<div class="toolbar">
      ${titleState(state)}
      ${isOpen ? actionButton({ action: `/places/searches/${id}/cancel`, csrf, text: 'Cancel', kind: 'danger' }) : nothing}
      ${canResume ? actionButton({ action: `/places/searches/${id}/resume`, csrf, text: 'Go on', kind: 'primary' }) : nothing}
      ${search.jobId === null ? nothing : html`<a class="button" href="/jobs/${search.jobId}">Job</a>`}
    </div>
    ${
      error === null
        ? nothing
        : html`<div class="problem">
            <p><b>${errorCode}</b> <bdi>${error}</bdi></p>
          </div>`
    }
    ${
      isOpen && tiles.total > 1
        ? shareBar(
            [
              { label: 'areas done', value: tilesDone, tone: 'active' },
              { label: 'areas left', value: tiles.open, tone: 'waiting' },
            ],
            'Areas',
          )
        : nothing
    }
    ${figures([
      { label: 'Places', value: number(stored), note: `${search.new} new, ${found} in the answers` },
      { label: 'Pages', value: number(pages), note: `${requests} of at most ${maxRequests} requests` },
      { label: 'Cost', value: money(costUsd), note: `estimated at most ${money(costEstimateUsd)}` },
      { label: 'Took', value: took(search.startedAt, search.finishedAt), note: html`asked was <bdi>${source}</bdi>` },
    ])}`
}
