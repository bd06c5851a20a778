import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { text as readAll } from 'node:stream/consumers'
import { parse } from 'csv-parse'
import { z } from 'zod'
import { invalidInput } from './errors.ts'
import type { FoundPlace } from './place.ts'

export interface ImportOptions {
  /** What to call the import. */
  readonly name: string
  readonly format: 'csv' | 'geojson'
}

const placesAtOnce = 500

/** The places of a file, page by page. CSV is read as it comes; GeoJSON is one document. */
export async function* importPages(
  source: AsyncIterable<Uint8Array | string>,
  { format }: ImportOptions,
): AsyncGenerator<readonly FoundPlace[]> {
  let page: FoundPlace[] = []
  for await (const place of format === 'csv' ? csvPlaces(source) : geoJsonPlaces(source)) {
    page.push(place)
    if (page.length < placesAtOnce) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}

async function* csvPlaces(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<FoundPlace> {
  const parser = parse({
    bom: true,
    columns: (names: string[]) => names.map((name) => name.trim().toLowerCase()),
    relax_column_count: true,
    skip_empty_lines: true,
    trim: true,
    max_record_size: 100_000,
  })
  const input = Readable.from(source)
  input.on('error', (error) => parser.destroy(error))
  input.pipe(parser)
  for await (const record of parser as AsyncIterable<Record<string, string>>) yield placeOf(record)
}

const collection = z.looseObject({
  type: z.literal('FeatureCollection'),
  features: z.array(
    z.looseObject({
      id: z.union([z.string(), z.number()]).optional(),
      geometry: z.looseObject({ type: z.string(), coordinates: z.unknown() }).nullish(),
      properties: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
})

async function* geoJsonPlaces(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<FoundPlace> {
  let json: unknown
  try {
    json = JSON.parse(await readAll(Readable.from(source)))
  } catch (error) {
    throw invalidInput(`The file is not JSON: ${error instanceof Error ? error.message : ''}`)
  }
  const parsed = collection.safeParse(json)
  if (!parsed.success) throw invalidInput('The file is not a GeoJSON FeatureCollection.')
  for (const { id, geometry, properties } of parsed.data.features) {
    const point = z.tuple([z.number(), z.number()], z.number()).safeParse(geometry?.coordinates)
    const [lng, lat] = geometry?.type === 'Point' && point.success ? point.data : []
    const texts = Object.entries(properties ?? {}).flatMap(([key, value]) =>
      typeof value === 'string' || typeof value === 'number' ? [[key.toLowerCase(), String(value)] as const] : [],
    )
    yield placeOf({
      ...Object.fromEntries(texts),
      ...(id === undefined ? {} : { id: String(id) }),
      ...(lat === undefined || lng === undefined ? {} : { lat: String(lat), lng: String(lng) }),
    })
  }
}

/** @throws PlacesError PLACES_INPUT_INVALID: a place without a name is not made up */
function placeOf(record: Readonly<Record<string, string>>): FoundPlace {
  const first = (...names: readonly string[]): string | undefined =>
    names.map((name) => record[name]).find((value) => value !== undefined && value !== '')
  const number = (min: number, max: number, ...names: readonly string[]): number | undefined => {
    const value = Number(first(...names) ?? Number.NaN)
    return value >= min && value <= max ? value : undefined
  }
  const name = first('name', 'title', 'company')
  if (name === undefined) throw invalidInput('A place has no name.', 'The file needs a column or property "name".')
  const [lat, lng] = [number(-90, 90, 'lat', 'latitude'), number(-180, 180, 'lng', 'lon', 'longitude')]
  const address = first('address', 'formatted_address', 'addr:full')
  const isPoint = lat !== undefined && lng !== undefined
  const identity = JSON.stringify([name, address ?? null, isPoint ? [lat, lng] : null])
  return {
    providerPlaceId: first('id', 'place_id', '@id') ?? createHash('sha256').update(identity).digest('hex').slice(0, 32),
    name,
    address,
    ...(isPoint ? { lat, lng } : {}),
    rating: number(0, 5, 'rating'),
    phone: first('phone', 'telephone', 'contact:phone'),
    website: first('website', 'url', 'contact:website'),
    types: first('types', 'type', 'category')?.split(/[\s,;]+/) ?? [],
    raw: record,
  }
}
