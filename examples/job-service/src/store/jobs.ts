import type { Session } from 'pooler-safe'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { Job, JobEvent, JobFilter } from '../job.ts'
import type { JobState } from '../state-machine.ts'
import { eventColumns, jobColumns, progressAfter } from './columns.ts'

/** A job as it is written. */
export interface JobInsert {
  readonly id: string
  readonly public_id: string
  readonly type: string
  readonly payload: unknown
  readonly max_attempts: number
  readonly priority: number
  readonly dedupe_key: string | null
  readonly domain: string | null
  readonly parent_batch_id: string | null
  readonly scheduled_at: string | null
}

/**
 * Writes jobs and their first events; leaves out those whose key a live job already has. One round trip.
 *
 * Returns the jobs that were written.
 */
export async function insertJobs(session: Session, tenant: TenantId, jobs: readonly JobInsert[]): Promise<Job[]> {
  const { rows } = await session.query<Job>(
    `with created as (
       insert into jobs (
         id, public_id, tenant_id, type, payload, max_attempts, priority, dedupe_key, domain, parent_batch_id, scheduled_at
       )
       select id, public_id, $1, type, coalesce(payload, 'null'), max_attempts, priority, dedupe_key, domain, parent_batch_id, scheduled_at
       from json_to_recordset($2::json) as input (
         id uuid, public_id text, type text, payload jsonb, max_attempts int, priority int,
         dedupe_key text, domain text, parent_batch_id uuid, scheduled_at timestamptz
       )
       on conflict (tenant_id, type, dedupe_key) where dedupe_key is not null and state in ('queued', 'running')
       do nothing
       returning *
     ), events as (
       insert into job_events (job_id, tenant_id, to_state, reason, attempt)
       select id, tenant_id, state, 'created', attempt from created
     )
     select ${jobColumns} from created j`,
    [tenant, JSON.stringify(jobs)],
  )
  return rows
}

/** The live jobs of these keys, `[type, key]`. */
export async function findLiveByKey(
  session: Session,
  tenant: TenantId,
  keys: readonly (readonly [type: string, key: string])[],
): Promise<Job[]> {
  const { rows } = await session.query<Job>(
    `select ${jobColumns} from jobs j
     join unnest($2::text[], $3::text[]) as wanted (type, key) on j.type = wanted.type and j.dedupe_key = wanted.key
     where j.tenant_id = $1 and j.state in ('queued', 'running')`,
    [tenant, keys.map(([type]) => type), keys.map(([, key]) => key)],
  )
  return rows
}

export async function findJob(session: Session, tenant: TenantId, id: string): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(`select ${jobColumns} from jobs j where j.tenant_id = $1 and j.id = $2`, [
    tenant,
    id,
  ])
  return rows[0]
}

export async function findJobByPublicId(
  session: Session,
  tenant: TenantId,
  publicId: string,
): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(
    `select ${jobColumns} from jobs j where j.tenant_id = $1 and j.public_id = $2`,
    [tenant, publicId],
  )
  return rows[0]
}

/** Jobs in the order they were made, `newest` or `oldest` first, beginning behind the job `after`. */
export async function selectJobs(
  session: Session,
  tenant: TenantId,
  filter: JobFilter,
  order: 'newest' | 'oldest',
  after: string | undefined,
  limit: number,
): Promise<Job[]> {
  const conditions = ['j.tenant_id = $1']
  const values: unknown[] = [tenant, limit]
  const compare = (column: string, sign: string, value: unknown): void => {
    values.push(value)
    conditions.push(`${column} ${sign} $${values.length}`)
  }
  if (filter.state !== undefined) compare('j.state', '=', filter.state)
  if (filter.type !== undefined) compare('j.type', '=', filter.type)
  if (filter.domain !== undefined) compare('j.domain', '=', filter.domain)
  if (filter.batchId !== undefined) compare('j.parent_batch_id', '=', filter.batchId)
  if (after !== undefined) compare('j.id', order === 'newest' ? '<' : '>', after)
  const { rows } = await session.query<Job>(
    `select ${jobColumns} from jobs j where ${conditions.join(' and ')}
     order by j.id ${order === 'newest' ? 'desc' : 'asc'} limit $2`,
    values,
  )
  return rows
}

/** How many jobs of a tenant are in each state. */
export async function countJobs(session: Session, tenant: TenantId): Promise<Partial<Record<JobState, number>>> {
  const { rows } = await session.query<{ state: JobState; count: number }>(
    `select state, count(*)::int as count from jobs where tenant_id = $1 group by state`,
    [tenant],
  )
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]))
}

export async function selectEvents(
  session: Session,
  tenant: TenantId,
  jobId: string,
  after: number,
  limit: number,
): Promise<JobEvent[]> {
  const { rows } = await session.query<JobEvent>(
    `select ${eventColumns} from job_events e
     where e.job_id = $2 and e.tenant_id = $1 and e.id > $3 order by e.id limit $4`,
    [tenant, jobId, after, limit],
  )
  return rows
}

/** queued → cancelled. */
export async function cancelQueued(
  session: Session,
  tenant: TenantId,
  id: string,
  reason: string,
): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(
    `with moved as (
       update jobs set state = 'cancelled', finished_at = now(), cancel_requested_at = coalesce(cancel_requested_at, now())
       where tenant_id = $1 and id = $2 and state = 'queued'
       returning *
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, attempt)
       select id, tenant_id, 'queued', state, $3, attempt from moved
     )
     select ${jobColumns} from moved j`,
    [tenant, id, reason],
  )
  return rows[0]
}

/** Asks the worker that runs the job to stop. The job stays `running` until the worker has. */
export async function requestCancel(
  session: Session,
  tenant: TenantId,
  id: string,
  reason: string,
): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(
    `with asked as (
       update jobs set cancel_requested_at = now()
       where tenant_id = $1 and id = $2 and state = 'running' and cancel_requested_at is null
       returning *
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, worker, attempt)
       select id, tenant_id, state, state, 'cancel requested: ' || $3::text, worker, attempt from asked
     )
     select ${jobColumns} from asked j`,
    [tenant, id, reason],
  )
  return rows[0]
}

/** failed → queued, with all its attempts again. */
export async function requeueFailed(
  session: Session,
  tenant: TenantId,
  id: string,
  reason: string,
): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(
    `with moved as (
       update jobs set state = 'queued', finished_at = null, failures = 0, cancel_requested_at = null, scheduled_at = null
       where tenant_id = $1 and id = $2 and state = 'failed'
       returning *
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, attempt)
       select id, tenant_id, 'failed', state, $3, attempt from moved
     )
     select ${jobColumns} from moved j`,
    [tenant, id, reason],
  )
  return rows[0]
}

/** Progress of a run that still holds the job. It never goes back. */
export async function writeProgress(
  session: Session,
  tenant: TenantId,
  id: string,
  attempt: number,
  done: number,
  total: number | null,
): Promise<Job | undefined> {
  const { rows } = await session.query<Job>(
    `update jobs j set heartbeat_at = now(), ${progressAfter('$4::bigint', '$5::bigint')}
     where j.tenant_id = $1 and j.id = $2 and j.state = 'running' and j.attempt = $3
     returning ${jobColumns}`,
    [tenant, id, attempt, done, total],
  )
  return rows[0]
}

/** Deletes jobs that ended before `before`, and their events; at most `limit`. Says how many. */
export async function deleteFinished(
  session: Session,
  tenant: TenantId | undefined,
  before: Date,
  limit: number,
): Promise<number> {
  const { rowCount } = await session.query(
    `delete from jobs where id in (
       select id from jobs
       where finished_at < $1 and ($2::uuid is null or tenant_id = $2)
         and not exists (
           select from batches b where b.id = jobs.parent_batch_id and b.finished_at is null
         )
       order by finished_at limit $3 for update skip locked
     )`,
    [before, tenant ?? null, limit],
  )
  return rowCount ?? 0
}

/** Deletes batches that ended before `before` and have no jobs any more; at most `limit`. Says how many. */
export async function deleteFinishedBatches(
  session: Session,
  tenant: TenantId | undefined,
  before: Date,
  limit: number,
): Promise<number> {
  const { rowCount } = await session.query(
    `delete from batches where id in (
       select b.id from batches b
       where b.finished_at < $1 and ($2::uuid is null or b.tenant_id = $2)
         and not exists (select from jobs j where j.parent_batch_id = b.id)
       order by b.finished_at limit $3 for update skip locked
     )`,
    [before, tenant ?? null, limit],
  )
  return rowCount ?? 0
}
