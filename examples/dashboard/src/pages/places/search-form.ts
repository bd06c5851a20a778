import type { NewSearch } from '@pooler-safe/example-places-search'
import { given } from '../../http/query.ts'
import { field } from '../../view/form.ts'
import { html, type Html } from '../../view/html.ts'

/** The fields of a search by name, as the address or a form has them. */
export type SearchFields = (name: string) => string | undefined

const names = ['query', 'near', 'radiusM', 'maxResults', 'budgetUsd', 'provider', 'language'] as const

/** A search as the fields say it; a number that is none is left for the service to refuse. */
export function searchOf(fields: SearchFields): NewSearch {
  const number = (name: string): number | undefined => {
    const text = fields(name)
    return text === undefined ? undefined : Number(text)
  }
  const radiusKm = number('radiusKm')
  return {
    query: fields('query') ?? '',
    ...given({
      near: fields('near'),
      provider: fields('provider'),
      language: fields('language'),
      radiusM: radiusKm === undefined ? undefined : Math.round(radiusKm * 1_000),
      maxResults: number('maxResults'),
      budgetUsd: number('budgetUsd'),
    }),
  }
}

/** What is to be searched. It leads to the estimate: nothing is spent by it. */
export function searchForm(fields: SearchFields): Html {
  return html`<form class="form-grid" method="get" action="/places/new" aria-label="New search">
    ${field({ label: 'Search for', name: 'query', value: fields('query'), required: true, placeholder: 'Zahnarzt', maxLength: 500 })}
    ${field({ label: 'Near', name: 'near', value: fields('near'), placeholder: 'Graz', maxLength: 500 })}
    ${field({ label: 'Within km', name: 'radiusKm', type: 'number', value: fields('radiusKm') ?? 5, min: 1, max: 50, size: 'short' })}
    ${field({ label: 'Results at most', name: 'maxResults', type: 'number', value: fields('maxResults') ?? 60, min: 1, max: 100_000, size: 'short' })}
    ${field({ label: 'Budget in USD', name: 'budgetUsd', type: 'number', value: fields('budgetUsd') ?? 5, min: 0, max: 100_000, step: '0.01', size: 'short' })}
    <div class="field-actions form-aligned"><button type="submit">Estimate the cost</button></div>
  </form>`
}

/** The same search, not to be seen, for the form that starts it. */
export function hiddenSearch(fields: SearchFields): Html {
  return html`${[...names, 'radiusKm'].map((name) => {
    const value = fields(name)
    return value === undefined ? null : html`<input type="hidden" name="${name}" value="${value}" />`
  })}`
}
