import { definedOnly } from '../defined-only.ts'
import { googlePlaces } from '../providers/google.ts'
import { openStreetMap } from '../providers/open-street-map.ts'
import type { ApiClient, PlacesProvider } from '../providers/provider.ts'

/** The providers that the environment configures. Google is one of them only with a key. */
export function providersOf(
  http: ApiClient,
  configuration: {
    readonly PLACES_GOOGLE_API_KEY?: string | undefined
    readonly PLACES_GOOGLE_ENDPOINT?: string | undefined
    readonly PLACES_OVERPASS_URL?: string | undefined
    readonly PLACES_NOMINATIM_URL?: string | undefined
  },
): PlacesProvider[] {
  const { PLACES_GOOGLE_API_KEY: apiKey, PLACES_GOOGLE_ENDPOINT: endpoint } = configuration
  const { PLACES_OVERPASS_URL: overpass, PLACES_NOMINATIM_URL: nominatim } = configuration
  return [
    ...(apiKey === undefined ? [] : [googlePlaces({ http, apiKey, ...definedOnly({ endpoint }) })]),
    openStreetMap({ http, ...definedOnly({ overpass, nominatim }) }),
  ]
}
