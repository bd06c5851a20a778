import type { Box, FoundPlace } from '../place.ts'

/** The part of the foundation's HTTP client that providers use. */
export interface ApiClient {
  fetch(
    url: string,
    options?: {
      readonly signal?: AbortSignal
      readonly method?: 'GET' | 'POST'
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      readonly maxBytes?: number
      readonly accept?: string
      readonly robots?: 'obey' | 'ignore'
      readonly expectStatus?: 'success' | 'any'
    },
  ): Promise<ApiResponse>
}

export interface ApiResponse extends AsyncDisposable {
  readonly status: number
  readonly headers: Headers
  text(): Promise<string>
}

/** A page that is asked for. */
export interface PageQuery {
  readonly query: string
  /** The name of the place near which to search, when it could not be located. */
  readonly near: string | undefined
  /** Around which results are preferred. */
  readonly circle: { readonly lat: number; readonly lng: number; readonly radiusM: number } | undefined
  /** Outside of which there are no results. */
  readonly box: Box | undefined
  readonly pageToken: string | undefined
  readonly language: string | undefined
  readonly signal: AbortSignal
}

export interface FoundPage {
  readonly places: readonly FoundPlace[]
  readonly nextPageToken: string | undefined
}

/** Where places come from. */
export interface PlacesProvider {
  readonly name: string
  /** Whom it asks; a contract server says that it is one. */
  readonly source: string
  /** What a request is assumed to cost. */
  readonly requestPriceUsd: number
  readonly pageSize: number
  /** More results of one area than this are not told: it has to be split. Undefined: all are told. */
  readonly maxPerArea: number | undefined
  /** Text that has to be shown with the results. */
  readonly attribution: string | undefined
  /** Whether it has to know coordinates, so that `near` has to be located first. */
  readonly needsPoint: boolean
  /** Finds the place of that name; one request. @throws ProviderError */
  locate(near: string, signal: AbortSignal): Promise<{ readonly lat: number; readonly lng: number } | undefined>
  /** Gets a page; one request. @throws ProviderError, FetchError */
  searchPage(query: PageQuery): Promise<FoundPage>
}
