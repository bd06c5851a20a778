import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Batch, BatchFilter, BatchItem, BatchLimits, BatchProgress, ErrorClass, ItemFilter } from '../batch.ts'
import { accounting, activeMs, batchColumns } from './columns.ts'
import { itemsQuery } from './items.ts'

/** A batch as it is written. */
export interface BatchInsert extends BatchLimits {
  readonly id: string
  readonly kind: string
  readonly name: string | null
  readonly options: Readonly<Record<string, unknown>>
  readonly webhookUrl: string | null
  readonly idempotencyKey: string | null
  readonly digest: string | null
}

/** Adds an empty batch that takes items; false when the tenant has used its idempotency key before. */
export async function insertBatch(session: Session, tenant: TenantId, batch: BatchInsert): Promise<boolean> {
  const { rowCount } = await session.query(
    `insert into domain_batches (
       id, tenant_id, kind, name, options, max_concurrent, max_per_domain, item_timeout_ms, max_attempts, retry_delay_ms,
       webhook_url, idempotency_key, request_digest
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (tenant_id, idempotency_key) where idempotency_key is not null do nothing`,
    [
      batch.id,
      tenant,
      batch.kind,
      batch.name,
      JSON.stringify(batch.options),
      batch.maxConcurrent,
      batch.maxPerDomain,
      batch.itemTimeoutMs,
      batch.maxAttempts,
      batch.retryDelayMs,
      batch.webhookUrl,
      batch.idempotencyKey,
      batch.digest,
    ],
  )
  return rowCount === 1
}

export async function findByKey(
  session: Session,
  tenant: TenantId,
  key: string,
): Promise<{ readonly id: string; readonly digest: string | null } | undefined> {
  const { rows } = await session.query<{ id: string; digest: string | null }>(
    'select id, request_digest as digest from domain_batches where tenant_id = $1 and idempotency_key = $2',
    [tenant, key],
  )
  return rows[0]
}

export async function findBatch(session: Session, tenant: TenantId, id: string): Promise<Batch | undefined> {
  const { rows } = await session.query<Batch>(
    `select ${batchColumns} from domain_batches b where b.tenant_id = $1 and b.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

/** A batch with what its status consists of. */
export type BatchReading = Batch & {
  readonly activeMs: number | null
  readonly topErrors: readonly ErrorClass[]
  readonly items: readonly BatchItem[]
}

/**
 * A batch, its elapsed time, its most frequent errors and a page of its items: one statement, so that they belong together,
 * which reads a row by its key, the errors and the page, whatever the size of the batch.
 */
export async function readBatch(
  session: Session,
  tenant: TenantId,
  id: string,
  page: { readonly filter: ItemFilter; readonly after: number; readonly limit: number },
): Promise<BatchReading | undefined> {
  const values: unknown[] = [tenant, id]
  const { rows } = await session.query<BatchReading>(
    `select ${batchColumns}, ${activeMs} as "activeMs", coalesce((
       select json_agg(json_build_object('errorCode', top.error_code, 'items', top.items)
         order by top.items desc, top.error_code)
       from (
         select e.error_code, e.items from domain_batch_errors e
         where e.batch_id = b.id and e.items > 0 order by e.items desc, e.error_code limit 10
       ) top
     ), '[]') as "topErrors", coalesce((
       select json_agg(page order by page.ordinal)
       from (${itemsQuery(values, tenant, id, page.filter, page.after, page.limit)}) page
     ), '[]') as items
     from domain_batches b where b.tenant_id = $1 and b.id = $2`,
    values,
  )
  const [row] = rows
  return row && { ...row, items: row.items.map(withDates) }
}

/** JSON knows no times. */
function withDates(item: BatchItem): BatchItem {
  const { startedAt, finishedAt } = item
  return {
    ...item,
    startedAt: startedAt === null ? null : new Date(startedAt),
    finishedAt: finishedAt === null ? null : new Date(finishedAt),
  }
}

/** The part of a batch that progress consists of. */
export async function readProgress(
  session: Session,
  tenant: TenantId,
  id: string,
): Promise<(Pick<BatchProgress, 'id' | 'state' | 'counts'> & { readonly activeMs: number | null }) | undefined> {
  const { rows } = await session.query<
    Pick<BatchProgress, 'id' | 'state' | 'counts'> & { readonly activeMs: number | null }
  >(`select ${batchColumns}, ${activeMs} as "activeMs" from domain_batches b where b.tenant_id = $1 and b.id = $2`, [
    tenant,
    id,
  ])
  return rows[0]
}

/** The history of a tenant, newest first, beginning behind the batch `after`. */
export async function selectBatches(
  session: Session,
  tenant: TenantId,
  filter: BatchFilter,
  after: string | undefined,
  limit: number,
): Promise<Batch[]> {
  const conditions = ['b.tenant_id = $1']
  const values: unknown[] = [tenant, limit]
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  if (filter.state !== undefined) add((at) => `b.state = ${at}`, filter.state)
  if (filter.kind !== undefined) add((at) => `b.kind = ${at}`, filter.kind)
  if (filter.createdFrom !== undefined) add((at) => `b.created_at >= ${at}`, filter.createdFrom)
  if (filter.createdBefore !== undefined) add((at) => `b.created_at < ${at}`, filter.createdBefore)
  if (filter.host !== undefined) {
    const having = 'select i.batch_id from domain_batch_items i where i.tenant_id = $1'
    add((at) => `b.id in (${having} and i.host = ${at})`, filter.host)
  }
  if (after !== undefined) add((at) => `b.id < ${at}`, after)
  const { rows } = await session.query<Batch>(
    `select ${batchColumns} from domain_batches b where ${conditions.join(' and ')} order by b.id desc limit $2`,
    values,
  )
  return rows
}

/** What a run has to know of its batch, and what it holds while it changes items: the lock on the row. */
export interface LockedBatch extends Batch {
  readonly paused: boolean
  readonly cancelRequested: boolean
  /** The job that works on it has not ended. */
  readonly worked: boolean
}

/** Locks a batch until the end of the transaction: whoever moves its items does this first. */
export async function lockBatch(tx: Session, tenant: TenantId, id: string): Promise<LockedBatch | undefined> {
  const { rows } = await tx.query<LockedBatch>(
    `select ${batchColumns}, b.paused_at is not null as paused, b.cancel_requested_at is not null as "cancelRequested",
       b.worked and exists (select from jobs j where j.id = b.job_id and j.state in ('queued', 'running')) as worked
     from domain_batches b where b.tenant_id = $1 and b.id = $2 for update of b`,
    [tenant, id],
  )
  return rows[0]
}

/** Locks a batch that takes items until the end of the transaction; false when it takes none. */
export async function lockOpenBatch(tx: Session, tenant: TenantId, id: string): Promise<boolean> {
  const { rows } = await tx.query(
    'select from domain_batches where tenant_id = $1 and id = $2 and not sealed for update',
    [tenant, id],
  )
  return rows.length === 1
}

/** No item can be added any more. */
export async function sealBatch(tx: Session, id: string): Promise<void> {
  await tx.query(
    `update domain_batches set sealed = true, finished_at = case when queued + running = 0 then now() end
     where id = $1 and not sealed`,
    [id],
  )
}

/** Says which job works on the batch. */
export async function setJob(tx: Session, id: string, jobId: string): Promise<void> {
  await tx.query('update domain_batches set job_id = $2, worked = true where id = $1', [id, jobId])
}

/** The run of that job leaves the batch: whoever finds something to do makes a new one. */
export async function leaveBatch(tx: Session, id: string, jobId: string | null): Promise<void> {
  await tx.query('update domain_batches set worked = false where id = $1 and job_id = $2', [id, jobId])
}

export async function setPaused(tx: Session, id: string): Promise<void> {
  await tx.query('update domain_batches set paused_at = now() where id = $1 and paused_at is null', [id])
}

export async function clearPaused(tx: Session, id: string): Promise<void> {
  await tx.query(
    `update domain_batches set paused_at = null,
       idle_ms = idle_ms + case when started_at is null then 0
         else (extract(epoch from now() - greatest(paused_at, started_at)) * 1000)::bigint end
     where id = $1 and paused_at is not null`,
    [id],
  )
}

/** Cancels every item that waits, and says that those that run have to stop. Says how many were cancelled. */
export async function cancelQueued(tx: Session, id: string): Promise<number> {
  await tx.query(
    'update domain_batches set cancel_requested_at = now(), paused_at = null where id = $1 and cancel_requested_at is null',
    [id],
  )
  const { rows } = await tx.query<{ cancelled: number }>(
    `with moved as (
       update domain_batch_items set state = 'cancelled', finished_at = now(), not_before = null
       where batch_id = $1 and state = 'queued'
       returning ordinal, 'queued' as was, state, error_code
     ), ${accounting}
     select count(*)::int as cancelled from moved`,
    [id],
  )
  return rows[0]?.cancelled ?? 0
}

/** failed → queued for the failed items, of one error or of all; with all their attempts again. Says how many. */
export async function requeueFailed(tx: Session, id: string, errorCode: string | undefined): Promise<number> {
  const { rows } = await tx.query<{ requeued: number }>(
    `with moved as (
       update domain_batch_items set state = 'queued', finished_at = null, failures = 0, losses = 0, not_before = null
       where batch_id = $1 and state = 'failed' and ($2::text is null or error_code = $2)
       returning ordinal, 'failed' as was, state, error_code
     ), ${accounting}, forgotten as (
       update domain_batch_errors e set items = e.items - m.items
       from (select error_code, count(*) as items from moved group by error_code) m
       where e.batch_id = $1 and e.error_code = m.error_code
     )
     select count(*)::int as requeued from moved`,
    [id, errorCode ?? null],
  )
  return rows[0]?.requeued ?? 0
}

/** A batch that had ended begins a new round; the time in between is not its own. */
export async function beginRound(tx: Session, id: string, finishedAt: Date | null): Promise<void> {
  await tx.query(
    `update domain_batches set round = round + 1, paused_at = null, cancel_requested_at = null,
       idle_ms = idle_ms + coalesce((extract(epoch from now() - $2::timestamptz) * 1000)::bigint, 0)
     where id = $1`,
    [id, finishedAt],
  )
}

/** Batches that have something to do and no live job: their job was cancelled, gave up, or was deleted. */
export async function selectUnworked(
  session: Session,
  limit: number,
): Promise<{ readonly id: string; readonly tenantId: TenantId }[]> {
  const { rows } = await session.query<{ id: string; tenantId: TenantId }>(
    `select b.id, b.tenant_id as "tenantId" from domain_batches b
     where b.sealed and b.finished_at is null and b.paused_at is null
       and not (
         b.worked and exists (select from jobs j where j.id = b.job_id and j.state in ('queued', 'running'))
       )
     order by b.id limit $1`,
    [limit],
  )
  return rows
}

/** Deletes batches that ended before then, with everything of theirs; at most `limit`. */
export async function deleteFinished(session: Session, tenant: TenantId, before: Date, limit: number): Promise<number> {
  const { rowCount } = await session.query(
    `delete from domain_batches where id in (
       select id from domain_batches where tenant_id = $1 and finished_at < $2 order by id limit $3 for update skip locked
     )`,
    [tenant, before, limit],
  )
  return rowCount ?? 0
}
