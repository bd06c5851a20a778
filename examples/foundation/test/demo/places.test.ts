import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startPlacesContractServer, type PlacesContractServer } from '../../demo/index.ts'

let server: PlacesContractServer

beforeEach(async () => {
  server = await startPlacesContractServer()
})
afterEach(() => server.close())

interface Answer {
  readonly places?: { readonly id?: string; readonly location?: { readonly latitude: number } }[]
  readonly nextPageToken?: string
  readonly error?: { readonly code: number; readonly status: string; readonly message: string }
}

async function ask(
  body: object,
  { mask = 'places.id,nextPageToken', key = server.apiKey }: { mask?: string; key?: string } = {},
): Promise<{ status: number; answer: Answer }> {
  const response = await fetch(`${server.baseUrl}/v1/places:searchText`, {
    method: 'POST',
    headers: { 'x-goog-api-key': key, 'x-goog-fieldmask': mask },
    body: JSON.stringify(body),
  })
  expect(response.headers.get('x-demo-fixture')).toBe('places contract server')
  return { status: response.status, answer: (await response.json()) as Answer }
}

const dentists = { textQuery: 'Zahnarzt in Graz' }

describe('the contract server speaks places:searchText of the Places API (New)', () => {
  test('gives pages of 20 and no more than 60 places, each once', async () => {
    const ids: (string | undefined)[] = []
    const sizes: number[] = []
    for (let pageToken: string | undefined; ;) {
      const { answer } = await ask({ ...dentists, ...(pageToken === undefined ? {} : { pageToken }) })
      ids.push(...(answer.places ?? []).map(({ id }) => id))
      sizes.push(answer.places?.length ?? 0)
      pageToken = answer.nextPageToken
      if (pageToken === undefined) break
    }
    expect(sizes).toEqual([20, 20, 20])
    expect(new Set(ids).size).toBe(60)
    expect(ids.every((id) => id?.startsWith('demo-'))).toBe(true)
  })

  test.each([
    [{}, 20],
    [{ pageSize: 0 }, 20],
    [{ pageSize: 5 }, 5],
    [{ pageSize: 21 }, 20],
    [{ maxResultCount: 3 }, 3],
    [{ pageSize: 4, maxResultCount: 3 }, 4],
  ])('%j gives pages of %i', async (size, expected) => {
    expect((await ask({ ...dentists, ...size })).answer.places).toHaveLength(expected)
  })

  test('nothing found is an empty object', async () => {
    expect(await ask({ textQuery: 'Raumfahrtbehörde in Graz' })).toEqual({ status: 200, answer: {} })
  })

  test('gives the fields of the mask and no token that was not asked for', async () => {
    const { answer } = await ask(dentists, { mask: 'places.displayName.text,places.location' })
    expect(Object.keys(answer)).toEqual(['places'])
    expect(answer.places?.[0]).toEqual({
      displayName: { text: expect.any(String) },
      location: { latitude: expect.any(Number), longitude: expect.any(Number) },
    })
    expect(Object.keys((await ask(dentists, { mask: '*' })).answer)).toEqual(['places', 'nextPageToken'])
  })

  test('a restriction lets nothing through from outside, a bias prefers what is near', async () => {
    const rectangle = { low: { latitude: 47.06, longitude: 15.42 }, high: { latitude: 47.08, longitude: 15.46 } }
    const { answer } = await ask(
      { textQuery: 'dentist', locationRestriction: { rectangle } },
      { mask: 'places.location' },
    )
    expect(answer.places?.length).toBeGreaterThan(0)
    expect(
      answer.places?.every(({ location }) => location && location.latitude >= 47.06 && location.latitude <= 47.08),
    ).toBe(true)
    const circle = { center: { latitude: 47.3815, longitude: 15.0972 }, radius: 2_000 }
    const near = await ask({ textQuery: 'dentist', locationBias: { circle } })
    expect(near.answer.places?.every(({ id }) => id?.includes('leoben'))).toBe(true)
  })

  test.each([
    ['no field mask', dentists, { mask: '' }, 400, 'INVALID_ARGUMENT'],
    ['an unknown field', dentists, { mask: 'places.phone' }, 400, 'INVALID_ARGUMENT'],
    ['a mask with blanks', dentists, { mask: 'places.id, nextPageToken' }, 400, 'INVALID_ARGUMENT'],
    ['no query', {}, {}, 400, 'INVALID_ARGUMENT'],
    ['a negative page size', { ...dentists, pageSize: -1 }, {}, 400, 'INVALID_ARGUMENT'],
    ['an unknown parameter', { ...dentists, radius: 5 }, {}, 400, 'INVALID_ARGUMENT'],
    ['a token of nobody', { ...dentists, pageToken: 'x' }, {}, 400, 'INVALID_ARGUMENT'],
    [
      'a circle as restriction',
      { ...dentists, locationRestriction: { circle: { center: { latitude: 47, longitude: 15 }, radius: 5 } } },
      {},
      400,
      'INVALID_ARGUMENT',
    ],
    [
      'a circle of more than 50 km',
      { ...dentists, locationBias: { circle: { center: { latitude: 47, longitude: 15 }, radius: 50_001 } } },
      {},
      400,
      'INVALID_ARGUMENT',
    ],
    ['a wrong key', dentists, { key: 'wrong' }, 400, 'INVALID_ARGUMENT'],
    ['no key', dentists, { key: '' }, 403, 'PERMISSION_DENIED'],
    ['a key without this interface', dentists, { key: 'demo-key-without-places' }, 403, 'PERMISSION_DENIED'],
  ])('%s is an error', async (_name, body, how, code, status) => {
    const { status: httpStatus, answer } = await ask(body, how)
    expect(httpStatus).toBe(code)
    expect(answer.error).toMatchObject({ code, status, message: expect.any(String) })
  })

  test('a token belongs to its search', async () => {
    const { answer } = await ask(dentists)
    const pageToken = answer.nextPageToken
    expect((await ask({ ...dentists, pageToken, pageSize: 5 })).answer.places).toHaveLength(5)
    expect((await ask({ textQuery: 'Gasthaus in Graz', pageToken })).status).toBe(400)
  })

  test('a quota that is used up is 429 until there is more', async () => {
    server.setQuota(1)
    const { answer } = await ask(dentists)
    const next = { ...dentists, pageToken: answer.nextPageToken }
    expect((await ask(next)).answer.error).toMatchObject({ code: 429, status: 'RESOURCE_EXHAUSTED' })
    server.setQuota(undefined)
    expect((await ask(next)).answer.places).toHaveLength(20)
    expect(server.requests).toHaveLength(2)
  })

  test('fails as often as it is told to', async () => {
    server.failNext(503, 'UNAVAILABLE', 2)
    expect([(await ask(dentists)).status, (await ask(dentists)).status, (await ask(dentists)).status]).toEqual([
      503, 503, 200,
    ])
  })

  test('takes no key in the URL', async () => {
    const response = await fetch(`${server.baseUrl}/v1/places:searchText?key=${server.apiKey}`, {
      method: 'POST',
      body: '{}',
    })
    expect(response.status).toBe(400)
  })
})
