import { z } from 'zod'
import { ProviderError } from '../errors.ts'
import type { FoundPlace } from '../place.ts'
import type { ApiClient, FoundPage, PageQuery, PlacesProvider } from './provider.ts'
import { readAnswer, retryAfterOf } from './answer.ts'

export interface GoogleOptions {
  readonly http: ApiClient
  readonly apiKey: string
  /** Default: Google. Anything else is a contract server, and its answers are labelled so. */
  readonly endpoint?: string
  /** What a Text Search request with these fields is assumed to cost; look at your own price list. Default 0.035. */
  readonly requestPriceUsd?: number
}

const googleEndpoint = 'https://places.googleapis.com'

/** The fields that are asked for: they decide what a request costs. Without the token's there would be no second page. */
const fields = [
  'nextPageToken',
  ...[
    'id',
    'displayName',
    'formattedAddress',
    'location',
    'types',
    'rating',
    'userRatingCount',
    'priceLevel',
    'nationalPhoneNumber',
    'internationalPhoneNumber',
    'websiteUri',
    'businessStatus',
  ].map((field) => `places.${field}`),
].join(',')

const point = z.looseObject({ latitude: z.number(), longitude: z.number() })
const placeSchema = z.looseObject({
  id: z.string().min(1),
  displayName: z.looseObject({ text: z.string() }).optional(),
  formattedAddress: z.string().optional(),
  location: point.optional(),
  types: z.array(z.string()).optional(),
  rating: z.number().optional(),
  userRatingCount: z.number().optional(),
  priceLevel: z.string().optional(),
  nationalPhoneNumber: z.string().optional(),
  internationalPhoneNumber: z.string().optional(),
  websiteUri: z.string().optional(),
})
const answerSchema = z.looseObject({ places: z.array(placeSchema).default([]), nextPageToken: z.string().optional() })
const errorSchema = z.looseObject({
  error: z.looseObject({
    message: z.string().default(''),
    status: z.string().default(''),
    details: z.array(z.looseObject({ reason: z.string().optional() })).default([]),
  }),
})

const priceLevels = [
  'PRICE_LEVEL_FREE',
  'PRICE_LEVEL_INEXPENSIVE',
  'PRICE_LEVEL_MODERATE',
  'PRICE_LEVEL_EXPENSIVE',
  'PRICE_LEVEL_VERY_EXPENSIVE',
]

/**
 * Google Places API (New), Text Search: pages of 20, at most 60 results of one request.
 *
 * The key travels in a header, never in a URL, and is taken out of whatever is told about a failure.
 */
export function googlePlaces({
  http,
  apiKey,
  endpoint = googleEndpoint,
  requestPriceUsd = 0.035,
}: GoogleOptions): PlacesProvider {
  if (apiKey === '') throw new ProviderError('denied', 'There is no API key.', { hint: 'Set PLACES_GOOGLE_API_KEY.' })
  const { origin } = new URL(endpoint)
  const ask = async (body: object, fieldMask: string, signal: AbortSignal): Promise<z.infer<typeof answerSchema>> => {
    await using response = await http.fetch(`${origin}/v1/places:searchText`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': apiKey, 'x-goog-fieldmask': fieldMask },
      body: JSON.stringify(body),
      accept: 'application/json',
      robots: 'ignore',
      expectStatus: 'any',
      maxBytes: 4_000_000,
      signal,
    })
    const text = await response.text()
    if (response.status >= 400) throw failureOf(response.status, text, response.headers, apiKey)
    return readAnswer(answerSchema, text)
  }
  return {
    name: 'google',
    source: origin === googleEndpoint ? 'Google Places API (New)' : `contract server at ${origin}`,
    requestPriceUsd,
    pageSize: 20,
    maxPerArea: 60,
    attribution: 'Google Maps',
    needsPoint: false,
    async locate(near, signal) {
      const { places } = await ask({ textQuery: near, pageSize: 1 }, 'places.id,places.location', signal)
      const location = places[0]?.location
      return location && { lat: location.latitude, lng: location.longitude }
    },
    async searchPage(query): Promise<FoundPage> {
      const { places, nextPageToken } = await ask(requestOf(query), fields, query.signal)
      return { places: places.map(placeOf), nextPageToken: nextPageToken === '' ? undefined : nextPageToken }
    },
  }
}

/** The same for every page of an area but for the token, as the API demands. */
function requestOf({ query, near, circle, box, pageToken, language }: PageQuery): object {
  return {
    textQuery: near === undefined ? query : `${query} in ${near}`,
    pageSize: 20,
    ...(language === undefined ? {} : { languageCode: language }),
    ...(box
      ? {
          locationRestriction: {
            rectangle: {
              low: { latitude: box.south, longitude: box.west },
              high: { latitude: box.north, longitude: box.east },
            },
          },
        }
      : circle
        ? {
            locationBias: {
              circle: { center: { latitude: circle.lat, longitude: circle.lng }, radius: circle.radiusM },
            },
          }
        : {}),
    ...(pageToken === undefined ? {} : { pageToken }),
  }
}

function placeOf(place: z.infer<typeof placeSchema>): FoundPlace {
  const priceLevel = priceLevels.indexOf(place.priceLevel ?? '')
  return {
    providerPlaceId: place.id,
    name: place.displayName?.text ?? place.id,
    address: place.formattedAddress,
    lat: place.location?.latitude,
    lng: place.location?.longitude,
    rating: place.rating,
    ratingCount: place.userRatingCount,
    priceLevel: priceLevel < 0 ? undefined : priceLevel,
    types: place.types,
    phone: place.internationalPhoneNumber ?? place.nationalPhoneNumber,
    website: place.websiteUri,
    raw: place,
  }
}

function failureOf(status: number, text: string, headers: Headers, apiKey: string): ProviderError {
  const parsed = errorSchema.safeParse(parseJson(text))
  const said = parsed.success
    ? parsed.data.error
    : { message: '', status: '', details: [] as { reason?: string | undefined }[] }
  const message = said.message.replaceAll(apiKey, '***').slice(0, 500)
  const keyIsBad = said.details.some(({ reason }) => reason === 'API_KEY_INVALID')
  const told = `Google answered ${status}${said.status === '' ? '' : ` ${said.status}`}: ${message || 'nothing'}`
  if (status === 429 || said.status === 'RESOURCE_EXHAUSTED') {
    return new ProviderError('quota', told, { retryAfterMs: retryAfterOf(headers) })
  }
  if (status === 401 || status === 403 || keyIsBad) {
    return new ProviderError('denied', told, {
      hint: 'Check that the key is right, that "Places API (New)" is enabled for it, and that billing is.',
    })
  }
  if (status >= 500) return new ProviderError('unavailable', told, { retryAfterMs: retryAfterOf(headers) })
  return new ProviderError('request_refused', told)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
