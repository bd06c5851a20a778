import { explain, newId, redact, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { PermanentJobError } from '@pooler-safe/example-job-service'
import type { Database, Session } from 'pooler-safe'
import { boxAround, quartersOf } from '../area.ts'
import { ProviderError, searchNotFound } from '../errors.ts'
import type { FoundPlace, PlacesSearch } from '../place.ts'
import type { FoundPage, PlacesProvider } from '../providers/provider.ts'
import { isTiled } from '../service/estimate.ts'
import { storableText } from '@pooler-safe/example-foundation'
import { storableJson } from '../storable-json.ts'
import * as store from '../store/searches.ts'

export interface SearchRunOptions {
  readonly signal?: AbortSignal
  /** A failure that passes ends the search instead of being left to another run. */
  readonly isLastAttempt?: boolean
  readonly progress?: (done: number, total: number) => void
}

interface Tools {
  readonly database: Database
  readonly provider: PlacesProvider
  readonly logger: Logger
}

/** What is to be asked for next. */
type Step =
  | { readonly what: 'ended'; readonly search: PlacesSearch }
  | { readonly what: 'locate'; readonly search: PlacesSearch; readonly near: string }
  | { readonly what: 'page'; readonly search: PlacesSearch; readonly tile: store.Tile }

/** Areas are not split further than this: a block of houses. */
const deepest = 12

/**
 * Works on a search until it has ended, request by request. Before a request, a transaction says that it is sent; after it,
 * one stores what came and what gets the next page. In between nothing is held in the database.
 *
 * A run that ends in the middle is followed by another, which begins at the page that was saved.
 *
 * @throws ProviderError, FetchError that pass, after they were noted; PermanentJobError when the search has failed
 */
export async function processSearch(
  tools: Tools,
  tenant: TenantId,
  searchId: string,
  options: SearchRunOptions,
): Promise<PlacesSearch> {
  const signal = options.signal ?? new AbortController().signal
  for (;;) {
    signal.throwIfAborted()
    const step = await tools.database.transaction((tx) => nextStep(tx, tools.provider, tenant, searchId), {
      retries: 3,
    })
    if (step.what === 'ended') return step.search
    options.progress?.(step.search.stored, step.search.maxResults)
    let keep: () => Promise<void>
    try {
      keep = await ask(tools, tenant, step, signal)
    } catch (error) {
      signal.throwIfAborted()
      await fail(tools, tenant, searchId, error, options.isLastAttempt ?? false)
      continue
    }
    // A database that is away says nothing about the search: another run goes on with it.
    await keep()
  }
}

async function nextStep(tx: Session, provider: PlacesProvider, tenant: TenantId, searchId: string): Promise<Step> {
  const search = await store.lockSearch(tx, tenant, searchId)
  if (!search) throw searchNotFound(searchId)
  const ended = async (
    state: 'succeeded' | 'partial' | 'cancelled',
    failure?: { readonly errorCode: string; readonly error: string },
  ): Promise<Step> => {
    await store.endSearch(tx, searchId, state, failure)
    return { what: 'ended', search: (await store.findSearch(tx, tenant, searchId)) ?? search }
  }
  if (search.finishedAt) return { what: 'ended', search }
  if (search.cancelRequestedAt) return ended('cancelled')
  const tile = search.tiles.total === 0 ? undefined : await store.nextTile(tx, searchId)
  if (search.tiles.total > 0 && !tile) return ended('succeeded')
  if (search.stored >= search.maxResults) return ended('succeeded')
  if (search.requests >= search.maxRequests) {
    const spent = search.costUsd.toFixed(2)
    return ended('partial', {
      errorCode: 'budget',
      error: `The budget has ended after ${search.requests} requests (about ${spent} USD); ${search.tiles.open} areas were not seen to their end.`,
    })
  }
  const { location, lat } = search
  const isLocating = location !== null && lat === null && (provider.needsPoint || isTiled(search, provider))
  const next = tile ?? (isLocating ? undefined : await firstTile(tx, provider, tenant, search))
  await store.countRequest(tx, searchId)
  return next ? { what: 'page', search, tile: next } : { what: 'locate', search, near: location ?? '' }
}

async function firstTile(
  tx: Session,
  provider: PlacesProvider,
  tenant: TenantId,
  search: PlacesSearch,
): Promise<store.Tile> {
  const { id, lat, lng, radiusM } = search
  const box = isTiled(search, provider) && lat !== null && lng !== null ? boxAround(lat, lng, radiusM ?? 5_000) : null
  await store.addTiles(tx, tenant, id, 0, [box])
  const tile = await store.nextTile(tx, id)
  if (!tile) throw new TypeError('an area was added and is not there')
  return tile
}

/** Asks the provider; resolves to what stores the answer. */
function ask(
  tools: Tools,
  tenant: TenantId,
  step: Exclude<Step, { readonly what: 'ended' }>,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  return step.what === 'locate'
    ? locate(tools, tenant, step.search, step.near, signal)
    : getPage(tools, tenant, step.search, step.tile, signal)
}

async function locate(
  { database, provider }: Tools,
  tenant: TenantId,
  search: PlacesSearch,
  near: string,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const point = await provider.locate(near, signal)
  if (!point) throw new ProviderError('request_refused', `"${near}" could not be located.`)
  return () =>
    database.transaction(async (tx) => {
      const now = await store.lockSearch(tx, tenant, search.id)
      if (now?.lat === null) await store.setPoint(tx, search.id, point.lat, point.lng)
    })
}

async function getPage(
  { database, provider, logger }: Tools,
  tenant: TenantId,
  search: PlacesSearch,
  tile: store.Tile,
  signal: AbortSignal,
): Promise<() => Promise<void>> {
  const { lat, lng, radiusM, options } = search
  const page = await provider.searchPage({
    query: search.query,
    near: lat === null ? (search.location ?? undefined) : undefined,
    circle: lat !== null && lng !== null ? { lat, lng, radiusM: radiusM ?? 5_000 } : undefined,
    box: tile.box ?? undefined,
    pageToken: tile.nextPageToken ?? undefined,
    language: typeof options['language'] === 'string' ? options['language'] : undefined,
    signal,
  })
  const keep = async (tx: Session): Promise<void> => {
    const now = await store.lockSearch(tx, tenant, search.id)
    const open = await store.nextTile(tx, search.id)
    // Another run of the search was here first: its page is stored, this one is dropped.
    if (!now || now.finishedAt || open?.ordinal !== tile.ordinal || open.pages !== tile.pages) {
      logger.info({ search: search.id, tile: tile.ordinal }, 'a page was stored by another run')
      return
    }
    await storePage(tx, tenant, provider, now, tile, page)
  }
  return () => database.transaction(keep, { retries: 3 })
}

async function storePage(
  tx: Session,
  tenant: TenantId,
  provider: PlacesProvider,
  search: PlacesSearch,
  tile: store.Tile,
  page: FoundPage,
): Promise<void> {
  const places = page.places.map((place) => ({ ...storablePlace(place), id: newId() }))
  await store.storePage(tx, tenant, search, tile.ordinal, places, search.maxResults - search.stored)
  const token = page.nextPageToken ?? null
  const isFull = token === null && tile.results + places.length >= (provider.maxPerArea ?? Number.POSITIVE_INFINITY)
  const quarters = isFull && tile.box && tile.depth < deepest ? quartersOf(tile.box) : []
  if (quarters.length > 0) await store.addTiles(tx, tenant, search.id, tile.depth + 1, quarters)
  const state = token !== null ? 'open' : quarters.length > 0 ? 'split' : 'done'
  await store.advanceTile(tx, search.id, tile.ordinal, state, token, places.length)
}

/** Texts from elsewhere, as PostgreSQL can store them. */
export function storablePlace(place: FoundPlace): FoundPlace {
  const text = (value: string | undefined, length: number): string | undefined =>
    value === undefined ? undefined : storableText(value, length)
  return {
    ...place,
    providerPlaceId: storableText(place.providerPlaceId, 500),
    name: storableText(place.name, 500),
    address: text(place.address, 1_000),
    phone: text(place.phone, 100),
    website: text(place.website, 2_000),
    types: (place.types ?? []).slice(0, 50).map((type) => storableText(type, 100)),
    raw: storableJson(place.raw),
  }
}

/** Notes why no page came, and says by throwing whether there will be another run. */
async function fail(
  { database, logger }: Tools,
  tenant: TenantId,
  searchId: string,
  error: unknown,
  isLastAttempt: boolean,
): Promise<never> {
  const { code, retryable } = error as { code?: unknown; retryable?: unknown }
  const errorCode = storableText(typeof code === 'string' ? code : 'unknown', 100)
  const message = storableText(redact(explain(error)), 2_000)
  const isFinal = retryable !== true || isLastAttempt
  await database.transaction(
    async (tx) => {
      const search = await store.lockSearch(tx, tenant, searchId)
      if (!search || search.finishedAt) return
      if (isFinal)
        await store.endSearch(tx, searchId, search.stored > 0 ? 'partial' : 'failed', { errorCode, error: message })
      else await store.noteFailure(tx, searchId, errorCode, message)
    },
    { retries: 3 },
  )
  logger.warn({ search: searchId, code: errorCode }, `no page came: ${message}`)
  if (!isFinal) throw error
  throw new PermanentJobError(errorCode, message)
}
