/** The columns of a job, under the names of the interface `Job`. `j` is the table. */
export const jobColumns = `
  j.id, j.public_id as "publicId", j.tenant_id as "tenantId", j.type, j.state, j.payload, j.result,
  j.error_code as "errorCode", j.error,
  j.progress_done::float8 as "progressDone", j.progress_total::float8 as "progressTotal",
  j.attempt, j.failures, j.max_attempts as "maxAttempts", j.priority,
  j.dedupe_key as "dedupeKey", j.domain, j.parent_batch_id as "batchId", j.worker,
  j.cancel_requested_at as "cancelRequestedAt", j.scheduled_at as "scheduledAt", j.created_at as "createdAt",
  j.started_at as "startedAt", j.finished_at as "finishedAt", j.heartbeat_at as "heartbeatAt"`

/** The columns of an event, under the names of the interface `JobEvent`. `e` is the table. */
export const eventColumns = `
  e.id::float8 as id, e.job_id as "jobId", e.at, e.from_state as "fromState", e.to_state as "toState",
  e.reason, e.worker, e.attempt`

/**
 * The columns of a batch, under the names of the interface `Batch`. `b` is the table, `c` its counts.
 *
 * Only the state of a batch that has ended is taken from its row: whether an open one has begun is what its jobs say.
 */
export const batchColumns = `
  b.id, b.tenant_id as "tenantId", b.kind, b.options, b.sealed, b.error_code as "errorCode", b.error,
  case when b.finished_at is not null then b.state when c.begun then 'running' else 'queued' end as state,
  b.created_at as "createdAt", coalesce(b.started_at, c.first_start) as "startedAt", b.finished_at as "finishedAt",
  c.counts`

/** Whether a job of those in `table` was claimed already, whatever has become of it. */
export function anyHasBegun(table: string): string {
  return `coalesce(bool_or(${table}.attempt > 0), false)`
}

/** The counts of the batch `b`, from the jobs themselves: they cannot drift. To be joined as `c`. */
export const batchCounts = `
  lateral (
    select jsonb_build_object(
      'total', count(*),
      'queued', count(*) filter (where state = 'queued'),
      'running', count(*) filter (where state = 'running'),
      'succeeded', count(*) filter (where state = 'succeeded'),
      'failed', count(*) filter (where state = 'failed'),
      'cancelled', count(*) filter (where state = 'cancelled')
    ) as counts,
    ${anyHasBegun('jobs')} as begun,
    min(started_at) as first_start
    from jobs where parent_batch_id = b.id
  ) c`

/**
 * The progress of job `j` after a report of `done` of `total`, either of which may be null for "unchanged".
 *
 * What was done never becomes less, and never more than there is to do.
 */
export function progressAfter(done: string, total: string): string {
  return `progress_done = greatest(j.progress_done, ${done}),
       progress_total = case when coalesce(${total}, j.progress_total) is not null
         then greatest(coalesce(${total}, j.progress_total), j.progress_done, ${done}) end`
}
