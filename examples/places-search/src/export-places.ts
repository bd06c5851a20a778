import { csvRecord } from './csv-record.ts'
import { invalidInput } from './errors.ts'
import type { Place } from './place.ts'

export const placesFormats = ['csv', 'json', 'ndjson', 'geojson'] as const
export type PlacesFormat = (typeof placesFormats)[number]

const placesAtOnce = 500
const columns = [
  'name',
  'address',
  'phone',
  'website',
  'rating',
  'ratingCount',
  'status',
  'lat',
  'lng',
  'provider',
  'source',
  'providerPlaceId',
] as const

/** The parts of an export, one for each page of places. */
export async function* exportPlaces(
  format: PlacesFormat,
  page: (after: string | undefined, limit: number) => Promise<readonly Place[]>,
): AsyncGenerator<string> {
  if (!placesFormats.includes(format)) {
    throw invalidInput(`"${format as string}" is not a format of an export.`, `There are ${placesFormats.join(', ')}.`)
  }
  if (format === 'csv') yield csvRecord([...columns, 'types'])
  if (format === 'json') yield '['
  if (format === 'geojson') yield '{"type":"FeatureCollection","features":['
  const isList = format === 'json' || format === 'geojson'
  let separator = ''
  for (let after: string | undefined; ;) {
    const places = await page(after, placesAtOnce)
    if (places.length > 0) {
      const texts = places.map((place) => textOf(place, format))
      yield isList ? separator + texts.join(',\n') : texts.join('')
      separator = ',\n'
    }
    const last = places.at(-1)
    if (last === undefined || places.length < placesAtOnce) break
    after = last.id
  }
  if (format === 'json') yield ']\n'
  if (format === 'geojson') yield ']}\n'
}

function textOf(place: Place, format: PlacesFormat): string {
  if (format === 'ndjson') return `${JSON.stringify(place)}\n`
  if (format === 'json') return JSON.stringify(place)
  if (format === 'csv') {
    return csvRecord([...columns.map((column) => String(place[column] ?? '')), place.types.join(' ')])
  }
  const { lat, lng, ...properties } = place
  const geometry = lat === null || lng === null ? null : { type: 'Point', coordinates: [lng, lat] }
  return JSON.stringify({ type: 'Feature', id: place.id, geometry, properties })
}
