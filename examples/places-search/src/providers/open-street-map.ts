import { z } from 'zod'
import { ProviderError } from '../errors.ts'
import type { FoundPlace } from '../place.ts'
import { readAnswer, retryAfterOf } from './answer.ts'
import type { ApiClient, FoundPage, PlacesProvider } from './provider.ts'

export interface OpenStreetMapOptions {
  readonly http: ApiClient
  /** Default: the public server. */
  readonly overpass?: string
  /** Default: the public server. */
  readonly nominatim?: string
  /** Pause between two requests; the public Nominatim allows one a second. Default 1,100. */
  readonly pauseMs?: number
}

const publicOverpass = 'https://overpass-api.de'
const publicNominatim = 'https://nominatim.openstreetmap.org'
const longestAnswer = 1_000

const located = z.array(z.looseObject({ lat: z.coerce.number(), lon: z.coerce.number() }))
const elements = z.looseObject({
  remark: z.string().optional(),
  elements: z.array(
    z.looseObject({
      type: z.enum(['node', 'way', 'relation']),
      id: z.number(),
      lat: z.number().optional(),
      lon: z.number().optional(),
      center: z.looseObject({ lat: z.number(), lon: z.number() }).optional(),
      tags: z.record(z.string(), z.string()).default({}),
    }),
  ),
})

/** Tags that say what something is. */
const kinds = ['amenity', 'shop', 'craft', 'office', 'healthcare', 'tourism', 'leisure', 'cuisine']

/**
 * OpenStreetMap: Nominatim finds where, Overpass finds what. One page has everything.
 *
 * Both are other people's servers with rules of their own: requests follow each other with a pause, and what they give has
 * to be shown with the attribution.
 */
export function openStreetMap({
  http,
  overpass = publicOverpass,
  nominatim = publicNominatim,
  pauseMs = 1_100,
}: OpenStreetMapOptions): PlacesProvider {
  const [overpassOrigin, nominatimOrigin] = [new URL(overpass).origin, new URL(nominatim).origin]
  let turn: Promise<unknown> = Promise.resolve()
  const ask = async <T>(
    schema: z.ZodType<T>,
    url: string,
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<T> => {
    const before = turn
    const { promise, resolve } = Promise.withResolvers<undefined>()
    turn = promise
    await before
    try {
      signal.throwIfAborted()
      await using response = await http.fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
        accept: 'application/json',
        robots: 'ignore',
        expectStatus: 'any',
        maxBytes: 20_000_000,
        signal,
      })
      const text = await response.text()
      if (response.status >= 400) throw failureOf(response.status, new URL(url).host, response.headers)
      return readAnswer(schema, text)
    } finally {
      setTimeout(resolve, pauseMs, undefined).unref()
    }
  }
  const isPublic = overpassOrigin === publicOverpass && nominatimOrigin === publicNominatim
  return {
    name: 'openstreetmap',
    source: isPublic ? 'OpenStreetMap' : `OpenStreetMap data at ${overpassOrigin}`,
    requestPriceUsd: 0,
    pageSize: longestAnswer,
    maxPerArea: longestAnswer,
    attribution: '© OpenStreetMap contributors (ODbL), https://www.openstreetmap.org/copyright',
    needsPoint: true,
    async locate(near, signal) {
      const url = `${nominatimOrigin}/search?${new URLSearchParams({ q: near, format: 'jsonv2', limit: '1' }).toString()}`
      const [first] = await ask(located, url, undefined, signal)
      return first && { lat: first.lat, lng: first.lon }
    },
    async searchPage({ query, circle, box, signal }): Promise<FoundPage> {
      if (!circle && !box) throw new ProviderError('request_refused', 'OpenStreetMap has to know where to search.')
      const area = box
        ? `(${box.south},${box.west},${box.north},${box.east})`
        : circle
          ? `(around:${circle.radiusM},${circle.lat},${circle.lng})`
          : ''
      const body = new URLSearchParams({ data: overpassQuery(query, area) }).toString()
      const answer = await ask(elements, `${overpassOrigin}/api/interpreter`, body, signal)
      // Overpass reports a query that ran out of time or memory in an answer that looks complete.
      if (answer.remark !== undefined && /error/i.test(answer.remark)) {
        throw new ProviderError('unavailable', `Overpass could not finish: ${answer.remark.slice(0, 300)}`)
      }
      return { places: answer.elements.flatMap(placeOf), nextPageToken: undefined }
    },
  }
}

/** @internal Exported for its test: what users type never becomes part of the query language. */
export function overpassQuery(query: string, area: string): string {
  const literal = query.trim().replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const quoted = (text: string): string => JSON.stringify(text.replaceAll(/[\r\n\t]/g, ' '))
  const word = quoted(`^${literal.replaceAll(/\s+/g, '_')}$`)
  return [
    `[out:json][timeout:60][maxsize:67108864];`,
    `(nwr[~"^(${kinds.join('|')})$"~${word},i][name]${area};nwr[name~${quoted(literal)},i]${area};);`,
    `out tags center ${longestAnswer};`,
  ].join('')
}

function placeOf(element: z.infer<typeof elements>['elements'][number]): FoundPlace[] {
  const { type, id, tags, center } = element
  const { name } = tags
  if (name === undefined || name === '') return []
  const street = [tags['addr:street'], tags['addr:housenumber']].filter((one) => one !== undefined).join(' ')
  const city = [tags['addr:postcode'], tags['addr:city']].filter((one) => one !== undefined).join(' ')
  const address = [street, city].filter((one) => one !== '').join(', ')
  return [
    {
      providerPlaceId: `${type}/${id}`,
      name,
      address: address === '' ? undefined : address,
      lat: element.lat ?? center?.lat,
      lng: element.lon ?? center?.lon,
      types: kinds.flatMap((kind) => (tags[kind] === undefined ? [] : [`${kind}:${tags[kind]}`])),
      phone: tags['contact:phone'] ?? tags['phone'],
      website: tags['contact:website'] ?? tags['website'],
      raw: element,
    },
  ]
}

function failureOf(status: number, host: string, headers: Headers): ProviderError {
  const told = `${host} answered ${status}.`
  if (status === 429) return new ProviderError('quota', told, { retryAfterMs: retryAfterOf(headers) })
  if (status === 401 || status === 403) return new ProviderError('denied', told)
  if (status >= 500) return new ProviderError('unavailable', told, { retryAfterMs: retryAfterOf(headers) })
  return new ProviderError('request_refused', told)
}
