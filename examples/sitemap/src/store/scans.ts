import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { ScanOutcome, SitemapScan } from '../sitemap.ts'

/** The job says how a scan stands until it has succeeded; then the scan says how it ended. */
const scanColumns = `
  s.id, s.tenant_id as "tenantId", d.host, s.job_id as "jobId", s.url, s.max_urls::float8 as "maxUrls",
  case
    when j.state is null or j.state = 'succeeded' then coalesce(s.outcome, 'failed')
    else j.state
  end as state,
  coalesce(j.error_code, s.error_code) as "errorCode", coalesce(j.error, s.error) as error,
  s.answers_nonsense as "answersNonsense",
  coalesce(j.progress_done, 0)::float8 as "progressDone", j.progress_total::float8 as "progressTotal",
  s.sitemaps_read as "sitemapsRead", s.sitemaps_unchanged as "sitemapsUnchanged",
  s.sitemaps_failed as "sitemapsFailed", s.urls_found::float8 as "urlsFound", s.urls_added::float8 as "urlsAdded",
  s.urls_removed::float8 as "urlsRemoved", s.created_at as "createdAt", s.started_at as "startedAt",
  s.finished_at as "finishedAt"`

const scanTables = `
  sitemap_scans s
  join sitemap_domains d on d.id = s.domain_id
  left join jobs j on j.id = s.job_id`

/** The site of that host, added if there is none. */
export async function ensureDomain(session: Session, tenant: TenantId, id: string, host: string): Promise<string> {
  const { rows } = await session.query<{ id: string }>(
    `insert into sitemap_domains (id, tenant_id, host) values ($1, $2, $3)
     on conflict (tenant_id, host) do update set host = excluded.host returning id`,
    [id, tenant, host],
  )
  if (!rows[0]) throw new TypeError('an upsert returned no row')
  return rows[0].id
}

export async function findDomain(session: Session, tenant: TenantId, host: string): Promise<string | undefined> {
  const { rows } = await session.query<{ id: string }>(
    'select id from sitemap_domains where tenant_id = $1 and host = $2',
    [tenant, host],
  )
  return rows[0]?.id
}

export async function insertScan(
  session: Session,
  tenant: TenantId,
  scan: {
    readonly id: string
    readonly domainId: string
    readonly jobId: string
    readonly url: string
    readonly maxUrls: number
  },
): Promise<void> {
  await session.query(
    `insert into sitemap_scans (id, tenant_id, domain_id, job_id, url, max_urls) values ($1, $2, $3, $4, $5, $6)`,
    [scan.id, tenant, scan.domainId, scan.jobId, scan.url, scan.maxUrls],
  )
}

export async function findScan(session: Session, tenant: TenantId, id: string): Promise<SitemapScan | undefined> {
  const { rows } = await session.query<SitemapScan>(
    `select ${scanColumns} from ${scanTables} where s.tenant_id = $1 and s.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

export async function findScanOfJob(
  session: Session,
  tenant: TenantId,
  jobId: string,
): Promise<SitemapScan | undefined> {
  const { rows } = await session.query<SitemapScan>(
    `select ${scanColumns} from ${scanTables} where s.tenant_id = $1 and s.job_id = $2`,
    [tenant, jobId],
  )
  return rows[0]
}

/** The scans of a tenant, or of one of its sites, newest first. */
export async function selectScans(
  session: Session,
  tenant: TenantId,
  host: string | undefined,
  after: string | undefined,
  limit: number,
): Promise<SitemapScan[]> {
  const { rows } = await session.query<SitemapScan>(
    `select ${scanColumns} from ${scanTables}
     where s.tenant_id = $1 and ($2::text is null or d.host = $2) and ($3::uuid is null or s.id < $3)
     order by s.id desc limit $4`,
    [tenant, host ?? null, after ?? null, limit],
  )
  return rows
}

/** What a run works on. */
export interface ScanToRun {
  readonly id: string
  readonly tenantId: TenantId
  readonly domainId: string
  readonly host: string
  readonly url: string
  readonly maxUrls: number
  readonly attempt: number
}

/** Hands the scan of a job to a run. Undefined when there is none, or a later run has it. */
export async function startScan(session: Session, jobId: string, attempt: number): Promise<ScanToRun | undefined> {
  const { rows } = await session.query<ScanToRun>(
    `update sitemap_scans s
     set attempt = $2, started_at = coalesce(s.started_at, now()), outcome = null, finished_at = null,
       error_code = null, error = null
     from sitemap_domains d
     where d.id = s.domain_id and s.job_id = $1 and s.attempt <= $2
     returning s.id, s.tenant_id as "tenantId", s.domain_id as "domainId", d.host, s.url,
       s.max_urls::float8 as "maxUrls", s.attempt`,
    [jobId, attempt],
  )
  return rows[0]
}

/**
 * Holds the scan for a run until the end of the transaction: no later run can take it meanwhile. False when one has it
 * already, so that what this one has found is out of date.
 */
export async function holdScan(tx: Session, scan: ScanToRun): Promise<boolean> {
  const { rows } = await tx.query('select from sitemap_scans where id = $1 and attempt = $2 for share', [
    scan.id,
    scan.attempt,
  ])
  return rows.length === 1
}

export interface ScanEnd {
  readonly outcome: ScanOutcome
  readonly errorCode: string | null
  readonly error: string | null
  readonly answersNonsense: boolean
}

/** Ends a scan, counting what it did in the tables that it did it in. False when a later run has it. */
export async function endScan(session: Session, scan: ScanToRun, end: ScanEnd): Promise<boolean> {
  const { rowCount } = await session.query(
    `update sitemap_scans s
     set outcome = $3, error_code = $4, error = $5, answers_nonsense = $6, finished_at = now(),
       sitemaps_read = files.read, sitemaps_unchanged = files.unchanged, sitemaps_failed = files.failed,
       urls_found = (select count(*) from sitemap_urls u where u.domain_id = s.domain_id and u.removed_at is null),
       urls_added = (select count(*) from sitemap_changes c where c.scan_id = s.id and c.kind = 'added'),
       urls_removed = (select count(*) from sitemap_changes c where c.scan_id = s.id and c.kind = 'removed')
     from (
       select count(*) filter (where state in ('read', 'partial')) as read,
         count(*) filter (where state = 'unchanged') as unchanged,
         count(*) filter (where state in ('failed', 'partial')) as failed
       from sitemaps where last_scan_id = $1
     ) files
     where s.id = $1 and s.attempt = $2`,
    [scan.id, scan.attempt, end.outcome, end.errorCode, end.error, end.answersNonsense],
  )
  return rowCount === 1
}
