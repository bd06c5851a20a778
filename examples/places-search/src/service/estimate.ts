import type { PlacesProvider } from '../providers/provider.ts'
import type { CheckedSearch } from '../options.ts'

/** What a search may cost, before anything is asked. */
export interface CostEstimate {
  readonly provider: string
  readonly source: string
  readonly requestPriceUsd: number
  /** Requests if there are no results, and if there are as many as wanted or the budget ends. */
  readonly minRequests: number
  readonly maxRequests: number
  readonly minCostUsd: number
  readonly maxCostUsd: number
  /** No more requests than these are sent, failed ones included. */
  readonly affordableRequests: number
  /** The budget may end before all wanted results are seen. */
  readonly isLimitedByBudget: boolean
}

/** Share of requests that are spent on areas which turn out to be full: each is asked for before it is split into four. */
const splittingFactor = 4 / 3
const requestsWithoutPrice = 1_000
const mostRequests = 100_000

export function estimate(search: CheckedSearch, provider: PlacesProvider): CostEstimate {
  const { near, lat, maxResults, budgetUsd } = search
  const locating = near !== undefined && lat === undefined && (provider.needsPoint || isTiled(search, provider)) ? 1 : 0
  const pages = Math.ceil(maxResults / provider.pageSize)
  const wanted = locating + (isTiled(search, provider) ? Math.ceil(pages * splittingFactor) + 4 : pages)
  const price = provider.requestPriceUsd
  // Floating point must not cost the last request of a budget.
  const affordable = price > 0 ? Math.floor(budgetUsd / price + 1e-9) : Math.max(requestsWithoutPrice, wanted * 2)
  const maxRequests = Math.min(wanted, affordable)
  const minRequests = locating + 1
  return {
    provider: provider.name,
    source: provider.source,
    requestPriceUsd: price,
    minRequests,
    maxRequests,
    minCostUsd: minRequests * price,
    maxCostUsd: maxRequests * price,
    affordableRequests: Math.min(affordable, mostRequests),
    isLimitedByBudget: wanted > affordable,
  }
}

/** Whether more is wanted than the provider tells of one area. */
export function isTiled({ maxResults }: Pick<CheckedSearch, 'maxResults'>, { maxPerArea }: PlacesProvider): boolean {
  return maxPerArea !== undefined && maxResults > maxPerArea
}
