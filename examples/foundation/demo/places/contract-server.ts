import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { DemoPlace } from './places.ts'
import { parseFieldMask, masked } from './field-mask.ts'
import { GoogleError } from './google-error.ts'
import { searchText } from './search-text.ts'

export interface PlacesContractServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** The key that is valid. Default `demo-key`. */
  readonly apiKey?: string
  /** How many requests are answered before the quota is used up. Default: no end. */
  readonly quota?: number
  /** How long an answer takes. Default 0. */
  readonly delayMs?: number
  /** Other places than those of the demo, for a text that is searched. */
  readonly places?: (textQuery: string) => readonly DemoPlace[]
  /** What comes instead of the documented answer, by the number of the request, counted from 1. */
  readonly instead?: (
    asked: AskedPlaces,
    number: number,
  ) => PlacesAnswer | undefined | Promise<PlacesAnswer | undefined>
}

/** A request as it came, let in or not. */
export interface AskedPlaces {
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: Readonly<Record<string, unknown>>
}

export interface PlacesAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Speaks what Google documents of `places:searchText` of the Places API (New), about places that do not exist.
 *
 * It is a fixture and says so: every answer carries the header `x-demo-fixture`, every place id begins with `demo-`.
 */
export interface PlacesContractServer extends AsyncDisposable {
  /** Instead of `https://places.googleapis.com`. */
  readonly baseUrl: string
  readonly apiKey: string
  /** Bodies of the requests that were let in, in order. */
  readonly requests: readonly Readonly<Record<string, unknown>>[]
  /** Every request, in order. */
  readonly asked: readonly AskedPlaces[]
  /** From now on so many requests are answered; `undefined` is no end. */
  setQuota(requests: number | undefined): void
  /** The next requests are answered with this error, as many as `times` says. */
  failNext(httpStatus: number, status: string, times?: number): void
  close(): Promise<void>
}

const maxBodyBytes = 64 * 1024

export async function startPlacesContractServer(
  options: PlacesContractServerOptions = {},
): Promise<PlacesContractServer> {
  const { port = 0, apiKey = 'demo-key', delayMs = 0, places, instead } = options
  let quotaLeft = options.quota
  const failures: GoogleError[] = []
  const requests: Record<string, unknown>[] = []
  const asked: AskedPlaces[] = []

  const answer = async (request: IncomingMessage): Promise<PlacesAnswer> => {
    const body = await readBody(request)
    const one = { url: request.url ?? '', headers: request.headers, body }
    asked.push(one)
    const other = await instead?.(one, asked.length)
    if (other) return other
    checkRoute(request)
    checkKey(request, apiKey)
    const failure = failures.shift()
    if (failure) throw failure
    if (quotaLeft === 0) {
      const message =
        "Quota exceeded for quota metric 'SearchTextRequest' and limit 'SearchTextRequest per minute' of service 'places.googleapis.com'."
      throw new GoogleError(429, 'RESOURCE_EXHAUSTED', message, 'RATE_LIMIT_EXCEEDED')
    }
    if (quotaLeft !== undefined) quotaLeft -= 1
    const mask = parseFieldMask(headerOf(request, 'x-goog-fieldmask'))
    requests.push(body)
    return { status: 200, body: page(body, mask, places) }
  }
  const server = createServer((request, response) => {
    const send = ({ status, body, headers: more }: PlacesAnswer): void => {
      const headers = {
        'content-type': 'application/json; charset=UTF-8',
        'x-demo-fixture': 'places contract server',
        ...more,
      }
      setTimeout(() => response.writeHead(status, headers).end(JSON.stringify(body)), delayMs)
    }
    answer(request).then(send, (error: unknown) => {
      const known = error instanceof GoogleError ? error : new GoogleError(500, 'INTERNAL', String(error))
      send({ status: known.httpStatus, body: known.toJSON() })
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey,
    requests,
    asked,
    setQuota: (left) => {
      quotaLeft = left
    },
    failNext: (httpStatus, status, times = 1) => {
      const failure = new GoogleError(httpStatus, status, `The contract server was told to answer ${status}.`)
      failures.push(...Array.from({ length: times }, () => failure))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const degrees = (limit: number): z.ZodNumber => z.number().min(-limit).max(limit)
const point = z.strictObject({ latitude: degrees(90), longitude: degrees(180) })
const circle = z.strictObject({ center: point, radius: z.number().min(0).max(50_000) })
const rectangle = z.strictObject({ low: point, high: point }).refine(({ low, high }) => low.latitude <= high.latitude, {
  error: 'low.latitude is greater than high.latitude',
})
const requestSchema = z
  .strictObject({
    textQuery: z.string().min(1),
    languageCode: z.string().optional(),
    regionCode: z.string().optional(),
    rankPreference: z.enum(['DISTANCE', 'RELEVANCE', 'RANK_PREFERENCE_UNSPECIFIED']).optional(),
    includedType: z.string().optional(),
    strictTypeFiltering: z.boolean().optional(),
    openNow: z.boolean().optional(),
    minRating: z.number().min(0).max(5).optional(),
    priceLevels: z.array(z.string()).optional(),
    includePureServiceAreaBusinesses: z.boolean().optional(),
    maxResultCount: z.number().int().min(0).optional(),
    pageSize: z.number().int().min(0).optional(),
    pageToken: z.string().optional(),
    locationBias: z.union([z.strictObject({ circle }), z.strictObject({ rectangle })]).optional(),
    // A restriction is a rectangle; only a bias may be a circle.
    locationRestriction: z.strictObject({ rectangle }).optional(),
  })
  .refine(({ locationBias, locationRestriction }) => !locationBias || !locationRestriction, {
    error: 'location_bias and location_restriction cannot be set at the same time',
  })
const largestPage = 20

function page(
  body: Readonly<Record<string, unknown>>,
  mask: ReturnType<typeof parseFieldMask>,
  places: PlacesContractServerOptions['places'],
): object {
  const parsed = requestSchema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const message = `Invalid value at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? ''}.`
    throw new GoogleError(400, 'INVALID_ARGUMENT', message)
  }
  const { pageToken, pageSize, maxResultCount, ...search } = parsed.data
  // None and 0 count as the largest page, and so do larger ones.
  const given = [pageSize, maxResultCount].find((size) => size !== undefined && size > 0) ?? largestPage
  const size = Math.min(given, largestPage)
  const from = pageToken === undefined ? 0 : offsetOf(pageToken, search)
  const found = searchText(search, places?.(search.textQuery))
  const shown = found.slice(from, from + size).map((place) => masked(place, mask.places))
  const isMore = from + size < found.length
  return {
    // Nothing found is an object without anything in it.
    ...(shown.length > 0 && mask.places.length > 0 ? { places: shown } : {}),
    ...(isMore && mask.nextPageToken ? { nextPageToken: tokenFor(from + size, search) } : {}),
  }
}

/** Opaque to clients; names the search that it belongs to. */
function tokenFor(offset: number, search: object): string {
  return Buffer.from(JSON.stringify({ offset, search })).toString('base64url')
}

/** @throws GoogleError INVALID_ARGUMENT for a token of nobody, or of a search with other parameters */
function offsetOf(token: string, search: object): number {
  let decoded: { offset?: unknown; search?: unknown } = {}
  try {
    decoded = JSON.parse(Buffer.from(token, 'base64url').toString()) as typeof decoded
  } catch {
    // The check below refuses it.
  }
  if (typeof decoded.offset !== 'number' || JSON.stringify(decoded.search) !== JSON.stringify(search)) {
    const message = 'Request parameters for paging requests must match the initial SearchText request.'
    throw new GoogleError(400, 'INVALID_ARGUMENT', message)
  }
  return decoded.offset
}

function checkRoute({ method, url = '' }: IncomingMessage): void {
  const { pathname, searchParams } = new URL(url, 'http://places.example')
  if (searchParams.has('key')) {
    // Google would take it. We do not put keys where logs find them.
    throw new GoogleError(
      400,
      'INVALID_ARGUMENT',
      'The contract server takes a key in the header X-Goog-Api-Key alone.',
    )
  }
  if (method !== 'POST' || pathname !== '/v1/places:searchText') {
    throw new GoogleError(404, 'NOT_FOUND', `${method ?? ''} ${pathname} is not served here.`)
  }
}

function checkKey(request: IncomingMessage, valid: string): void {
  const key = headerOf(request, 'x-goog-api-key')
  if (key === undefined) {
    throw new GoogleError(403, 'PERMISSION_DENIED', "Method doesn't allow unregistered callers. Use an API key.")
  }
  if (key === 'demo-key-without-places') {
    throw new GoogleError(
      403,
      'PERMISSION_DENIED',
      'Places API (New) is not enabled for this project.',
      'SERVICE_DISABLED',
    )
  }
  if (key !== valid) {
    throw new GoogleError(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.', 'API_KEY_INVALID')
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** @throws GoogleError INVALID_ARGUMENT for what is not an object */
async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > maxBodyBytes) throw new GoogleError(413, 'INVALID_ARGUMENT', 'The request is too large.')
    chunks.push(chunk)
  }
  try {
    const value: unknown = JSON.parse(Buffer.concat(chunks).toString())
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Refused below.
  }
  throw new GoogleError(400, 'INVALID_ARGUMENT', 'Invalid JSON payload received.')
}
