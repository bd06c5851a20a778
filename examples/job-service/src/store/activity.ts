import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'

/** What happened to the jobs of a tenant lately. */
export interface JobActivity {
  /** Jobs that ended in each step, oldest first; steps without any are there as well. */
  readonly steps: readonly {
    readonly at: Date
    readonly succeeded: number
    readonly failed: number
    readonly cancelled: number
  }[]
  /** Since when the job waits that was made first of those that are due; null when none waits. */
  readonly oldestQueuedAt: Date | null
  /** Half of the runs, and nineteen of twenty, took no longer. Null when none ended. */
  readonly medianMs: number | null
  readonly p95Ms: number | null
  /** Workers that were heard of, the busiest first. */
  readonly workers: readonly {
    readonly worker: string
    readonly running: number
    readonly ended: number
    readonly heardAt: Date | null
  }[]
  /** Failed jobs by the word of their error, the most frequent first. */
  readonly errors: readonly { readonly errorCode: string; readonly jobs: number }[]
}

interface Row {
  readonly steps: readonly { at: string; succeeded: number; failed: number; cancelled: number }[]
  readonly oldestQueuedAt: Date | null
  readonly medianMs: number | null
  readonly p95Ms: number | null
  readonly workers: readonly { worker: string; running: number; ended: number; heardAt: string | null }[]
  readonly errors: JobActivity['errors']
}

/** Reads the activity of the last `minutes` in as many steps as asked for: one statement, of one moment. */
export async function selectActivity(
  session: Session,
  tenant: TenantId,
  minutes: number,
  steps: number,
): Promise<JobActivity> {
  const { rows } = await session.query<Row>(
    `with span as (
       select now() - $2 * interval '1 minute' as since, $2 * interval '1 minute' / $3 as step
     ), ended as materialized (
       select j.finished_at, j.state, j.started_at, j.worker, j.error_code, j.heartbeat_at from jobs j, span
       where j.tenant_id = $1 and j.finished_at > span.since
     ), counted as (
       select floor(extract(epoch from e.finished_at - span.since) / extract(epoch from span.step))::int as n,
         count(*) filter (where e.state = 'succeeded')::int as succeeded,
         count(*) filter (where e.state = 'failed')::int as failed,
         count(*) filter (where e.state = 'cancelled')::int as cancelled
       from ended e, span group by 1
     ), seen as (
       select worker, 0 as running, count(*)::int as ended, max(heartbeat_at) as heard from ended
       where worker is not null group by worker
       union all
       select worker, count(*)::int, 0, max(heartbeat_at) from jobs
       where tenant_id = $1 and state = 'running' group by worker
     )
     select
       (select json_agg(json_build_object('at', span.since + n * span.step, 'succeeded', coalesce(c.succeeded, 0),
          'failed', coalesce(c.failed, 0), 'cancelled', coalesce(c.cancelled, 0)) order by n)
        from span, generate_series(0, $3::int - 1) n left join counted c using (n)) as steps,
       (select created_at from jobs where tenant_id = $1 and state = 'queued'
          and (scheduled_at is null or scheduled_at <= now()) order by id limit 1) as "oldestQueuedAt",
       (select percentile_cont(0.5) within group (order by extract(epoch from finished_at - started_at) * 1000)
        from ended where started_at is not null) as "medianMs",
       (select percentile_cont(0.95) within group (order by extract(epoch from finished_at - started_at) * 1000)
        from ended where started_at is not null) as "p95Ms",
       coalesce((select json_agg(w order by w.running desc, w.ended desc, w.worker) from (
          select worker, sum(running)::int as running, sum(ended)::int as ended, max(heard) as "heardAt"
          from seen group by worker order by 2 desc, 3 desc limit 20
        ) w), '[]') as workers,
       coalesce((select json_agg(json_build_object('errorCode', error_code, 'jobs', jobs) order by jobs desc, error_code)
        from (select error_code, count(*)::int as jobs from ended where state = 'failed' group by error_code
              order by 2 desc limit 8) e), '[]') as errors`,
    [tenant, minutes, steps],
  )
  const [row] = rows
  if (!row) throw new TypeError('an aggregate returned no row')
  return {
    ...row,
    steps: row.steps.map((step) => ({ ...step, at: new Date(step.at) })),
    workers: row.workers.map((one) => ({ ...one, heardAt: one.heardAt === null ? null : new Date(one.heardAt) })),
  }
}
