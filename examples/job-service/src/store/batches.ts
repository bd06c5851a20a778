import type { Session } from 'pooler-safe'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { Batch } from '../job.ts'
import { batchColumns, batchCounts, anyHasBegun } from './columns.ts'

export async function insertBatch(
  session: Session,
  tenant: TenantId,
  id: string,
  kind: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  await session.query('insert into batches (id, tenant_id, kind, options) values ($1, $2, $3, $4)', [
    id,
    tenant,
    kind,
    JSON.stringify(options),
  ])
}

export async function findBatch(session: Session, tenant: TenantId, id: string): Promise<Batch | undefined> {
  const { rows } = await session.query<Batch>(
    `select ${batchColumns} from batches b, ${batchCounts} where b.tenant_id = $1 and b.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

export async function selectBatches(
  session: Session,
  tenant: TenantId,
  after: string | undefined,
  limit: number,
): Promise<Batch[]> {
  const { rows } = await session.query<Batch>(
    `select ${batchColumns}
     from (
       select * from batches where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3
     ) b, ${batchCounts}
     order by b.id desc`,
    [tenant, after ?? null, limit],
  )
  return rows
}

/**
 * Locks a batch that takes jobs until the end of the transaction, so that it cannot be ended meanwhile. Says whether there
 * is one.
 */
export async function lockOpenBatches(
  session: Session,
  tenant: TenantId,
  ids: readonly string[],
): Promise<Set<string>> {
  const { rows } = await session.query<{ id: string }>(
    `select id from batches where tenant_id = $1 and id = any($2::uuid[]) and not sealed and finished_at is null
     order by id for share`,
    [tenant, ids],
  )
  return new Set(rows.map(({ id }) => id))
}

/**
 * Brings the state of open batches up to what their jobs say. Four round trips, two inside a transaction.
 *
 * Nobody passes counts in, so nobody can pass wrong ones. A batch ends here only when it is sealed; one that has ended is
 * not touched. Of several at once each waits for the one before, so the last one sees every job that has ended.
 */
export async function advanceBatches(session: Session, ids: readonly string[]): Promise<void> {
  await session.transaction(async (tx) => {
    // A statement of its own: the one that counts must see what was committed while this one waited.
    const { rows } = await tx.query<{ id: string }>(
      'select id from batches where id = any($1::uuid[]) and finished_at is null order by id for update',
      [ids],
    )
    if (rows.length > 0)
      await advanceLocked(
        tx,
        rows.map(({ id }) => id),
      )
  })
}

async function advanceLocked(tx: Session, ids: readonly string[]): Promise<void> {
  await tx.query(
    `with counted as (
       select o.id, o.sealed, count(j.id) as total,
         count(j.id) filter (where j.state in ('queued', 'running')) as live,
         ${anyHasBegun('j')} as begun,
         min(j.started_at) as first_start,
         count(j.id) filter (where j.state = 'succeeded') as succeeded,
         count(j.id) filter (where j.state = 'cancelled') as cancelled
       from batches o left join jobs j on j.parent_batch_id = o.id
       where o.id = any($1::uuid[])
       group by o.id, o.sealed
     ), judged as (
       select id, first_start, case
         when live > 0 or not sealed then case when begun then 'running' else 'queued' end
         when succeeded = total then 'succeeded'
         when cancelled = total then 'cancelled'
         when succeeded > 0 then 'partial'
         else 'failed'
       end as state
       from counted
     )
     update batches b set
       state = j.state,
       started_at = coalesce(b.started_at, j.first_start),
       finished_at = case when j.state in ('queued', 'running') then null else now() end,
       error_code = case when j.state = 'failed' then 'all_jobs_failed' end,
       error = case when j.state = 'failed' then 'No job of the batch succeeded.' end
     from judged j
     where b.id = j.id and b.state <> j.state and b.finished_at is null`,
    [ids],
  )
}

/** Batches that are open; at most `limit` beginning behind `after`. */
export async function selectOpenBatches(session: Session, after: string, limit: number): Promise<string[]> {
  const { rows } = await session.query<{ id: string }>(
    `select id from batches where finished_at is null and id > $1 order by id limit $2`,
    [after, limit],
  )
  return rows.map(({ id }) => id)
}

/** Ends an open batch as failed, whatever its jobs say. */
export async function failOpenBatch(
  session: Session,
  tenant: TenantId,
  id: string,
  errorCode: string,
  error: string,
): Promise<boolean> {
  const { rowCount } = await session.query(
    `update batches set state = 'failed', error_code = $3, error = $4, finished_at = now(),
       started_at = coalesce(started_at, now())
     where tenant_id = $1 and id = $2 and finished_at is null`,
    [tenant, id, errorCode, error],
  )
  return rowCount === 1
}

/** Jobs of a batch in one state, oldest first, beginning behind `after`: for what has to be done to each. */
export async function selectBatchJobIds(
  session: Session,
  tenant: TenantId,
  batchId: string,
  states: readonly string[],
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await session.query<{ id: string }>(
    `select id from jobs where tenant_id = $1 and parent_batch_id = $2 and state = any($3::text[]) and id > $4
     order by id limit $5`,
    [tenant, batchId, states, after, limit],
  )
  return rows.map(({ id }) => id)
}

/** A failed job of an ended batch was queued again: the batch goes on. */
export async function reopenBatch(session: Session, tenant: TenantId, id: string): Promise<void> {
  await session.query(
    `update batches set state = 'running', finished_at = null, error_code = null, error = null,
       started_at = coalesce(started_at, now()), sealed = true
     where tenant_id = $1 and id = $2 and finished_at is not null`,
    [tenant, id],
  )
}

/**
 * No job can be added any more, and the batch ends with its last job. Waits for those who are adding jobs. Says whether the
 * batch was open.
 */
export async function sealBatch(session: Session, tenant: TenantId, id: string): Promise<boolean> {
  const { rowCount } = await session.query(
    'update batches set sealed = true where tenant_id = $1 and id = $2 and finished_at is null',
    [tenant, id],
  )
  return rowCount === 1
}
