import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Box, FoundPlace, PlacesSearch, SearchState } from '../place.ts'
import { searchColumns, searchTables } from './columns.ts'

/** A search as it is written. */
export interface SearchInsert {
  readonly id: string
  readonly provider: string
  readonly source: string
  readonly query: string
  readonly location: string | null
  readonly lat: number | null
  readonly lng: number | null
  readonly radiusM: number | null
  readonly options: Readonly<Record<string, unknown>>
  readonly maxResults: number
  readonly maxRequests: number
  readonly requestPriceUsd: number
  readonly costEstimateUsd: number
  readonly idempotencyKey: string | null
}

/** Adds a search; false when the tenant has used its idempotency key before. */
export async function insertSearch(session: Session, tenant: TenantId, search: SearchInsert): Promise<boolean> {
  const { rowCount } = await session.query(
    `insert into place_searches (
       id, tenant_id, provider, source, query, location, lat, lng, radius_m, options, max_results, max_requests,
       request_price_usd, cost_estimate_usd, idempotency_key
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
     on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing`,
    [
      search.id,
      tenant,
      search.provider,
      search.source,
      search.query,
      search.location,
      search.lat,
      search.lng,
      search.radiusM,
      JSON.stringify(search.options),
      search.maxResults,
      search.maxRequests,
      search.requestPriceUsd,
      search.costEstimateUsd,
      search.idempotencyKey,
    ],
  )
  return rowCount === 1
}

export async function findSearch(session: Session, tenant: TenantId, id: string): Promise<PlacesSearch | undefined> {
  const { rows } = await session.query<PlacesSearch>(
    `select ${searchColumns} from ${searchTables} where s.tenant_id = $1 and s.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

export async function findSearchByKey(
  session: Session,
  tenant: TenantId,
  key: string,
): Promise<PlacesSearch | undefined> {
  const { rows } = await session.query<PlacesSearch>(
    `select ${searchColumns} from ${searchTables} where s.tenant_id = $1 and s.idempotency_key = $2`,
    [tenant, key],
  )
  return rows[0]
}

export async function selectSearches(
  session: Session,
  tenant: TenantId,
  after: string | undefined,
  limit: number,
): Promise<PlacesSearch[]> {
  const { rows } = await session.query<PlacesSearch>(
    `select ${searchColumns} from ${searchTables}
     where s.tenant_id = $1 and ($2::uuid is null or s.id < $2) order by s.id desc limit $3`,
    [tenant, after ?? null, limit],
  )
  return rows
}

/** Locks a search until the end of the transaction: whoever changes it or its tiles does this first. */
export async function lockSearch(tx: Session, tenant: TenantId, id: string): Promise<PlacesSearch | undefined> {
  const { rows } = await tx.query('select from place_searches where tenant_id = $1 and id = $2 for update', [
    tenant,
    id,
  ])
  return rows.length === 0 ? undefined : findSearch(tx, tenant, id)
}

export async function setJob(tx: Session, id: string, jobId: string): Promise<void> {
  await tx.query('update place_searches set job_id = $2 where id = $1', [id, jobId])
}

export async function setPoint(tx: Session, id: string, lat: number, lng: number): Promise<void> {
  await tx.query('update place_searches set lat = $2, lng = $3 where id = $1', [id, lat, lng])
}

/** queued → running, if it is not yet; a request is about to be sent. */
export async function countRequest(tx: Session, id: string): Promise<void> {
  await tx.query(
    `update place_searches set state = 'running', started_at = coalesce(started_at, now()), requests = requests + 1,
       error_code = null, error = null
     where id = $1`,
    [id],
  )
}

/** An import has no requests. */
export async function beginImport(tx: Session, id: string): Promise<void> {
  await tx.query(`update place_searches set state = 'running', started_at = now() where id = $1`, [id])
}

/** Why it goes on later; it stays what it is. */
export async function noteFailure(tx: Session, id: string, errorCode: string, error: string): Promise<void> {
  await tx.query('update place_searches set error_code = $2, error = $3 where id = $1 and finished_at is null', [
    id,
    errorCode,
    error,
  ])
}

export async function endSearch(
  tx: Session,
  id: string,
  state: Exclude<SearchState, 'queued' | 'running'>,
  failure?: { readonly errorCode: string; readonly error: string },
): Promise<void> {
  await tx.query(
    `update place_searches set state = $2, error_code = $3, error = $4, finished_at = now(),
       started_at = coalesce(started_at, now())
     where id = $1 and finished_at is null`,
    [id, state, failure?.errorCode ?? null, failure?.error ?? null],
  )
}

export async function requestCancel(tx: Session, id: string): Promise<void> {
  await tx.query('update place_searches set cancel_requested_at = coalesce(cancel_requested_at, now()) where id = $1', [
    id,
  ])
}

/** An ended search goes on where it stopped. */
export async function reopenSearch(tx: Session, id: string, maxRequests: number): Promise<void> {
  await tx.query(
    `update place_searches set state = 'queued', finished_at = null, error_code = null, error = null,
       cancel_requested_at = null, max_requests = greatest(max_requests, $2)
     where id = $1`,
    [id, maxRequests],
  )
}

/** An area that is to be asked for. */
export interface Tile {
  readonly ordinal: number
  readonly box: Box | null
  readonly depth: number
  readonly nextPageToken: string | null
  readonly pages: number
  readonly results: number
}

export async function nextTile(session: Session, searchId: string): Promise<Tile | undefined> {
  const { rows } = await session.query<Tile>(
    `select ordinal, depth, next_page_token as "nextPageToken", pages, results,
       case when south is not null then json_build_object('south', south, 'west', west, 'north', north, 'east', east) end as box
     from place_search_tiles where search_id = $1 and state = 'open' order by ordinal limit 1`,
    [searchId],
  )
  return rows[0]
}

export async function addTiles(
  tx: Session,
  tenant: TenantId,
  searchId: string,
  depth: number,
  boxes: readonly (Box | null)[],
): Promise<void> {
  await tx.query(
    `insert into place_search_tiles (search_id, ordinal, tenant_id, depth, south, west, north, east)
     select $2, (select coalesce(max(ordinal), 0) from place_search_tiles where search_id = $2) + t.at, $1, $3,
       t.south, t.west, t.north, t.east
     from unnest($4::float8[], $5::float8[], $6::float8[], $7::float8[])
       with ordinality as t (south, west, north, east, at)`,
    [
      tenant,
      searchId,
      depth,
      boxes.map((box) => box?.south ?? null),
      boxes.map((box) => box?.west ?? null),
      boxes.map((box) => box?.north ?? null),
      boxes.map((box) => box?.east ?? null),
    ],
  )
}

/** Saves what gets the next page, in the transaction that stores this one. */
export async function advanceTile(
  tx: Session,
  searchId: string,
  ordinal: number,
  state: 'open' | 'done' | 'split',
  token: string | null,
  results: number,
): Promise<void> {
  await tx.query(
    `update place_search_tiles set state = $3, next_page_token = $4, pages = pages + 1, results = results + $5
     where search_id = $1 and ordinal = $2`,
    [searchId, ordinal, state, token, results],
  )
}

/**
 * Stores a page: places that are new, places that are known and may have changed, and the rank of each in this search. A
 * place that is in the answer twice, or was in an earlier one, keeps its first rank. Of places that the search does not have
 * yet, no more than `room` are stored, if it is a number. One round trip.
 */
export async function storePage(
  tx: Session,
  tenant: TenantId,
  search: Pick<PlacesSearch, 'id' | 'provider' | 'source'>,
  tile: number,
  places: readonly (FoundPlace & { readonly id: string })[],
  room: number | null,
): Promise<{ readonly stored: number; readonly new: number }> {
  const { rows } = await tx.query<{ stored: number; new: number }>(
    `with answer as materialized (
       select * from json_to_recordset($5::json) as a (
         id uuid, "providerPlaceId" text, name text, address text, lat float8, lng float8, rating real,
         "ratingCount" int, "priceLevel" smallint, types text[], phone text, website text, raw jsonb, at bigint
       )
     ), told as (
       select distinct on ("providerPlaceId") *, exists (
         select from search_places sp join places p on p.id = sp.place_id
         where sp.search_id = $2 and p.tenant_id = $1 and p.provider = $3 and p.provider_place_id = "providerPlaceId"
       ) as "isIn"
       from answer order by "providerPlaceId", at
     ), input as materialized (
       select * from (select *, count(*) filter (where not "isIn") over (order by at) as nth from told) t
       where "isIn" or $7::int is null or nth <= $7
     ), written as (
       insert into places as p (
         id, tenant_id, provider, source, provider_place_id, name, address, lat, lng, rating, rating_count, price_level,
         types, phone, website, raw
       )
       select id, $1, $3, $4, "providerPlaceId", name, address, lat, lng, rating, "ratingCount", "priceLevel",
         coalesce(types, '{}'), phone, website, coalesce(raw, '{}')
       from input order by "providerPlaceId"
       on conflict (tenant_id, provider, provider_place_id) do update set
         source = excluded.source, name = excluded.name, address = excluded.address, lat = excluded.lat,
         lng = excluded.lng, rating = excluded.rating, rating_count = excluded.rating_count,
         price_level = excluded.price_level, types = excluded.types, phone = excluded.phone,
         website = excluded.website, raw = excluded.raw, fetched_at = now()
       returning p.id, p.provider_place_id
     ), ranked as (
       insert into search_places (search_id, place_id, tenant_id, rank, page, tile)
       select $2, w.id, $1, s.found + i.at, s.pages + 1, $6
       from written w join input i on i."providerPlaceId" = w.provider_place_id, place_searches s
       where s.id = $2
       on conflict (search_id, place_id) do nothing
       returning place_id
     ), n as (
       select (select count(*) from answer)::int as found, (select count(*) from ranked)::int as stored,
         -- A place that was known keeps the id it had.
         (select count(*) from ranked r join input i on i.id = r.place_id)::int as new
     ), counted as (
       update place_searches s set pages = s.pages + 1, found = s.found + n.found, stored = s.stored + n.stored,
         new = s.new + n.new
       from n where s.id = $2
     )
     select stored, new from n`,
    [
      tenant,
      search.id,
      search.provider,
      search.source,
      JSON.stringify(places.map((place, at) => ({ ...place, at: at + 1 }))),
      tile,
      room,
    ],
  )
  return rows[0] ?? { stored: 0, new: 0 }
}
