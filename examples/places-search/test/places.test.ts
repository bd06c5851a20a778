import { describe, expect, test } from 'vitest'
import { quartersOf, boxAround } from '../src/area.ts'
import { readCommand } from '../src/commands/command-line.ts'
import { openStreetMap, type ApiClient } from '../src/index.ts'
import { overpassQuery } from '../src/providers/open-street-map.ts'
import { usePlaces, usePlacesDatabase } from './places-database.ts'

const database = usePlacesDatabase()
const under = usePlaces(() => database.pooledUrl)

async function* parts(...texts: string[]): AsyncGenerator<string> {
  for (const text of texts) yield await Promise.resolve(text)
}

async function read(texts: AsyncIterable<string>): Promise<string> {
  let all = ''
  for await (const text of texts) all += text
  return all
}

/** Answers like Nominatim and Overpass, and remembers what it was asked. */
function osmClient(
  overpass: unknown,
  status = 200,
): { readonly client: ApiClient; readonly asked: [string, string][] } {
  const asked: [string, string][] = []
  const client: ApiClient = {
    fetch: (url, { body = '' } = {}) => {
      asked.push([url, body])
      const isNominatim = url.includes('/search?')
      const answer = isNominatim ? [{ lat: '47.0707', lon: '15.4395', display_name: 'Graz' }] : overpass
      return Promise.resolve({
        status: isNominatim ? 200 : status,
        headers: new Headers({ 'retry-after': '7' }),
        text: () => Promise.resolve(JSON.stringify(answer)),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      })
    },
  }
  return { client, asked }
}

describe('OpenStreetMap', () => {
  test('is located by name once, asked around that point, and its answer is stored with its tags', async () => {
    const { client, asked } = osmClient({
      elements: [
        {
          type: 'node',
          id: 1,
          lat: 47.07,
          lon: 15.44,
          tags: {
            name: 'Dr. Huber',
            amenity: 'dentist',
            phone: '+43 316 1',
            'addr:street': 'Herrengasse',
            'addr:housenumber': '3',
            'addr:city': 'Graz',
          },
        },
        {
          type: 'way',
          id: 2,
          center: { lat: 47.08, lon: 15.45 },
          tags: { name: 'Zahnklinik', amenity: 'dentist', website: 'https://klinik.example' },
        },
        { type: 'node', id: 3, lat: 47.07, lon: 15.44, tags: { amenity: 'dentist' } },
      ],
    })
    const places = await under.open([openStreetMap({ http: client, pauseMs: 0 })])
    const { search, estimate } = await places.initiatePlacesSearch(under.database, under.tenant, {
      query: 'dentist',
      near: 'Graz',
      provider: 'openstreetmap',
    })
    expect(estimate).toMatchObject({ maxCostUsd: 0, minRequests: 2 })
    const ended = await places.processPlacesSearchBackground(under.tenant, search.id)
    expect(ended).toMatchObject({
      state: 'succeeded',
      source: 'OpenStreetMap',
      requests: 2,
      pages: 1,
      stored: 2,
      lat: 47.0707,
    })
    const { items } = await places.listSearchPlaces(under.database, under.tenant, search.id)
    expect(items).toMatchObject([
      {
        providerPlaceId: 'node/1',
        name: 'Dr. Huber',
        address: 'Herrengasse 3, Graz',
        types: ['amenity:dentist'],
        lat: 47.07,
      },
      { providerPlaceId: 'way/2', website: 'https://klinik.example', lat: 47.08, lng: 15.45 },
    ])
    expect(asked.map(([url]) => new URL(url).pathname)).toEqual(['/search', '/api/interpreter'])
  })

  test('a limit is a quota with its pause, and an answer that is cut off is none', async () => {
    const wanted = { query: 'dentist', lat: 47, lng: 15, provider: 'openstreetmap' }
    for (const [answer, status, code] of [
      [{}, 429, 'quota'],
      [{ elements: [], remark: 'runtime error: Query timed out in "query" at line 1.' }, 200, 'unavailable'],
    ] as const) {
      const places = await under.open([openStreetMap({ http: osmClient(answer, status).client, pauseMs: 0 })])
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, wanted)
      await expect(places.processPlacesSearchBackground(under.tenant, search.id)).rejects.toMatchObject({ code })
      const noted = await places.getPlacesSearch(under.database, under.tenant, search.id)
      expect(noted).toMatchObject({ state: 'running', errorCode: code, stored: 0 })
      await places.cancelSearch(under.database, under.tenant, search.id)
    }
  })

  test('what users type never becomes part of the query language', () => {
    const query = overpassQuery('a"](around:1,1,1);out;\\ .*\nx', '(0,0,1,1)')
    expect(query.match(/out tags center 1000;/g)).toHaveLength(1)
    // Outside of its quoted texts nothing of it is left.
    expect(query.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')).toBe(
      '[out:json][timeout:60][maxsize:67108864];(nwr[~""~"",i][name](0,0,1,1);nwr[name~"",i](0,0,1,1););out tags center 1000;',
    )
  })
})

describe('files', () => {
  test('CSV and GeoJSON are stored as searches that have ended; the same file again makes no second place', async () => {
    const places = await under.open([])
    const csv = 'Name,Address,Lat,Lon,Website\nCafé Eins,"Platz 1, Graz",47.1,15.4,https://eins.example\nZwei,,,,\n'
    const first = await places.importPlacesWithOwnSession(under.tenant, parts(csv), {
      name: 'cafes.csv',
      format: 'csv',
    })
    expect(first).toMatchObject({
      state: 'succeeded',
      provider: 'import',
      source: 'file cafes.csv',
      stored: 2,
      new: 2,
      requests: 0,
    })
    const again = await places.importPlacesWithOwnSession(under.tenant, parts(csv), {
      name: 'cafes.csv',
      format: 'csv',
    })
    expect(again).toMatchObject({ stored: 2, new: 0 })
    const geojson = {
      type: 'FeatureCollection',
      features: [
        {
          type: 'Feature',
          id: 7,
          geometry: { type: 'Point', coordinates: [15.5, 47.2] },
          properties: { name: 'Drei', phone: 5 },
        },
      ],
    }
    const third = await places.importPlacesWithOwnSession(under.tenant, parts(JSON.stringify(geojson)), {
      name: 'x.geojson',
      format: 'geojson',
    })
    expect((await places.listSearchPlaces(under.database, under.tenant, third.id)).items).toMatchObject([
      { providerPlaceId: '7', name: 'Drei', lat: 47.2, lng: 15.5, phone: '5' },
    ])
  })

  test('more than a page keeps its order; a place without a name ends the import and says so', async () => {
    const places = await under.open([])
    const lines = Array.from({ length: 1_200 }, (_, n) => `row ${n},${n}`)
    const ended = await places.importPlacesWithOwnSession(under.tenant, parts(`name,id\n${lines.join('\n')}\n`), {
      name: 'many',
      format: 'csv',
    })
    expect(ended).toMatchObject({ state: 'succeeded', stored: 1_200, pages: 3 })
    const page = await places.listSearchPlaces(under.database, under.tenant, ended.id, { limit: 1, after: 1_100 })
    expect(page.items).toMatchObject([{ rank: 1_101, name: 'row 1100' }])
    const broken = places.importPlacesWithOwnSession(under.tenant, parts('id,name\n1,\n'), {
      name: 'broken',
      format: 'csv',
    })
    await expect(broken).rejects.toMatchObject({ code: 'PLACES_INPUT_INVALID' })
    expect((await places.listSearches(under.database, under.tenant, { limit: 1 })).items).toMatchObject([
      { state: 'failed', errorCode: 'import', stored: 0 },
    ])
  })
})

describe('curation', () => {
  test('a change of thousands is one, is undone as one, and leaves alone what was changed since', async () => {
    const places = await under.open([])
    const { database: db, tenant } = under
    const lines = Array.from({ length: 2_000 }, (_, n) => `curated ${n},c${n}`).join('\n')
    const { id } = await places.importPlacesWithOwnSession(tenant, parts(`name,id\n${lines}\n`), {
      name: 'curated',
      format: 'csv',
    })
    const { rows } = await database.query<{ place_id: string }>(
      'select place_id from search_places where search_id = $1 order by rank',
      [id],
    )
    const ids = rows.map(({ place_id }) => place_id)
    const maybe = await places.updatePlaceStatus(db, tenant, ids.slice(0, 10), 'Maybe')
    expect(maybe.changed).toBe(10)
    const archived = await places.updatePlaceStatus(db, tenant, ids, 'Archived')
    expect(archived.changed).toBe(2_000)
    await places.updatePlaceStatus(db, tenant, ids[0]!, 'Selected')
    const undone = await places.undoStatusChange(db, tenant, archived.changeId)
    expect(undone.changed).toBe(1_999)
    const { rows: counts } = await database.query(
      `select status, count(*)::int as places from places where id = any($1) group by status order by status`,
      [ids],
    )
    expect(counts).toEqual([
      { status: 'Maybe', places: 9 },
      { status: 'New', places: 1_990 },
      { status: 'Selected', places: 1 },
    ])
    expect((await places.getPlaceHistory(db, tenant, ids[0]!)).map(({ from, to }) => [from, to])).toEqual([
      ['New', 'Maybe'],
      ['Maybe', 'Archived'],
      ['Archived', 'Selected'],
    ])
    // The system's status is another matter, and a new search touches neither.
    expect(await places.updatePlaceProcessing(db, tenant, [ids[0]!], 'done')).toBe(1)
    await places.importPlacesWithOwnSession(tenant, parts(`name,id\nrenamed,c0\n`), { name: 'again', format: 'csv' })
    expect((await places.listPlaces(db, tenant, { searchId: id, status: 'Selected' })).items).toMatchObject([
      { name: 'renamed', status: 'Selected', processing: 'done' },
    ])
  })

  test('all places of a change are there, or nothing changes', async () => {
    const places = await under.open([])
    const { database: db, tenant } = under
    const { id } = await places.importPlacesWithOwnSession(tenant, parts('name\nalone\n'), {
      name: 'one',
      format: 'csv',
    })
    const [place] = (await places.listSearchPlaces(db, tenant, id)).items
    await expect(places.updatePlaceStatus(db, tenant, [place!.id, id], 'Selected')).rejects.toMatchObject({
      code: 'PLACE_NOT_FOUND',
    })
    for (const bad of [
      () => places.updatePlaceStatus(db, tenant, [], 'Selected'),
      () => places.updatePlaceStatus(db, tenant, ['x'], 'Selected'),
      () => places.updatePlaceStatus(db, tenant, [place!.id], 'Great' as never),
      () => places.listPlaces(db, tenant, { status: 'Great' as never }),
      () => places.listPlaces(db, tenant, {}, { limit: 501 }),
    ]) {
      await expect(bad()).rejects.toMatchObject({ code: 'PLACES_INPUT_INVALID' })
    }
    await expect(places.undoStatusChange(db, tenant, 'x')).rejects.toMatchObject({ code: 'CHANGE_NOT_FOUND' })
    expect((await places.listPlaces(db, tenant, { searchId: id })).items).toMatchObject([{ status: 'New' }])
  })
})

test('exports hold every place that is asked for, as CSV, JSON, NDJSON and GeoJSON', async () => {
  const places = await under.open([])
  const { database: db, tenant } = under
  const lines = Array.from({ length: 600 }, (_, n) => `"=SUM(${n}), ""x""",47,15,e${n}`).join('\n')
  const { id: searchId } = await places.importPlacesWithOwnSession(tenant, parts(`name,lat,lng,id\n${lines}\n`), {
    name: 'e',
    format: 'csv',
  })
  const text = (format: 'csv' | 'json' | 'ndjson' | 'geojson') =>
    read(places.exportPlaces(db, tenant, format, { searchId }))
  const csv = (await text('csv')).trimEnd().split('\r\n')
  expect(csv).toHaveLength(601)
  expect(csv[1]).toMatch(/^"'=SUM\(0\), ""x""",/)
  expect(JSON.parse(await text('json'))).toHaveLength(600)
  expect((await text('ndjson')).trimEnd().split('\n')).toHaveLength(600)
  const { features } = JSON.parse(await text('geojson')) as {
    features: { geometry: unknown; properties: { name: string } }[]
  }
  expect(features).toHaveLength(600)
  expect(features[0]).toMatchObject({
    geometry: { type: 'Point', coordinates: [15, 47] },
    properties: { name: '=SUM(0), "x"' },
  })
})

test('the quarters of an area are the area, also across the date line', () => {
  for (const box of [boxAround(47, 15, 5_000), boxAround(-17, 179.99, 20_000)]) {
    const quarters = quartersOf(box)
    expect(quarters).toHaveLength(4)
    expect(Math.min(...quarters.map(({ south }) => south))).toBe(box.south)
    expect(Math.max(...quarters.map(({ north }) => north))).toBe(box.north)
    const width = ({ west, east }: typeof box): number => (east - west + 360) % 360
    expect(quarters.reduce((sum, one) => sum + width(one), 0)).toBeCloseTo(2 * width(box))
  }
})

test('the command line is read completely, and a mistake is an error with the way to the help', () => {
  expect(readCommand(['dentist', '--near', 'Graz', '--max', '200', '--dry-run'])).toMatchObject({
    action: 'search',
    dryRun: true,
    search: { query: 'dentist', near: 'Graz', maxResults: 200 },
  })
  expect(readCommand(['dentist', '--at=-47.5,15'])).toMatchObject({ search: { lat: -47.5, lng: 15 } })
  expect(readCommand(['--demo', 'mark', 'Not a fit', 'x', 'y'])).toEqual({
    action: 'mark',
    status: 'Not a fit',
    ids: ['x', 'y'],
    demo: true,
  })
  for (const args of [
    ['dentist', 'in', 'Graz'],
    ['dentist', '--nearby', 'Graz'],
    ['dentist', '--max', 'all'],
    ['dentist', '--at', 'Graz'],
    ['mark', 'Great', 'x'],
    ['import'],
  ]) {
    expect(() => readCommand(args), args.join(' ')).toThrow(expect.objectContaining({ code: 'USAGE' }))
  }
})
