import type { TenantId } from '@pooler-safe/example-foundation'

/** Every state of a search. `partial`: it ended before it had seen everything, for the reason in `errorCode`. */
export const searchStates = ['queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled'] as const
export type SearchState = (typeof searchStates)[number]

/** What a user thinks of a place. */
export const placeStatuses = ['New', 'Selected', 'Maybe', 'Not a fit', 'Archived'] as const
export type PlaceStatus = (typeof placeStatuses)[number]

/** What the system has done with a place. */
export const processingStates = ['pending', 'queued', 'done', 'failed'] as const
export type ProcessingState = (typeof processingStates)[number]

/** An area between two parallels and two meridians, in degrees. */
export interface Box {
  readonly south: number
  readonly west: number
  readonly north: number
  readonly east: number
}

/** A place as a provider tells it. */
export interface FoundPlace {
  readonly providerPlaceId: string
  readonly name: string
  readonly address?: string | undefined
  readonly lat?: number | undefined
  readonly lng?: number | undefined
  readonly rating?: number | undefined
  readonly ratingCount?: number | undefined
  /** 0 (free) to 4. */
  readonly priceLevel?: number | undefined
  readonly types?: readonly string[] | undefined
  readonly phone?: string | undefined
  readonly website?: string | undefined
  /** What the provider said. */
  readonly raw: unknown
}

/** A search as users and services read it. */
export interface PlacesSearch {
  readonly id: string
  readonly tenantId: TenantId
  readonly provider: string
  /** Whom the provider asks: the real thing, or a contract server by name. */
  readonly source: string
  readonly query: string
  readonly location: string | null
  readonly lat: number | null
  readonly lng: number | null
  readonly radiusM: number | null
  readonly options: Readonly<Record<string, unknown>>
  readonly maxResults: number
  readonly maxRequests: number
  readonly requestPriceUsd: number
  /** What it may cost at most. */
  readonly costEstimateUsd: number
  /** What the requests that were sent cost at the price that was assumed. */
  readonly costUsd: number
  readonly state: SearchState
  readonly requests: number
  readonly pages: number
  /** Results in the answers. */
  readonly found: number
  /** Places among them. */
  readonly stored: number
  /** Of these, places that the tenant did not have before. */
  readonly new: number
  /** Areas that are still to be asked for, and all of them. */
  readonly tiles: { readonly open: number; readonly total: number }
  /** What gets the next page of the area that is being asked for. */
  readonly nextPageToken: string | null
  readonly errorCode: string | null
  readonly error: string | null
  readonly jobId: string | null
  readonly cancelRequestedAt: Date | null
  readonly createdAt: Date
  readonly startedAt: Date | null
  readonly finishedAt: Date | null
}

export interface Place {
  readonly id: string
  readonly tenantId: TenantId
  readonly provider: string
  readonly source: string
  readonly providerPlaceId: string
  readonly name: string
  readonly address: string | null
  readonly lat: number | null
  readonly lng: number | null
  readonly rating: number | null
  readonly ratingCount: number | null
  readonly priceLevel: number | null
  readonly types: readonly string[]
  readonly phone: string | null
  readonly website: string | null
  readonly status: PlaceStatus
  readonly processing: ProcessingState
  readonly firstSeen: Date
  readonly fetchedAt: Date
}

/** A place among the results of a search. */
export interface RankedPlace extends Place {
  readonly rank: number
  readonly page: number
}

/** Which places to list; every given condition has to hold. */
export interface PlaceFilter {
  readonly status?: PlaceStatus
  readonly processing?: ProcessingState
  readonly provider?: string
  readonly searchId?: string
  /** Part of the name, whatever the case. */
  readonly name?: string
  readonly hasWebsite?: boolean
  readonly minRating?: number
}
