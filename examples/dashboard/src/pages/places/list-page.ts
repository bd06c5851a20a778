import type { PlacesSearch } from '@pooler-safe/example-places-search'
import type { Hono } from 'hono'
import type { DashboardEnv, PageTools } from '../../context.ts'
import { given, queryOf } from '../../http/query.ts'
import { listTopics } from '../../live/topics.ts'
import { badge } from '../../view/badge.ts'
import { html } from '../../view/html.ts'
import { live, tabs } from '../../view/layout.ts'
import { empty, pager, table } from '../../view/table.ts'
import { clipped, money, number } from '../../view/text.ts'
import { when } from '../../view/time.ts'
import { searchForm } from './search-form.ts'

const pageSize = 50

export const placesTabs = [
  { href: '/places', label: 'Searches' },
  { href: '/places/all', label: 'All places' },
] as const

/** `GET /places`: the searches of the tenant, newest first, and the form for another. */
export function searchListRoutes(app: Hono<DashboardEnv>, { platform, render }: PageTools): void {
  const { places, database } = platform
  app.get('/places', async (c) => {
    const url = c.get('url')
    const after = queryOf(url)('after')
    const page = await places.listSearches(database, c.get('visitor').tenant, given({ limit: pageSize, after }))
    const list = table<PlacesSearch>({
      caption: 'Searches, newest first',
      rows: page.items,
      rowId: ({ id }) => `search-${id}`,
      empty: empty(
        'Nothing has been searched for yet.',
        'The form above says what a search may cost before anything is spent.',
      ),
      columns: [
        {
          title: 'Search',
          kind: 'grow',
          cell: ({ id, query }) => html`<a class="strong" href="/places/searches/${id}">${clipped(query)}</a>`,
        },
        { title: 'Near', cell: ({ location }) => clipped(location) },
        { title: 'State', kind: 'tight', cell: ({ state }) => badge(state) },
        { title: 'Places', kind: 'number', cell: ({ stored }) => number(stored) },
        { title: 'New', kind: 'number', minor: true, cell: (search) => number(search.new) },
        { title: 'Cost', kind: 'number', minor: true, cell: ({ costUsd }) => money(costUsd) },
        { title: 'Asked', minor: true, cell: ({ source }) => clipped(source) },
        { title: 'Created', kind: 'number', cell: ({ createdAt }) => when(createdAt) },
      ],
    })
    const body = html`${tabs(placesTabs, c.req.path)}${searchForm(() => undefined)}
    ${live(listTopics('places-search', page.items), after !== undefined, html`${list}${pager(url, page.next, after === undefined)}`)}`
    return render(c, { title: 'Places', body })
  })
}
