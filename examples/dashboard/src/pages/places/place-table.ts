import { placeStatuses, type Place, type RankedPlace } from '@pooler-safe/example-places-search'
import { badge } from '../../view/badge.ts'
import { csrfField } from '../../view/form.ts'
import { html, nothing, type Html, type Value } from '../../view/html.ts'
import { table, type TableColumn } from '../../view/table.ts'
import { clipped, decimal, none, outside, shorten } from '../../view/text.ts'

/** Places to be curated: one by one, or many at once. `back` is where to go afterwards. */
export function placeTable(
  places: readonly (Place | RankedPlace)[],
  { csrf, back, empty }: { readonly csrf: string; readonly back: string; readonly empty: Html },
): Html {
  const rank: TableColumn<Place | RankedPlace>[] = places.some((place) => 'rank' in place)
    ? [{ title: '#', kind: 'number', cell: (place): Value => ('rank' in place ? place.rank : nothing) }]
    : []
  const list = table<Place | RankedPlace>({
    caption: 'Places',
    rows: places,
    rowId: ({ id }) => `place-${id}`,
    empty,
    columns: [
      {
        title: '',
        label: 'Select',
        kind: 'tight',
        cell: ({ id, name }) =>
          html`<input type="checkbox" name="id" value="${id}" form="bulk" aria-label="Select ${shorten(name, 80)}" />`,
      },
      ...rank,
      { title: 'Place', cell: ({ name }) => html`<b>${clipped(name)}</b>` },
      { title: 'Status', kind: 'tight', cell: ({ status }) => badge(status) },
      { title: 'Address', kind: 'grow', minor: true, cell: ({ address }) => clipped(address) },
      {
        title: 'Rating',
        kind: 'number',
        cell: ({ rating, ratingCount }) =>
          rating === null ? none() : html`${decimal(rating)} <small>${ratingCount ?? 0}</small>`,
      },
      { title: 'Phone', kind: 'tight', minor: true, cell: ({ phone }) => clipped(phone) },
      {
        title: 'Website',
        minor: true,
        cell: ({ website }) => (website === null ? none() : outside(website, hostOf(website))),
      },
    ],
  })
  if (places.length === 0) return list
  return html`${list}
    <form id="bulk" class="bulk" method="post" action="/places/status" data-bulk>
      ${csrfField(csrf)}<input type="hidden" name="back" value="${back}" />
      <label class="check"><input type="checkbox" data-select-all /> All on this page</label>
      <span class="quiet" data-bulk-count>With the selected:</span>
      ${placeStatuses.map((status) => html`<button type="submit" name="status" value="${status}">${status}</button>`)}
    </form>`
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host.replace(/^www\./, '') : url
}
