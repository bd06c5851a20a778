import {
  isId,
  newId,
  type Logger,
  type TenantId,
  pageOf,
  readNumberedPage,
  readPage,
  type Page,
  type PageRequest,
} from '@pooler-safe/example-foundation'
import type { JobService } from '@pooler-safe/example-job-service'
import type { Database, Session } from 'pooler-safe'
import { invalidInput, PlacesError, searchNotFound } from '../errors.ts'
import { exportPlaces, type PlacesFormat } from '../export-places.ts'
import { importPages, type ImportOptions } from '../import-places.ts'
import { searchJob } from '../jobs.ts'
import { requirePlacesTables } from '../migrate.ts'
import { checkSearch, type CheckedSearch, type NewSearch } from '../options.ts'
import {
  placeStatuses,
  processingStates,
  type Place,
  type PlaceFilter,
  type PlacesSearch,
  type PlaceStatus,
  type ProcessingState,
  type RankedPlace,
} from '../place.ts'
import type { PlacesProvider } from '../providers/provider.ts'
import * as placeStore from '../store/places.ts'
import * as store from '../store/searches.ts'
import { processSearch, storablePlace, type SearchRunOptions } from '../worker/process-search.ts'
import { estimate, type CostEstimate } from './estimate.ts'

export interface PlacesServiceOptions {
  readonly database: Database
  /** Has to know `placesJobTypes`. */
  readonly jobs: JobService
  /** Where places can come from. None stands in for another: a search names its provider. */
  readonly providers: readonly PlacesProvider[]
  readonly logger: Logger
}

const idsAtOnce = 10_000

/**
 * The operations on searches and places.
 *
 * Every one that takes a session runs in it. Every one takes the tenant, and sees and touches nothing of another.
 */
export class PlacesService {
  readonly #database: Database
  readonly #jobs: JobService
  readonly #providers: ReadonlyMap<string, PlacesProvider>
  readonly #logger: Logger

  private constructor({ database, jobs, providers, logger }: PlacesServiceOptions) {
    this.#database = database
    this.#jobs = jobs
    this.#providers = new Map(providers.map((provider) => [provider.name, provider]))
    this.#logger = logger
  }

  /** @throws ServiceError DATABASE_NOT_MIGRATED; TypeError when the job service does not know `placesJobTypes` */
  static async open(options: PlacesServiceOptions): Promise<PlacesService> {
    if (!options.jobs.types.has(searchJob)) throw new TypeError('The job service has to be opened with placesJobTypes.')
    await requirePlacesTables(options.database)
    return new PlacesService(options)
  }

  /** What a search may cost; nothing is asked and nothing is stored. @throws PlacesError PROVIDER_UNKNOWN */
  estimateCost(search: NewSearch): CostEstimate {
    const checked = checkSearch(search)
    return estimate(checked, this.#provider(checked.provider))
  }

  /**
   * Adds a search and the job that does it, in one transaction.
   *
   * @throws PlacesError PLACES_INPUT_INVALID, PROVIDER_UNKNOWN, BUDGET_EXCEEDED when not even the first request is within
   * the budget, SEARCH_IDEMPOTENCY_CONFLICT, TENANT_UNKNOWN
   */
  async initiatePlacesSearch(
    session: Session,
    tenant: TenantId,
    search: NewSearch,
  ): Promise<{ readonly search: PlacesSearch; readonly estimate: CostEstimate; readonly created: boolean }> {
    const checked = checkSearch(search)
    const provider = this.#provider(checked.provider)
    const cost = estimate(checked, provider)
    if (cost.maxRequests < cost.minRequests) {
      throw new PlacesError('BUDGET_EXCEEDED', `The search costs at least ${cost.minCostUsd} USD.`, {
        hint: `Its budget is ${checked.budgetUsd} USD.`,
      })
    }
    const insert = insertOf(checked, provider, cost)
    return session.transaction(async (tx) => {
      if (!(await insertFor(tx, tenant, insert))) {
        const before = await this.#sameSearch(tx, tenant, insert)
        return { search: before, estimate: cost, created: false }
      }
      await this.#enqueue(tx, tenant, insert.id)
      return { search: await this.getPlacesSearch(tx, tenant, insert.id), estimate: cost, created: true }
    })
  }

  /**
   * Works on a search until it has ended, in transactions of its own; none is open while a provider is asked.
   *
   * @throws see `processSearch`
   */
  async processPlacesSearchBackground(
    tenant: TenantId,
    id: string,
    options: SearchRunOptions = {},
  ): Promise<PlacesSearch> {
    const search = await this.getPlacesSearch(this.#database, tenant, id)
    const provider = this.#provider(search.provider)
    const tools = { database: this.#database, provider, logger: this.#logger }
    return processSearch(tools, tenant, id, options)
  }

  /** Stores the places of a CSV or GeoJSON file as a search that has ended; a page of them is in memory. */
  async importPlacesWithOwnSession(
    tenant: TenantId,
    source: AsyncIterable<Uint8Array | string>,
    options: ImportOptions,
  ): Promise<PlacesSearch> {
    const id = newId()
    const { name, format } = options
    const insert = {
      id,
      provider: 'import',
      source: `file ${name}`.slice(0, 200),
      query: name,
      location: null,
      lat: null,
      lng: null,
      radiusM: null,
      options: { format },
      maxResults: 100_000,
      maxRequests: 1,
      requestPriceUsd: 0,
      costEstimateUsd: 0,
      idempotencyKey: null,
    }
    await this.#database.transaction(async (tx) => {
      await insertFor(tx, tenant, insert)
      await store.beginImport(tx, id)
    })
    try {
      for await (const places of importPages(source, options)) {
        await this.#database.transaction(async (tx) => {
          await store.lockSearch(tx, tenant, id)
          const stored = places.map((place) => ({ ...storablePlace(place), id: newId() }))
          await store.storePage(tx, tenant, insert, 0, stored, null)
        })
      }
    } catch (error) {
      const failure = { errorCode: 'import', error: error instanceof Error ? error.message.slice(0, 1_000) : 'unknown' }
      const { stored } = await this.getPlacesSearch(this.#database, tenant, id)
      await store.endSearch(this.#database, id, stored > 0 ? 'partial' : 'failed', failure)
      throw error
    }
    await store.endSearch(this.#database, id, 'succeeded')
    return this.getPlacesSearch(this.#database, tenant, id)
  }

  /** @throws PlacesError SEARCH_NOT_FOUND, also when it is another tenant's */
  async getPlacesSearch(session: Session, tenant: TenantId, id: string): Promise<PlacesSearch> {
    const search = isId(id) ? await store.findSearch(session, tenant, id) : undefined
    if (!search) throw searchNotFound(id)
    return search
  }

  /** The tenant's searches, newest first. */
  async listSearches(session: Session, tenant: TenantId, page: PageRequest = {}): Promise<Page<PlacesSearch>> {
    const { limit, after } = readPage(page, invalidInput)
    return pageOf(await store.selectSearches(session, tenant, after, limit + 1), limit, ({ id }) => id)
  }

  /** The results of a search in the order of the provider. */
  async listSearchPlaces(
    session: Session,
    tenant: TenantId,
    id: string,
    page: PageRequest<number> = {},
  ): Promise<Page<RankedPlace, number>> {
    const { limit, after } = readNumberedPage(page, invalidInput)
    await this.getPlacesSearch(session, tenant, id)
    return pageOf(await placeStore.selectRanked(session, tenant, id, after, limit + 1), limit, ({ rank }) => rank)
  }

  /** @throws PlacesError PLACE_NOT_FOUND, also when it is another tenant's */
  async getPlace(session: Session, tenant: TenantId, id: string): Promise<Place> {
    const place = isId(id) ? await placeStore.findPlace(session, tenant, id) : undefined
    if (!place) throw new PlacesError('PLACE_NOT_FOUND', `There is no place ${id.slice(0, 100)}.`)
    return place
  }

  /** The tenant's places that fulfil every condition. */
  async listPlaces(
    session: Session,
    tenant: TenantId,
    filter: PlaceFilter = {},
    page: PageRequest = {},
  ): Promise<Page<Place>> {
    const { limit, after } = readPage(page, invalidInput)
    checkFilter(filter)
    return pageOf(await placeStore.selectPlaces(session, tenant, filter, after, limit + 1), limit, ({ id }) => id)
  }

  /**
   * No request is sent from now on; what was found stays.
   *
   * @throws PlacesError SEARCH_TRANSITION_REFUSED when it has ended
   */
  async cancelSearch(session: Session, tenant: TenantId, id: string): Promise<PlacesSearch> {
    return session.transaction(async (tx) => {
      const search = isId(id) ? await store.lockSearch(tx, tenant, id) : undefined
      if (!search) throw searchNotFound(id)
      if (search.finishedAt) {
        throw new PlacesError('SEARCH_TRANSITION_REFUSED', `Search ${id} is ${search.state} and cannot be cancelled.`)
      }
      await store.requestCancel(tx, id)
      if (search.state === 'queued') await store.endSearch(tx, id, 'cancelled')
      return this.getPlacesSearch(tx, tenant, id)
    })
  }

  /**
   * Goes on with a search that ended before it had seen everything, at the page that was saved.
   *
   * @throws PlacesError SEARCH_TRANSITION_REFUSED
   */
  async resumeSearch(
    session: Session,
    tenant: TenantId,
    id: string,
    { budgetUsd }: { readonly budgetUsd?: number } = {},
  ): Promise<PlacesSearch> {
    return session.transaction(async (tx) => {
      const search = isId(id) ? await store.lockSearch(tx, tenant, id) : undefined
      if (!search) throw searchNotFound(id)
      if (!['partial', 'failed', 'cancelled'].includes(search.state) || search.provider === 'import') {
        throw new PlacesError('SEARCH_TRANSITION_REFUSED', `Search ${id} is ${search.state} and cannot be resumed.`)
      }
      const price = search.requestPriceUsd
      const affordable = budgetUsd === undefined || price === 0 ? 0 : Math.floor(budgetUsd / price + 1e-9)
      const maxRequests = Math.min(100_000, Math.max(search.maxRequests, affordable))
      if (search.requests >= maxRequests) {
        throw new PlacesError('BUDGET_EXCEEDED', `Search ${id} has used its ${search.requests} requests.`, {
          hint: 'Give it a larger budget.',
        })
      }
      await store.reopenSearch(tx, id, maxRequests)
      await this.#enqueue(tx, tenant, id)
      return this.getPlacesSearch(tx, tenant, id)
    })
  }

  /**
   * Gives places a status, one or thousands. All of them have to be the tenant's, or nothing changes.
   *
   * @returns what `undoStatusChange` takes, and how many were something else before
   * @throws PlacesError PLACE_NOT_FOUND, PLACES_INPUT_INVALID
   */
  async updatePlaceStatus(
    session: Session,
    tenant: TenantId,
    ids: string | readonly string[],
    status: PlaceStatus,
  ): Promise<{ readonly changeId: string; readonly changed: number }> {
    const wanted = [...new Set(typeof ids === 'string' ? [ids] : ids)]
    checkIds(wanted)
    if (!placeStatuses.includes(status)) throw invalidInput(`"${status as string}" is not a status of a place.`)
    const changeId = newId()
    return session.transaction(async (tx) => {
      const { found, changed } = await placeStore.changeStatus(tx, tenant, changeId, wanted, status)
      if (found < wanted.length) {
        throw new PlacesError('PLACE_NOT_FOUND', `${wanted.length - found} of ${wanted.length} places are not there.`)
      }
      return { changeId, changed }
    })
  }

  /**
   * Takes a change of status back, for those places that still are what it made them.
   *
   * @throws PlacesError CHANGE_NOT_FOUND
   */
  async undoStatusChange(
    session: Session,
    tenant: TenantId,
    changeId: string,
  ): Promise<{ readonly changeId: string; readonly changed: number }> {
    const undoId = newId()
    const undone = isId(changeId) ? await placeStore.undoChange(session, tenant, undoId, changeId) : undefined
    if (undone === undefined) throw new PlacesError('CHANGE_NOT_FOUND', `There is no change ${changeId}.`)
    return { changeId: undoId, changed: undone }
  }

  /** The statuses that a place had, oldest first. */
  async getPlaceHistory(session: Session, tenant: TenantId, placeId: string): Promise<placeStore.StatusChange[]> {
    return isId(placeId) ? placeStore.selectHistory(session, tenant, placeId) : []
  }

  /** What the system has done with places; the status that the user gave them stays. Says how many there are. */
  async updatePlaceProcessing(
    session: Session,
    tenant: TenantId,
    ids: readonly string[],
    processing: ProcessingState,
  ): Promise<number> {
    checkIds(ids)
    if (!processingStates.includes(processing)) throw invalidInput(`"${processing as string}" is not a state.`)
    return placeStore.setProcessing(session, tenant, ids, processing)
  }

  /** Places as a file, part by part. @throws PlacesError PLACES_INPUT_INVALID when the first part is asked for */
  async *exportPlaces(
    session: Session,
    tenant: TenantId,
    format: PlacesFormat,
    filter: PlaceFilter = {},
  ): AsyncGenerator<string> {
    checkFilter(filter)
    yield* exportPlaces(format, (after, limit) => placeStore.selectPlaces(session, tenant, filter, after, limit))
  }

  #provider(name: string): PlacesProvider {
    const provider = this.#providers.get(name)
    if (provider) return provider
    throw new PlacesError('PROVIDER_UNKNOWN', `The provider "${name}" is not configured.`, {
      hint: `Configured are ${[...this.#providers.keys()].join(', ') || 'none'}.`,
    })
  }

  async #enqueue(tx: Session, tenant: TenantId, searchId: string): Promise<void> {
    const { job } = await this.#jobs.createJob(tx, tenant, { type: searchJob, payload: { searchId } })
    await store.setJob(tx, searchId, job.id)
  }

  async #sameSearch(tx: Session, tenant: TenantId, insert: store.SearchInsert): Promise<PlacesSearch> {
    const before =
      insert.idempotencyKey === null ? undefined : await store.findSearchByKey(tx, tenant, insert.idempotencyKey)
    if (!before) throw new TypeError('a search was neither made nor found')
    const isSame =
      before.query === insert.query &&
      before.provider === insert.provider &&
      before.location === insert.location &&
      before.maxResults === insert.maxResults &&
      before.radiusM === insert.radiusM
    if (isSame) return before
    throw new PlacesError(
      'SEARCH_IDEMPOTENCY_CONFLICT',
      `The key "${insert.idempotencyKey ?? ''}" was used for another search.`,
    )
  }
}

function insertOf(search: CheckedSearch, provider: PlacesProvider, cost: CostEstimate): store.SearchInsert {
  const { query, near, lat, lng, radiusM, language, maxResults, idempotencyKey } = search
  return {
    id: newId(),
    provider: provider.name,
    source: provider.source,
    query,
    location: near ?? null,
    lat: lat ?? null,
    lng: lng ?? null,
    radiusM,
    options: language === undefined ? {} : { language },
    maxResults,
    maxRequests: cost.affordableRequests,
    requestPriceUsd: cost.requestPriceUsd,
    costEstimateUsd: cost.maxCostUsd,
    idempotencyKey: idempotencyKey ?? null,
  }
}

async function insertFor(session: Session, tenant: TenantId, search: store.SearchInsert): Promise<boolean> {
  try {
    return await store.insertSearch(session, tenant, search)
  } catch (error) {
    if ((error as { code?: unknown }).code !== '23503') throw error
    throw new PlacesError('TENANT_UNKNOWN', `There is no tenant ${tenant}.`, { cause: error })
  }
}

function checkIds(ids: readonly string[]): void {
  if (ids.length === 0 || ids.length > idsAtOnce) throw invalidInput(`Name 1 to ${idsAtOnce} places.`)
  if (!ids.every(isId)) throw invalidInput('One of the ids is not the id of a place.')
}

function checkFilter({ status, processing, searchId }: PlaceFilter): void {
  if (status !== undefined && !placeStatuses.includes(status)) {
    throw invalidInput(`"${status as string}" is not a status of a place.`)
  }
  if (processing !== undefined && !processingStates.includes(processing)) {
    throw invalidInput(`"${processing as string}" is not a state.`)
  }
  if (searchId !== undefined && !isId(searchId)) throw invalidInput('searchId is not the id of a search.')
}
