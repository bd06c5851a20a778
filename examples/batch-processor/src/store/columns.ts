/** The columns of a batch, under the names of the interface `Batch`. `b` is the table. */
export const batchColumns = `
  b.id, b.tenant_id as "tenantId", b.kind, b.name, b.options, b.state, b.sealed, b.round, b.job_id as "jobId",
  b.max_concurrent as "maxConcurrent", b.max_per_domain as "maxPerDomain", b.item_timeout_ms as "itemTimeoutMs",
  b.max_attempts as "maxAttempts", b.retry_delay_ms as "retryDelayMs",
  json_build_object(
    'total', b.total, 'queued', b.queued, 'running', b.running,
    'succeeded', b.succeeded, 'failed', b.failed, 'cancelled', b.cancelled
  ) as counts,
  json_build_object('kept', b.total, 'invalid', b.lines_invalid, 'duplicate', b.lines_duplicate) as lines,
  b.webhook_url as "webhookUrl", b.idempotency_key as "idempotencyKey", b.created_at as "createdAt",
  b.started_at as "startedAt", b.finished_at as "finishedAt", b.paused_at as "pausedAt",
  b.cancel_requested_at as "cancelRequestedAt"`

/** Milliseconds that the batch `b` has been worked on. */
export const activeMs = `
  (extract(epoch from coalesce(b.finished_at, b.paused_at, now()) - b.started_at) * 1000 - b.idle_ms)::float8`

/** The columns of an item, under the names of the interface `BatchItem`. `i` is the table. */
export const itemColumns = `
  i.ordinal, i.input, i.host, i.domain, i.state, i.attempts, i.failures, i.result, i.error_code as "errorCode", i.error,
  i.job_id as "jobId", i.started_at as "startedAt", i.finished_at as "finishedAt"`

/**
 * The end of every statement that moves items of batch `$1`: it changes the counts of the batch and of its errors by what
 * `moved (ordinal, was, state, error_code, had_error_code)` returned, in the same statement. There is no other way to
 * change them.
 *
 * Whoever sends it holds the row of the batch, so that batch and items are always locked in that order.
 */
export const accounting = `
  deltas as (
    select count(*) as moved,
      count(*) filter (where state = 'queued') - count(*) filter (where was = 'queued') as queued,
      count(*) filter (where state = 'running') - count(*) filter (where was = 'running') as running,
      count(*) filter (where state = 'succeeded') - count(*) filter (where was = 'succeeded') as succeeded,
      count(*) filter (where state = 'failed') - count(*) filter (where was = 'failed') as failed,
      count(*) filter (where state = 'cancelled') - count(*) filter (where was = 'cancelled') as cancelled,
      count(*) filter (where state = 'running') > 0 as begins
    from moved
  ), counted as (
    update domain_batches b set
      queued = b.queued + d.queued, running = b.running + d.running, succeeded = b.succeeded + d.succeeded,
      failed = b.failed + d.failed, cancelled = b.cancelled + d.cancelled,
      started_at = case when d.begins then coalesce(b.started_at, now()) else b.started_at end,
      finished_at = case
        when b.sealed and b.queued + d.queued + b.running + d.running = 0 then coalesce(b.finished_at, now())
      end
    from deltas d where b.id = $1 and d.moved > 0
    returning b.finished_at is not null as finished
  ), errors as (
    insert into domain_batch_errors as e (batch_id, tenant_id, error_code, items)
    select $1, (select tenant_id from domain_batches where id = $1), error_code, count(*)
    from moved where state = 'failed' group by error_code
    on conflict (batch_id, error_code) do update set items = e.items + excluded.items
  )`
