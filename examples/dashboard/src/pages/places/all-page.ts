import { placeStatuses } from '@pooler-safe/example-places-search'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, oneOf, queryOf } from '../../http/query.ts'
import { field, filterForm, select } from '../../view/form.ts'
import { html, nothing } from '../../view/html.ts'
import { tabs } from '../../view/layout.ts'
import { stateFilter } from '../../view/state-filter.ts'
import { empty, pager } from '../../view/table.ts'
import { placesTabs } from './list-page.ts'
import { placesMap } from './map.ts'
import { placeTable } from './place-table.ts'

const pageSize = 100

/** `GET /places/all`: every place of the tenant, of whatever search. */
export function allPlacesRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { places, database } = platform
  app.get('/places/all', async (c) => {
    const { tenant, csrf } = c.get('visitor')
    const url = c.get('url')
    const query = queryOf(url)
    const [status, name, website, after] = [
      oneOf(placeStatuses, query('status')),
      query('name'),
      query('website'),
      query('after'),
    ]
    const filter = given({ status, name, hasWebsite: website === undefined ? undefined : website === 'yes' })
    const page = await places.listPlaces(database, tenant, filter, given({ limit: pageSize, after }))
    const isFiltered = name !== undefined || website !== undefined
    const none =
      isFiltered || status !== undefined
        ? empty('No place fulfils the filter.', html`<a href="/places/all">Show all places</a>`)
        : empty('There are no places yet.', html`<a href="/places">Search</a> for some.`)
    const body = html`${tabs(placesTabs, c.req.path)} ${stateFilter(url, placeStatuses, undefined, status, 'status')}
    ${filterForm(
      '/places/all',
      html`${status === undefined ? nothing : html`<input type="hidden" name="status" value="${status}" />`}
      ${field({ label: 'Name contains', name: 'name', type: 'search', value: name })}
      ${select({
        label: 'Website',
        name: 'website',
        value: website,
        choices: [
          ['', 'any'],
          ['yes', 'has one'],
          ['no', 'has none'],
        ],
      })}`,
      isFiltered,
    )}
    ${placesMap(page.items)} ${placeTable(page.items, { csrf, back: `${c.req.path}${url.search}`, empty: none })}
    ${pager(url, page.next, after === undefined)}`
    return render(c, { title: 'Places', body })
  })
}
