import { googlePlaces, openStreetMap, type PlacesProvider } from '@pooler-safe/example-places-search'
import type { HttpClients } from './http-clients.ts'

/**
 * Whom a search for places can ask. With a demo, Google is the contract server of the demo, which its answers and the
 * data name; else it needs a key.
 */
export function providersFor({ http, demo }: HttpClients, placesUrl: string | undefined): PlacesProvider[] {
  const apiKey = process.env['PLACES_GOOGLE_API_KEY']
  const google =
    placesUrl !== undefined && demo !== undefined
      ? [googlePlaces({ http: demo, apiKey: 'demo-key', endpoint: `${placesUrl}/v1/places:searchText` })]
      : apiKey
        ? [googlePlaces({ http, apiKey })]
        : []
  return [...google, openStreetMap({ http })]
}
