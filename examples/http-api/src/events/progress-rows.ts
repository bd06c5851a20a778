import { createHash } from 'node:crypto'
import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import { topicKey, type Topic, type TopicKind } from './topic.ts'

/** The state of a row as events tell it. */
export interface ProgressRow {
  /** Of the data: the same state has the same version, in every process. */
  readonly version: string
  /** JSON. */
  readonly data: string
  readonly isFinal: boolean
}

const isFinalSql = (row: string): string => `${row}.finished_at is not null`

/** For each kind of row a statement that reads those of $1 and $2, pairs of a tenant and an id, by their keys. */
const statements: Readonly<Record<TopicKind, string>> = {
  job: `
    select j.id, j.tenant_id as tenant, ${isFinalSql('j')} as "isFinal", json_build_object(
      'id', j.id, 'type', j.type, 'state', j.state, 'attempt', j.attempt, 'progressDone', j.progress_done,
      'progressTotal', j.progress_total, 'cancelRequestedAt', j.cancel_requested_at, 'errorCode', j.error_code,
      'error', left(j.error, 500), 'startedAt', j.started_at, 'finishedAt', j.finished_at
    )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id) join jobs j on j.tenant_id = w.tenant and j.id = w.id`,
  jobs: `
    select null as id, w.tenant, false as "isFinal", json_build_object('counts', coalesce((
      select json_object_agg(c.state, c.n order by c.state)
      from (select j.state, count(*)::int as n from jobs j where j.tenant_id = w.tenant group by j.state) c
    ), '{}'))::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id)`,
  'job-batch': `
    select b.id, b.tenant_id as tenant, ${isFinalSql('b')} as "isFinal", json_build_object(
      'id', b.id, 'kind', b.kind, 'state', b.state, 'counts', (
        select json_build_object(
          'total', count(*), 'queued', count(*) filter (where j.state = 'queued'),
          'running', count(*) filter (where j.state = 'running'),
          'succeeded', count(*) filter (where j.state = 'succeeded'),
          'failed', count(*) filter (where j.state = 'failed'),
          'cancelled', count(*) filter (where j.state = 'cancelled')
        ) from jobs j where j.parent_batch_id = b.id
      ), 'errorCode', b.error_code, 'error', left(b.error, 500), 'startedAt', b.started_at, 'finishedAt', b.finished_at
    )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id) join batches b on b.tenant_id = w.tenant and b.id = w.id`,
  batch: `
    select b.id, b.tenant_id as tenant, ${isFinalSql('b')} as "isFinal", json_build_object(
      'id', b.id, 'kind', b.kind, 'name', b.name, 'state', b.state, 'counts', json_build_object(
        'total', b.total, 'queued', b.queued, 'running', b.running, 'succeeded', b.succeeded, 'failed', b.failed,
        'cancelled', b.cancelled
      ), 'lines', json_build_object('kept', b.total, 'invalid', b.lines_invalid, 'duplicate', b.lines_duplicate),
      'round', b.round, 'startedAt', b.started_at, 'finishedAt', b.finished_at, 'pausedAt', b.paused_at,
      'cancelRequestedAt', b.cancel_requested_at
    )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id)
    join domain_batches b on b.tenant_id = w.tenant and b.id = w.id`,
  scan: `
    select s.id, s.tenant_id as tenant, coalesce(j.finished_at, s.finished_at) is not null
        and coalesce(j.state, '') not in ('queued', 'running') as "isFinal",
      json_build_object(
        'id', s.id, 'jobId', s.job_id, 'url', s.url,
        'state', case when s.outcome = 'succeeded' and coalesce(j.state, '') not in ('queued', 'running')
          then 'succeeded' else coalesce(j.state, s.outcome, 'failed') end,
        'verdict', s.verdict, 'progressDone', j.progress_done, 'progressTotal', j.progress_total,
        'pagesVisited', s.pages_visited, 'pagesFailed', s.pages_failed,
        'errorCode', coalesce(s.error_code, j.error_code), 'error', left(coalesce(s.error, j.error), 500),
        'startedAt', s.started_at, 'finishedAt', coalesce(s.finished_at, j.finished_at)
      )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id)
    join page_scans s on s.tenant_id = w.tenant and s.id = w.id
    left join jobs j on j.tenant_id = s.tenant_id and j.id = s.job_id`,
  'sitemap-scan': `
    select s.id, s.tenant_id as tenant, coalesce(j.state, '') not in ('queued', 'running') as "isFinal",
      json_build_object(
        'id', s.id, 'jobId', s.job_id, 'url', s.url,
        'state', case when j.state in ('queued', 'running') then j.state else coalesce(s.outcome, j.state, 'failed') end,
        'progressDone', j.progress_done, 'progressTotal', j.progress_total, 'sitemapsRead', s.sitemaps_read,
        'sitemapsUnchanged', s.sitemaps_unchanged, 'sitemapsFailed', s.sitemaps_failed, 'urlsFound', s.urls_found,
        'urlsAdded', s.urls_added, 'urlsRemoved', s.urls_removed, 'errorCode', coalesce(s.error_code, j.error_code),
        'error', left(coalesce(s.error, j.error), 500), 'startedAt', s.started_at,
        'finishedAt', coalesce(s.finished_at, j.finished_at)
      )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id)
    join sitemap_scans s on s.tenant_id = w.tenant and s.id = w.id
    left join jobs j on j.tenant_id = s.tenant_id and j.id = s.job_id`,
  'places-search': `
    select s.id, s.tenant_id as tenant, ${isFinalSql('s')} as "isFinal", json_build_object(
      'id', s.id, 'jobId', s.job_id, 'query', s.query, 'state', s.state, 'requests', s.requests, 'pages', s.pages,
      'found', s.found, 'stored', s.stored, 'new', s.new, 'cancelRequestedAt', s.cancel_requested_at,
      'errorCode', s.error_code, 'error', left(s.error, 500), 'startedAt', s.started_at, 'finishedAt', s.finished_at
    )::text as data
    from unnest($1::uuid[], $2::uuid[]) as w (tenant, id)
    join place_searches s on s.tenant_id = w.tenant and s.id = w.id`,
}

/** Rows by their keys, and how long the statement of each kind took. */
export interface ProgressReading {
  readonly rows: ReadonlyMap<string, ProgressRow>
  readonly tookMs: ReadonlyMap<TopicKind, number>
}

/** Reads the state of rows, those of all tenants and streams together: one statement for each kind. */
export async function readProgress(
  session: Session,
  wanted: readonly { readonly tenant: TenantId; readonly topic: Topic }[],
): Promise<ProgressReading> {
  const rows = new Map<string, ProgressRow>()
  const tookMs = new Map<TopicKind, number>()
  const byKind = Map.groupBy(wanted, ({ topic }) => topic.kind)
  for (const [kind, some] of byKind) {
    const startedAt = performance.now()
    const result = await session.query<{ id: string | null; tenant: TenantId; isFinal: boolean; data: string }>(
      statements[kind],
      [some.map(({ tenant }) => tenant), some.map(({ topic }) => topic.id ?? null)],
    )
    tookMs.set(kind, performance.now() - startedAt)
    for (const { id, tenant, isFinal, data } of result.rows) {
      const version = createHash('sha256').update(data).digest('base64url').slice(0, 8)
      rows.set(topicKey(tenant, { kind, id: id ?? undefined }), { version, data, isFinal })
    }
  }
  return { rows, tookMs }
}
