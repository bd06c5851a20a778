import { request } from 'node:http'
import { ServiceError } from '@pooler-safe/example-foundation'
import {
  startPlacesContractServer,
  type AskedPlaces,
  type DemoPlace,
  type PlacesAnswer,
} from '@pooler-safe/example-foundation/demo'
import type { ApiClient, ApiResponse } from '../src/index.ts'

/** A place of a test's world. */
export interface WorldPlace {
  readonly id: string
  readonly name: string
  readonly lat: number
  readonly lng: number
}

/** What the server was asked, and with what. */
export interface Asked extends AskedPlaces {
  readonly body: AskedPlaces['body'] & { readonly textQuery?: string; readonly pageToken?: string }
}

export interface ContractServer extends AsyncDisposable {
  readonly origin: string
  readonly asked: readonly Asked[]
  readonly client: ApiClient
}

export const apiKey = 'AIzaSyTestKeyThatMustNeverBeSeenAnywhere'

/** The error format of Google's APIs. */
export function googleError(status: number, name: string, message: string, reason?: string): PlacesAnswer {
  const details = reason === undefined ? [] : [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason }]
  return { status, body: { error: { code: status, message, status: name, details } } }
}

/** The contract server of the demo, with places of the test. */
export async function startContractServer(options: {
  readonly world: (query: string) => readonly WorldPlace[]
  /** What comes instead, by the number of the request, counted from 1. */
  readonly instead?: (asked: Asked, number: number) => PlacesAnswer | undefined | Promise<PlacesAnswer | undefined>
}): Promise<ContractServer> {
  const { world, instead } = options
  const server = await startPlacesContractServer({
    apiKey,
    places: (query) => world(query).map(demoPlace),
    ...(instead && { instead }),
  })
  return {
    origin: server.baseUrl,
    asked: server.asked,
    client: plainClient(),
    [Symbol.asyncDispose]: () => server.close(),
  }
}

function demoPlace({ id, name, lat, lng }: WorldPlace): DemoPlace {
  return {
    id,
    name: `places/${id}`,
    displayName: { text: name, languageCode: 'de' },
    formattedAddress: 'Graz',
    location: { latitude: lat, longitude: lng },
    rating: 4.5,
    userRatingCount: 12,
    priceLevel: 'PRICE_LEVEL_MODERATE',
    types: ['dentist', 'point_of_interest'],
    primaryType: 'dentist',
    websiteUri: `https://${id.toLowerCase()}.example/`,
    googleMapsUri: `https://maps.example/?cid=${id}`,
    businessStatus: 'OPERATIONAL',
  }
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
