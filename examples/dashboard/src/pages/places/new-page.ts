import { explain, ServiceError } from '@pooler-safe/example-foundation'
import type { CostEstimate } from '@pooler-safe/example-places-search'
import type { Hono } from 'hono'
import type { DashboardEnv, PageRequestContext, PageTools } from '../../context.ts'
import { queryOf } from '../../http/query.ts'
import { figures } from '../../view/chart.ts'
import { csrfField, problem } from '../../view/form.ts'
import { html, nothing, type Html } from '../../view/html.ts'
import { section } from '../../view/layout.ts'
import { money } from '../../view/text.ts'
import { hiddenSearch, searchForm, searchOf, type SearchFields } from './search-form.ts'

/** `GET /places/new` says what a search may cost; `POST /places/searches` spends it. */
export function newSearchRoutes(app: Hono<DashboardEnv>, { platform, render, form, done }: PageTools): void {
  const { places, database } = platform

  const show = (c: PageRequestContext, fields: SearchFields, message?: string): Response => {
    let said = message
    let estimate: CostEstimate | undefined
    if (said === undefined && fields('query') !== undefined) {
      try {
        estimate = places.estimateCost(searchOf(fields))
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        said = explain(error)
      }
    }
    const body = html`${problem(said)}${searchForm(fields)}${estimate ? estimateSection(estimate, fields, c.get('visitor').csrf) : nothing}`
    return render(
      c,
      { title: 'New search', crumbs: [{ href: '/places', label: 'Places' }], body },
      said === undefined ? 200 : 422,
    )
  }

  app.get('/places/new', (c) => show(c, queryOf(c.get('url'))))
  app.post('/places/searches', async (c) => {
    const fields = await form(c)
    const field: SearchFields = (name) => fields.optional(name)
    try {
      const { search } = await places.initiatePlacesSearch(database, c.get('visitor').tenant, searchOf(field))
      return done(c, `/places/searches/${search.id}`, 'The search was queued.')
    } catch (error) {
      if (error instanceof ServiceError) return show(c, field, explain(error))
      throw error
    }
  })
}

function estimateSection(estimate: CostEstimate, fields: SearchFields, csrf: string): Html {
  const { minCostUsd, maxCostUsd, minRequests, maxRequests, requestPriceUsd, source, isLimitedByBudget } = estimate
  const isPossible = maxRequests >= minRequests
  return section(
    'What it may cost',
    html`${figures([
      { label: 'At most', value: money(maxCostUsd), note: `${maxRequests} requests at ${money(requestPriceUsd)}` },
      {
        label: 'At least',
        value: money(minCostUsd),
        note: minRequests === 1 ? '1 request' : `${minRequests} requests`,
      },
      { label: 'Asked is', value: html`<bdi class="source">${source}</bdi>`, note: estimate.provider },
    ])}
    ${isLimitedByBudget ? html`<p class="notice">The budget may end before all wanted results are seen.</p>` : nothing}
    ${
      isPossible
        ? html`<form class="form-actions" method="post" action="/places/searches">
            ${csrfField(csrf)}${hiddenSearch(fields)}<button class="primary" type="submit">
              Search for up to ${money(maxCostUsd)}</button
            ><span class="quiet">Nothing has been asked or spent yet.</span>
          </form>`
        : problem('Not even the first request is within the budget.', 'Give it a larger one.')
    }`,
  )
}
