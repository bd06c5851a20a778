import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { BatchItem, ItemFilter, ItemState, RejectedLine } from '../batch.ts'
import { accounting, itemColumns } from './columns.ts'

/** A line that names a site. */
export interface ItemInsert {
  readonly ordinal: number
  readonly input: string
  readonly host: string
  readonly domain: string
}

/**
 * Adds items to a batch, leaving out hosts it has; counts both in the same statement. One round trip.
 *
 * The batch is locked by a statement before, so that this one sees what others have added. Adding the same lines again, after a crash in the middle of an input, changes nothing.
 */
export async function addItems(
  session: Session,
  tenant: TenantId,
  batchId: string,
  items: readonly ItemInsert[],
  invalid: readonly { readonly line: number; readonly input: string; readonly reason: string }[],
): Promise<void> {
  await session.query(
    `with input as materialized (
       select * from unnest($3::int[], $4::text[], $5::text[], $6::text[]) as input (ordinal, input, host, domain)
     ), added as (
       insert into domain_batch_items (batch_id, tenant_id, ordinal, input, host, domain)
       select $2, $1, i.ordinal, i.input, i.host, i.domain from input i order by i.ordinal
       on conflict do nothing
       returning ordinal, host
     ), left_out as (
       select i.ordinal, i.input, i.host, coalesce(a.ordinal, before.ordinal) as first
       from input i
       left join added a on a.host = i.host
       left join domain_batch_items before on before.batch_id = $2 and before.host = i.host
       where coalesce(a.ordinal, before.ordinal) is distinct from i.ordinal
     ), rejects as (
       insert into domain_batch_rejects (batch_id, tenant_id, line, input, verdict, reason)
       select $2, $1, r.line, r.input, r.verdict, r.reason from (
         select ordinal as line, input, 'duplicate' as verdict,
           'The site ' || host || ' is in line ' || coalesce(first::text, 'before') || ' already.' as reason
         from left_out
         union all
         select line, input, 'invalid', reason
         from unnest($7::int[], $8::text[], $9::text[]) as invalid (line, input, reason)
       ) r
       on conflict do nothing
       returning verdict
     )
     update domain_batches b set
       total = b.total + n.added, queued = b.queued + n.added,
       lines_invalid = b.lines_invalid + n.invalid, lines_duplicate = b.lines_duplicate + n.duplicate
     from (
       select (select count(*) from added) as added,
         (select count(*) from rejects where verdict = 'invalid') as invalid,
         (select count(*) from rejects where verdict = 'duplicate') as duplicate
     ) n
     where b.tenant_id = $1 and b.id = $2`,
    [
      tenant,
      batchId,
      items.map(({ ordinal }) => ordinal),
      items.map(({ input }) => input),
      items.map(({ host }) => host),
      items.map(({ domain }) => domain),
      invalid.map(({ line }) => line),
      invalid.map(({ input }) => input),
      invalid.map(({ reason }) => reason),
    ],
  )
}

/** The items of a batch behind `after`, as a query whose values are appended to `values`. */
export function itemsQuery(
  values: unknown[],
  tenant: TenantId,
  batchId: string,
  filter: ItemFilter,
  after: number,
  limit: number,
): string {
  const place = (value: unknown): string => `$${values.push(value)}`
  const conditions = [
    `i.tenant_id = ${place(tenant)}`,
    `i.batch_id = ${place(batchId)}`,
    `i.ordinal > ${place(after)}`,
    ...(filter.state === undefined ? [] : [`i.state = ${place(filter.state)}`]),
    ...(filter.errorCode === undefined ? [] : [`i.error_code = ${place(filter.errorCode)}`]),
  ]
  return `select ${itemColumns} from domain_batch_items i where ${conditions.join(' and ')}
     order by i.ordinal limit ${place(limit)}`
}

export async function selectItems(
  session: Session,
  tenant: TenantId,
  batchId: string,
  filter: ItemFilter,
  after: number,
  limit: number,
): Promise<BatchItem[]> {
  const values: unknown[] = []
  const { rows } = await session.query<BatchItem>(itemsQuery(values, tenant, batchId, filter, after, limit), values)
  return rows
}

export async function selectRejects(
  session: Session,
  tenant: TenantId,
  batchId: string,
  after: number,
  limit: number,
): Promise<RejectedLine[]> {
  const { rows } = await session.query<RejectedLine>(
    `select line, input, verdict, reason from domain_batch_rejects
     where tenant_id = $1 and batch_id = $2 and line > $3 order by line limit $4`,
    [tenant, batchId, after, limit],
  )
  return rows
}

/** An item that a run holds. */
export interface ClaimedItem {
  readonly ordinal: number
  readonly input: string
  readonly host: string
  readonly domain: string
  /** The fencing token. */
  readonly attempts: number
  readonly failures: number
}

const claimedColumns = 'ordinal, input, host, domain, attempts, failures'

export interface ClaimRequest {
  readonly batchId: string
  readonly jobId: string | null
  readonly runner: string
  readonly leaseMs: number
  readonly limit: number
  readonly maxPerDomain: number
}

/**
 * queued → running for the first items that are due and whose domain is not busy. The batch is locked: what this sees
 * running is what runs.
 *
 * It looks at eight times as many items as it takes, so that a stretch of one domain does not hold up the others.
 */
export async function claimItems(tx: Session, request: ClaimRequest): Promise<ClaimedItem[]> {
  const { batchId, jobId, runner, leaseMs, limit, maxPerDomain } = request
  const { rows } = await tx.query<ClaimedItem>(
    `with busy as materialized (
       select domain, count(*) as items from domain_batch_items
       where batch_id = $1 and state = 'running' group by domain
     ), candidates as materialized (
       select i.ordinal, i.domain from domain_batch_items i
       where i.batch_id = $1 and i.state = 'queued' and (i.not_before is null or i.not_before <= now())
         and not exists (select from busy where busy.domain = i.domain and busy.items >= $6)
       order by i.ordinal limit $5::int * 8
     ), chosen as materialized (
       select ordinal from (
         select c.ordinal,
           row_number() over (partition by c.domain order by c.ordinal) + coalesce(busy.items, 0) as place
         from candidates c left join busy on busy.domain = c.domain
       ) ranked
       where place <= $6 order by ordinal limit $5
     ), moved as (
       update domain_batch_items i set
         state = 'running', attempts = i.attempts + 1, job_id = $2, runner = $3,
         lease_expires_at = now() + $4 * interval '1 millisecond', started_at = now(), not_before = null
       from chosen where i.batch_id = $1 and i.ordinal = chosen.ordinal and i.state = 'queued'
       returning i.ordinal, i.input, i.host, i.domain, i.attempts, i.failures, 'queued' as was, i.state, i.error_code
     ), ${accounting}
     select ${claimedColumns} from moved order by ordinal`,
    [batchId, jobId, runner, leaseMs, limit, maxPerDomain],
  )
  return rows
}

/** How the run of an item ended. */
export interface ItemEnd {
  readonly ordinal: number
  /** The fencing token: only the run that holds the item can end it. */
  readonly attempts: number
  /** `queued`: it is run again. */
  readonly to_state: Exclude<ItemState, 'running'>
  readonly failed: boolean
  readonly result?: unknown
  readonly error_code?: string
  readonly error?: string
  readonly delay_ms?: number
}

export interface EndedItem {
  readonly ordinal: number
  readonly state: ItemState
}

/**
 * running → succeeded | failed | cancelled | queued. A run that does not hold its item any more moves nothing. What would
 * be run again is cancelled when its batch is.
 */
export async function endItems(
  tx: Session,
  batchId: string,
  ends: readonly ItemEnd[],
): Promise<{ readonly ended: readonly EndedItem[]; readonly finished: boolean }> {
  const { rows } = await tx.query<EndedItem & { finished: boolean | null }>(
    `with input as materialized (
       select * from json_to_recordset($2::json) as input (
         ordinal int, attempts int, to_state text, failed boolean, result jsonb, error_code text, error text, delay_ms int
       )
     ), target as materialized (
       select e.*, case
         when e.to_state = 'queued' and b.cancel_requested_at is not null then 'cancelled' else e.to_state
       end as next
       from input e, domain_batches b where b.id = $1
     ), moved as (
       update domain_batch_items i set
         state = e.next,
         failures = i.failures + e.failed::int,
         result = case when e.next = 'succeeded' then e.result end,
         error_code = case when e.next = 'succeeded' then null else coalesce(e.error_code, i.error_code) end,
         error = case when e.next = 'succeeded' then null else coalesce(e.error, i.error) end,
         runner = null, lease_expires_at = null,
         not_before = case when e.next = 'queued' and e.delay_ms > 0 then now() + e.delay_ms * interval '1 millisecond' end,
         finished_at = case when e.next <> 'queued' then now() end
       from target e
       where i.batch_id = $1 and i.ordinal = e.ordinal and i.attempts = e.attempts and i.state = 'running'
       returning i.ordinal, 'running' as was, i.state, i.error_code
     ), ${accounting}
     select moved.ordinal, moved.state, counted.finished from moved left join counted on true`,
    [batchId, JSON.stringify(ends)],
  )
  return { ended: rows.map(({ ordinal, state }) => ({ ordinal, state })), finished: rows[0]?.finished === true }
}

/** Losses of its worker until an item is believed to be their cause. */
const maxLosses = 10

/**
 * Takes items from runs that were not heard of until their lease ran out, and from earlier runs of the job `jobId`, which
 * lost the job: running → queued, or → failed after too many losses, or → cancelled when the batch is.
 */
export async function takeLost(
  tx: Session,
  batchId: string,
  jobId: string | null,
  runner: string,
): Promise<{ readonly taken: number; readonly finished: boolean }> {
  const { rows } = await tx.query<{ taken: number; finished: boolean | null }>(
    `with batch as materialized (
       select cancel_requested_at is not null as cancelled from domain_batches where id = $1
     ), moved as (
       update domain_batch_items i set
         state = case when b.cancelled then 'cancelled' when i.losses + 1 >= ${maxLosses} then 'failed' else 'queued' end,
         losses = i.losses + 1,
         error_code = case when not b.cancelled and i.losses + 1 >= ${maxLosses} then 'worker_lost' else i.error_code end,
         error = case when not b.cancelled and i.losses + 1 >= ${maxLosses}
           then 'The worker was lost ${maxLosses} times while it ran this item.' else i.error end,
         runner = null, lease_expires_at = null,
         finished_at = case when b.cancelled or i.losses + 1 >= ${maxLosses} then now() end
       from batch b
       where i.batch_id = $1 and i.state = 'running' and i.runner <> $3
         and (i.lease_expires_at < now() or i.job_id = $2)
       returning i.ordinal, 'running' as was, i.state, i.error_code
     ), ${accounting}
     select (select count(*)::int from moved) as taken, (select finished from counted) as finished`,
    [batchId, jobId, runner],
  )
  return { taken: rows[0]?.taken ?? 0, finished: rows[0]?.finished === true }
}

/** Extends the leases of a run's items. */
export async function extendLeases(session: Session, batchId: string, runner: string, leaseMs: number): Promise<void> {
  await session.query(
    `update domain_batch_items set lease_expires_at = now() + $3 * interval '1 millisecond'
     where batch_id = $1 and state = 'running' and runner = $2`,
    [batchId, runner, leaseMs],
  )
}

/** The items that a run holds: to be asked when the answer to a claim was lost. */
export async function selectHeld(session: Session, batchId: string, runner: string): Promise<ClaimedItem[]> {
  const { rows } = await session.query<ClaimedItem>(
    `select ${claimedColumns} from domain_batch_items where batch_id = $1 and state = 'running' and runner = $2`,
    [batchId, runner],
  )
  return rows
}
