import type { Session } from 'pooler-safe'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { JobState } from '../state-machine.ts'
import { progressAfter } from './columns.ts'

/** A job that a worker holds. */
export interface ClaimedJob {
  readonly id: string
  readonly publicId: string
  readonly tenantId: TenantId
  readonly type: string
  readonly payload: unknown
  readonly attempt: number
  readonly failures: number
  readonly maxAttempts: number
  readonly batchId: string | null
  readonly domain: string | null
}

/**
 * queued → running for these jobs, for one worker. One round trip.
 *
 * Returns those that could be claimed; the others are not queued, or are gone.
 */
export async function claimJobs(
  session: Session,
  ids: readonly string[],
  worker: string,
  leaseMs: number,
): Promise<ClaimedJob[]> {
  const { rows } = await session.query<ClaimedJob>(
    `with moved as (
       update jobs j set
         state = 'running', attempt = j.attempt + 1, worker = $2, started_at = now(), heartbeat_at = now(),
         lease_expires_at = now() + $3 * interval '1 millisecond', progress_done = 0, progress_total = null
       from unnest($1::uuid[]) as delivered (id)
       where j.id = delivered.id and j.state = 'queued'
       returning j.*
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, worker, attempt)
       select id, tenant_id, 'queued', state, 'claimed', worker, attempt from moved
     )
     select id, public_id as "publicId", tenant_id as "tenantId", type, payload, attempt, failures,
       max_attempts as "maxAttempts", parent_batch_id as "batchId", domain
     from moved`,
    [ids, worker, leaseMs],
  )
  return rows
}

/** The states of jobs, of whatever tenant: for deliveries that could not be claimed. */
export async function statesOf(session: Session, ids: readonly string[]): Promise<Map<string, JobState>> {
  const { rows } = await session.query<{ id: string; state: JobState }>(
    `select id, state from jobs where id = any($1::uuid[])`,
    [ids],
  )
  return new Map(rows.map(({ id, state }) => [id, state]))
}

/** How a run ended. */
export interface RunEnd {
  readonly id: string
  readonly tenant_id: TenantId
  /** The fencing token: only the run that holds the job can end it. */
  readonly attempt: number
  readonly to_state: Exclude<JobState, 'running'>
  readonly reason: string
  readonly result?: unknown
  readonly error_code?: string | null
  readonly error?: string | null
  /** The run counts as a failed one. */
  readonly failed: boolean
  readonly progress_done?: number | null
  readonly progress_total?: number | null
}

const movedColumns = `
  id, type, state, attempt, parent_batch_id as "batchId", priority, max_attempts - failures as "attemptsLeft"`

/** What is left to do about a job that was moved. */
export interface MovedJob {
  readonly id: string
  readonly type: string
  readonly state: JobState
  readonly attempt: number
  readonly batchId: string | null
  readonly priority: number
  /** Failed runs that it may still have, before it fails for good. */
  readonly attemptsLeft: number
}

/**
 * running → succeeded | failed | cancelled | queued for any number of runs. One round trip.
 *
 * Returns those that were moved. A run that does not hold its job any more moves nothing.
 */
export async function endRuns(session: Session, ends: readonly RunEnd[]): Promise<MovedJob[]> {
  const { rows } = await session.query<MovedJob>(
    `with input as materialized (
       select * from json_to_recordset($1::json) as input (
         id uuid, tenant_id uuid, attempt int, to_state text, reason text, result jsonb, error_code text, error text,
         failed boolean, progress_done bigint, progress_total bigint
       )
     ), moved as (
       update jobs j set
         state = i.to_state,
         result = case when i.to_state = 'succeeded' then i.result end,
         error_code = case when i.to_state = 'succeeded' then null else coalesce(i.error_code, j.error_code) end,
         error = case when i.to_state = 'succeeded' then null else coalesce(i.error, j.error) end,
         failures = j.failures + i.failed::int,
         ${progressAfter('i.progress_done', 'i.progress_total')},
         lease_expires_at = null,
         finished_at = case when i.to_state = 'queued' then null else now() end
       from input i
       where j.id = i.id and j.tenant_id = i.tenant_id and j.state = 'running' and j.attempt = i.attempt
       returning j.*, i.reason
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, worker, attempt)
       select id, tenant_id, 'running', state, reason, worker, attempt from moved
     )
     select ${movedColumns} from moved`,
    [JSON.stringify(ends)],
  )
  return rows
}

/** A sign of life of one run, with its progress if that changed. */
export interface Beat {
  readonly id: string
  readonly attempt: number
  readonly progress_done: number | null
  readonly progress_total: number | null
}

/** What the database thinks of a run. */
export interface BeatAnswer {
  readonly id: string
  readonly state: JobState
  readonly attempt: number
  readonly cancelRequested: boolean
}

/**
 * Extends the leases of runs, writes their progress, and asks how they stand. One round trip.
 *
 * A row that somebody has locked is left to the next beat: this never waits, so it cannot take part in a deadlock.
 */
export async function beat(session: Session, beats: readonly Beat[], leaseMs: number): Promise<BeatAnswer[]> {
  const { rows } = await session.query<BeatAnswer>(
    `with input as materialized (
       select * from json_to_recordset($1::json) as input (
         id uuid, attempt int, progress_done bigint, progress_total bigint
       )
     ), held as (
       select j.id from jobs j join input i on j.id = i.id
       where j.state = 'running' and j.attempt = i.attempt
       for update of j skip locked
     ), beaten as (
       update jobs j set
         heartbeat_at = now(), lease_expires_at = now() + $2 * interval '1 millisecond',
         ${progressAfter('i.progress_done', 'i.progress_total')}
       from input i join held on held.id = i.id
       where j.id = i.id
     )
     select j.id, j.state, j.attempt, j.cancel_requested_at is not null as "cancelRequested"
     from jobs j join input i on j.id = i.id`,
    [JSON.stringify(beats), leaseMs],
  )
  return rows
}

/**
 * Takes jobs from workers whose lease has run out: running → queued, or → failed when that was the last attempt, or →
 * cancelled when that had been asked for. At most `limit`.
 */
export async function takeExpired(session: Session, limit: number): Promise<MovedJob[]> {
  const { rows } = await session.query<MovedJob>(
    `with expired as (
       select id from jobs where state = 'running' and lease_expires_at < now()
       order by lease_expires_at limit $1 for update skip locked
     ), moved as (
       update jobs j set
         state = case
           when j.cancel_requested_at is not null then 'cancelled'
           when j.failures + 1 < j.max_attempts then 'queued'
           else 'failed'
         end,
         failures = j.failures + 1,
         error_code = 'worker_lost',
         error = 'The worker ' || j.worker || ' was not heard of for too long.',
         lease_expires_at = null,
         finished_at = case
           when j.cancel_requested_at is null and j.failures + 1 < j.max_attempts then null else now()
         end
       from expired where j.id = expired.id
       returning j.*
     ), events as (
       insert into job_events (job_id, tenant_id, from_state, to_state, reason, worker, attempt)
       select id, tenant_id, 'running', state, 'lost worker', worker, attempt from moved
     )
     select ${movedColumns} from moved`,
    [limit],
  )
  return rows
}

/** A queued job that no delivery leads to. */
export interface UndeliveredJob {
  readonly id: string
  readonly type: string
  readonly priority: number
  readonly attemptsLeft: number
}

/**
 * Queued jobs, at most `limit` beginning behind `after`, that the queue does not know (any more): somebody deleted the
 * delivery, or the queue gave up on it. `seen` is the last job looked at; undefined when there were no more.
 */
export async function findUndelivered(
  session: Session,
  queueSchema: string,
  types: readonly string[],
  after: string,
  limit: number,
): Promise<{ readonly jobs: UndeliveredJob[]; readonly seen: string | undefined }> {
  const { rows } = await session.query<UndeliveredJob & { delivered: boolean }>(
    `select j.id, j.type, j.priority, j.max_attempts - j.failures as "attemptsLeft",
       exists (
         select from ${queueSchema}.job q where q.name = 'jobs.' || j.type and q.id = j.id and q.state < 'completed'
       ) as delivered
     from jobs j
     where j.state = 'queued' and j.id > $1 and j.type = any($2::text[])
     order by j.id limit $3`,
    [after, types, limit],
  )
  return { jobs: rows.filter(({ delivered }) => !delivered), seen: rows.length < limit ? undefined : rows.at(-1)?.id }
}

/** Locks jobs that are still queued, so that a delivery can be made for them. */
export async function lockQueued(session: Session, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await session.query<{ id: string }>(
    `select id from jobs where id = any($1::uuid[]) and state = 'queued' order by id for update skip locked`,
    [ids],
  )
  return new Set(rows.map(({ id }) => id))
}
