import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Place, PlaceFilter, PlaceStatus, ProcessingState, RankedPlace } from '../place.ts'
import { placeColumns } from './columns.ts'

export async function selectRanked(
  session: Session,
  tenant: TenantId,
  searchId: string,
  after: number,
  limit: number,
): Promise<RankedPlace[]> {
  const { rows } = await session.query<RankedPlace>(
    `select ${placeColumns}, r.rank, r.page from search_places r join places p on p.id = r.place_id
     where r.search_id = $2 and r.tenant_id = $1 and r.rank > $3 order by r.rank limit $4`,
    [tenant, searchId, after, limit],
  )
  return rows
}

export async function findPlace(session: Session, tenant: TenantId, id: string): Promise<Place | undefined> {
  const { rows } = await session.query<Place>(
    `select ${placeColumns} from places p where p.tenant_id = $1 and p.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

export async function selectPlaces(
  session: Session,
  tenant: TenantId,
  filter: PlaceFilter,
  after: string | undefined,
  limit: number,
): Promise<Place[]> {
  const conditions = ['p.tenant_id = $1']
  const values: unknown[] = [tenant, limit]
  const add = (condition: (place: string) => string, value: unknown): void => {
    conditions.push(condition(`$${values.push(value)}`))
  }
  if (filter.status !== undefined) add((at) => `p.status = ${at}`, filter.status)
  if (filter.processing !== undefined) add((at) => `p.processing = ${at}`, filter.processing)
  if (filter.provider !== undefined) add((at) => `p.provider = ${at}`, filter.provider)
  if (filter.name !== undefined) add((at) => `strpos(lower(p.name), lower(${at})) > 0`, filter.name)
  if (filter.hasWebsite !== undefined) add((at) => `(p.website is not null) = ${at}`, filter.hasWebsite)
  if (filter.minRating !== undefined) add((at) => `p.rating >= ${at}`, filter.minRating)
  if (filter.searchId !== undefined) {
    add((at) => `exists (select from search_places r where r.search_id = ${at} and r.place_id = p.id)`, filter.searchId)
  }
  if (after !== undefined) add((at) => `p.id > ${at}`, after)
  const { rows } = await session.query<Place>(
    `select ${placeColumns} from places p where ${conditions.join(' and ')} order by p.id limit $2`,
    values,
  )
  return rows
}

/** Gives places a status and remembers the one they had. Returns those that changed. One round trip. */
export async function changeStatus(
  session: Session,
  tenant: TenantId,
  changeId: string,
  ids: readonly string[],
  status: PlaceStatus,
): Promise<{ readonly found: number; readonly changed: number }> {
  const { rows } = await session.query<{ found: number; changed: number }>(
    `with before as (
       select id, status from places where tenant_id = $1 and id = any($3::uuid[]) order by id for update
     ), changed as (
       update places p set status = $4 from before b where p.id = b.id and b.status <> $4
       returning p.id, b.status as from_status
     ), history as (
       insert into place_history (change_id, place_id, tenant_id, from_status, to_status)
       select $2, id, $1, from_status, $4 from changed
     )
     select (select count(*) from before)::int as found, (select count(*) from changed)::int as changed`,
    [tenant, changeId, ids, status],
  )
  return rows[0] ?? { found: 0, changed: 0 }
}

/**
 * Takes a change back, for those places that still are what it made them; what somebody has changed since stays. Undefined
 * when there is no such change.
 */
export async function undoChange(
  session: Session,
  tenant: TenantId,
  undoId: string,
  changeId: string,
): Promise<number | undefined> {
  const { rows } = await session.query<{ known: boolean; undone: number }>(
    `with change as (
       select place_id, from_status, to_status from place_history where tenant_id = $1 and change_id = $3
     ), current as (
       select p.id, c.from_status from places p join change c on c.place_id = p.id
       where p.tenant_id = $1 and p.status = c.to_status order by p.id for update of p
     ), undone as (
       update places p set status = c.from_status from current c where p.id = c.id
       returning p.id, p.status
     ), history as (
       insert into place_history (change_id, place_id, tenant_id, from_status, to_status, undoes)
       select $2, u.id, $1, c.to_status, u.status, $3 from undone u join change c on c.place_id = u.id
     )
     select exists (select from change) as known, (select count(*) from undone)::int as undone`,
    [tenant, undoId, changeId],
  )
  return rows[0]?.known ? rows[0].undone : undefined
}

/** What the system has done with places; it never touches the status that the user gave them. */
export async function setProcessing(
  session: Session,
  tenant: TenantId,
  ids: readonly string[],
  processing: ProcessingState,
): Promise<number> {
  const { rowCount } = await session.query(
    'update places set processing = $3 where tenant_id = $1 and id = any($2::uuid[])',
    [tenant, ids, processing],
  )
  return rowCount ?? 0
}

export interface StatusChange {
  readonly changeId: string
  readonly at: Date
  readonly from: PlaceStatus
  readonly to: PlaceStatus
  readonly undoes: string | null
}

export async function selectHistory(session: Session, tenant: TenantId, placeId: string): Promise<StatusChange[]> {
  const { rows } = await session.query<StatusChange>(
    `select change_id as "changeId", at, from_status as "from", to_status as "to", undoes from place_history
     where tenant_id = $1 and place_id = $2 order by at, change_id limit 1000`,
    [tenant, placeId],
  )
  return rows
}
