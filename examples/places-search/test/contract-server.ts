import { createServer, request } from 'node:http'
import { ServiceError } from '@pooler-safe/example-foundation'
import type { ApiClient, ApiResponse } from '../src/index.ts'

/** A place of the contract server's world. */
export interface WorldPlace {
  readonly id: string
  readonly name: string
  readonly lat: number
  readonly lng: number
}

export interface SearchRequest {
  readonly textQuery: string
  readonly pageSize?: number
  readonly pageToken?: string
  readonly locationRestriction?: {
    readonly rectangle: { readonly low: Point; readonly high: Point }
  }
  readonly locationBias?: { readonly circle: { readonly center: Point; readonly radius: number } }
}

interface Point {
  readonly latitude: number
  readonly longitude: number
}

/** What the server was asked, and with what. */
export interface Asked {
  readonly url: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: SearchRequest
}

/** An answer instead of the documented one. */
export interface Failure {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface ContractServer extends AsyncDisposable {
  readonly origin: string
  readonly asked: readonly Asked[]
  readonly client: ApiClient
}

export const apiKey = 'AIzaSyTestKeyThatMustNeverBeSeenAnywhere'

/** The error format of Google's APIs. */
export function googleError(status: number, name: string, message: string, reason?: string): Failure {
  const details = reason === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }]
  return { status, body: { error: { code: status, message, status: name, details } } }
}

/**
 * Speaks what Google documents of Text Search (New): POST with a field mask and the key in a header, pages of at most 20,
 * at most 60 results, tokens that go with the same parameters, `{}` for no results, its error format.
 */
export async function startContractServer(options: {
  readonly world: (query: string) => readonly WorldPlace[]
  /** What comes instead, by the number of the request, counted from 1. */
  readonly instead?: (asked: Asked, number: number) => Failure | undefined | Promise<Failure | undefined>
}): Promise<ContractServer> {
  const asked: Asked[] = []
  const server = createServer((incoming, response) => {
    void (async () => {
      const parts: Buffer[] = []
      for await (const part of incoming) parts.push(part as Buffer)
      const send = ({ status, body, headers = {} }: Failure): void => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
      }
      const one: Asked = {
        url: incoming.url ?? '',
        headers: incoming.headers,
        body: JSON.parse(Buffer.concat(parts).toString('utf8')) as SearchRequest,
      }
      asked.push(one)
      const failure = await options.instead?.(one, asked.length)
      send(failure ?? answer(one, options.world))
    })()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    client: plainClient(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function answer({ url, headers, body }: Asked, world: (query: string) => readonly WorldPlace[]): Failure {
  if (url !== '/v1/places:searchText') return googleError(404, 'NOT_FOUND', 'Requested entity was not found.')
  if (headers['x-goog-api-key'] !== apiKey) {
    return googleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 'API_KEY_INVALID')
  }
  const mask = String(headers['x-goog-fieldmask'] ?? '').split(',')
  if (mask[0] === '') return googleError(400, 'INVALID_ARGUMENT', 'FieldMask is a required parameter.')
  const { pageToken, ...parameters } = body
  const size = Math.min(20, body.pageSize ?? 20)
  let from = 0
  if (pageToken !== undefined) {
    const [at, of] = JSON.parse(Buffer.from(pageToken, 'base64url').toString('utf8')) as [number, string]
    if (of !== JSON.stringify(parameters)) {
      return googleError(
        400,
        'INVALID_ARGUMENT',
        'Request parameters for paging requests must match the initial request.',
      )
    }
    from = at
  }
  const box = body.locationRestriction?.rectangle
  const found = world(body.textQuery)
    .filter(({ lat, lng }) => {
      if (!box) return true
      const { low, high } = box
      return lat >= low.latitude && lat < high.latitude && lng >= low.longitude && lng < high.longitude
    })
    .slice(0, 60)
  if (found.length === 0) return { status: 200, body: {} }
  const places = found.slice(from, from + size).map(({ id, name, lat, lng }) => ({
    id,
    displayName: { text: name, languageCode: 'de' },
    location: { latitude: lat, longitude: lng },
    rating: 4.5,
    userRatingCount: 12,
    priceLevel: 'PRICE_LEVEL_MODERATE',
    types: ['dentist', 'point_of_interest'],
    websiteUri: `https://${id.toLowerCase()}.example/`,
  }))
  const next = from + size < found.length && mask.includes('nextPageToken')
  const token = Buffer.from(JSON.stringify([from + size, JSON.stringify(parameters)])).toString('base64url')
  return { status: 200, body: { places, ...(next ? { nextPageToken: token } : {}) } }
}

/** Stands in for the foundation's client. */
export function plainClient(): ApiClient {
  return {
    fetch: (url, { signal, method = 'GET', headers = {}, body } = {}) =>
      new Promise<ApiResponse>((resolve, reject) => {
        const outgoing = request(url, { method, headers, ...(signal ? { signal } : {}) }, (incoming) => {
          void (async () => {
            const parts: Buffer[] = []
            for await (const part of incoming) parts.push(part as Buffer)
            const single = Object.entries(incoming.headers).flatMap(([name, value]) =>
              typeof value === 'string' ? [[name, value] as [string, string]] : [],
            )
            resolve({
              status: incoming.statusCode ?? 0,
              headers: new Headers(single),
              text: () => Promise.resolve(Buffer.concat(parts).toString('utf8')),
              [Symbol.asyncDispose]: () => Promise.resolve(),
            })
          })().catch(reject)
        })
        outgoing.on('error', (error) => {
          reject(Object.assign(new ServiceError('connect', error.message), { retryable: true }))
        })
        outgoing.end(body)
      }),
  }
}
