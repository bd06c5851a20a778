import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Scan } from '../scan.ts'
import type { ScannedPage, SiteSnapshot } from '../scan-types.ts'
import { jsonParameter } from './json-parameter.ts'

/** A scan as it is written. */
export interface ScanInsert {
  readonly id: string
  readonly host: string
  readonly job_id: string
  readonly url: string
  readonly max_pages: number
  readonly batch_id: string | null
}

/** How a run ended. */
export interface ScanEnd {
  readonly outcome: 'succeeded' | 'failed'
  readonly verdict: string | null
  readonly stoppedBy: string | null
  readonly pagesVisited: number
  readonly pagesFailed: number
  readonly bytes: number
  readonly snapshot: SiteSnapshot | null
  readonly errorCode: string | null
  readonly error: string | null
}

/** A scan that a run holds. */
export interface HeldScan {
  readonly id: string
  readonly tenantId: TenantId
  readonly domainId: string
  readonly url: string
  readonly maxPages: number
}

/**
 * The columns of a scan, under the names of the interface `Scan`. `s` is the table, `d` its site, `j` its job.
 *
 * The state is the job's; but a scan that wrote what it found has succeeded, also when its worker died before the job's end
 * was written.
 */
const scanColumns = `
  s.id, s.tenant_id as "tenantId", s.domain_id as "domainId", d.host, s.job_id as "jobId", s.batch_id as "batchId",
  s.url, s.max_pages as "maxPages",
  case when s.outcome = 'succeeded' and coalesce(j.state, '') not in ('queued', 'running') then 'succeeded'
    else coalesce(j.state, s.outcome, 'failed') end as state, s.item_ordinal as "itemOrdinal",
  s.verdict, s.stopped_by as "stoppedBy", s.pages_visited as "pagesVisited", s.pages_failed as "pagesFailed",
  s.bytes::float8 as bytes, s.previous_scan_id as "previousScanId",
  coalesce(s.error_code, j.error_code) as "errorCode", coalesce(s.error, j.error) as error,
  s.created_at as "createdAt", s.started_at as "startedAt", coalesce(s.finished_at, j.finished_at) as "finishedAt"`

const scanTables = `page_scans s
  join domains d on d.id = s.domain_id
  left join jobs j on j.tenant_id = s.tenant_id and j.id = s.job_id`

/** Writes scans of sites that are there. One round trip. */
export async function insertScans(session: Session, tenant: TenantId, scans: readonly ScanInsert[]): Promise<void> {
  await session.query(
    `insert into page_scans (id, tenant_id, domain_id, job_id, url, max_pages, batch_id)
     select i.id, $1, d.id, i.job_id, i.url, i.max_pages, i.batch_id
     from unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::int[], $7::uuid[])
       as i (id, host, job_id, url, max_pages, batch_id)
     join domains d on d.tenant_id = $1 and d.host = i.host`,
    [
      tenant,
      scans.map(({ id }) => id),
      scans.map(({ host }) => host),
      scans.map(({ job_id }) => job_id),
      scans.map(({ url }) => url),
      scans.map(({ max_pages }) => max_pages),
      scans.map(({ batch_id }) => batch_id),
    ],
  )
}

export async function findScan(session: Session, tenant: TenantId, id: string): Promise<Scan | undefined> {
  const { rows } = await session.query<Scan>(
    `select ${scanColumns} from ${scanTables} where s.tenant_id = $1 and s.id = $2`,
    [tenant, id],
  )
  return rows[0]
}

/** The scans of these jobs. */
export async function findScansByJobs(
  session: Session,
  tenant: TenantId,
  jobIds: readonly string[],
): Promise<{ readonly id: string; readonly jobId: string }[]> {
  const { rows } = await session.query<{ id: string; jobId: string }>(
    `select id, job_id as "jobId" from page_scans where tenant_id = $1 and job_id = any($2::uuid[])`,
    [tenant, jobIds],
  )
  return rows
}

/** Scans that fulfil every condition, newest first. */
export async function selectScans(
  session: Session,
  tenant: TenantId,
  { host, batchId }: { readonly host?: string | undefined; readonly batchId?: string | undefined },
  after: string | undefined,
  limit: number,
): Promise<Scan[]> {
  const { rows } = await session.query<Scan>(
    `select ${scanColumns} from ${scanTables}
     where s.tenant_id = $1 and ($2::text is null or d.host = $2) and ($3::uuid is null or s.batch_id = $3)
       and ($4::uuid is null or s.id < $4)
     order by s.id desc limit $5`,
    [tenant, host ?? null, batchId ?? null, after ?? null, limit],
  )
  return rows
}

export async function findSnapshot(
  session: Session,
  tenant: TenantId,
  id: string,
): Promise<SiteSnapshot | null | undefined> {
  const { rows } = await session.query<{ snapshot: SiteSnapshot | null }>(
    'select snapshot from page_scans where tenant_id = $1 and id = $2',
    [tenant, id],
  )
  return rows[0]?.snapshot
}

/** Whose scan a job is, and what its run is. */
export async function findTenantOfJob(
  session: Session,
  jobId: string,
): Promise<{ readonly tenantId: TenantId } | undefined> {
  const { rows } = await session.query<{ tenantId: TenantId }>(
    'select tenant_id as "tenantId" from page_scans where job_id = $1',
    [jobId],
  )
  return rows[0]
}

/** Takes the scan of a job for a run, unless a later run has it. */
export async function beginScan(session: Session, jobId: string, attempt: number): Promise<HeldScan | undefined> {
  const { rows } = await session.query<HeldScan>(
    `update page_scans set attempt = $2, started_at = now()
     where job_id = $1 and attempt <= $2
     returning id, tenant_id as "tenantId", domain_id as "domainId", url, max_pages as "maxPages"`,
    [jobId, attempt],
  )
  return rows[0]
}

/**
 * The scan of an item for a run that is about to write its end; undefined when a later run has it. A run after another
 * gets the scan that the other wrote. One round trip.
 */
export async function holdScanOfItem(
  tx: Session,
  tenant: TenantId,
  item: {
    readonly id: string
    readonly host: string
    readonly batchId: string
    readonly ordinal: number
    readonly attempt: number
    readonly url: string
    readonly maxPages: number
    readonly startedAt: Date
  },
): Promise<HeldScan | undefined> {
  const { rows } = await tx.query<HeldScan>(
    `insert into page_scans as s (
       id, tenant_id, domain_id, batch_id, item_ordinal, attempt, url, max_pages, started_at, finished_at, outcome,
       error_code, error
     )
     select $1, $2, d.id, $4, $5, $6, $7, $8, $9, now(), 'failed', 'unwritten', 'The run has not written its end.'
     from domains d where d.tenant_id = $2 and d.host = $3
     on conflict (batch_id, item_ordinal) where item_ordinal is not null do update set
       attempt = excluded.attempt, started_at = excluded.started_at
     where s.tenant_id = excluded.tenant_id and s.attempt <= excluded.attempt
     returning s.id, s.tenant_id as "tenantId", s.domain_id as "domainId", s.url, s.max_pages as "maxPages"`,
    [item.id, tenant, item.host, item.batchId, item.ordinal, item.attempt, item.url, item.maxPages, item.startedAt],
  )
  return rows[0]
}

/** Writes the end of a run, if it still has the scan. Says whether it had. */
export async function endScan(session: Session, scan: HeldScan, attempt: number, end: ScanEnd): Promise<boolean> {
  const { rowCount } = await session.query(
    `update page_scans s set
       outcome = $4, verdict = $5, stopped_by = $6, pages_visited = $7, pages_failed = $8, bytes = $9,
       snapshot = $10::jsonb, error_code = $11, error = $12, finished_at = now(),
       previous_scan_id = (
         select d.last_scan_id from domains d where d.id = s.domain_id and d.last_scan_id <> s.id
       )
     where s.tenant_id = $1 and s.id = $2 and s.attempt = $3`,
    [
      scan.tenantId,
      scan.id,
      attempt,
      end.outcome,
      end.verdict,
      end.stoppedBy,
      end.pagesVisited,
      end.pagesFailed,
      end.bytes,
      end.snapshot === null ? null : jsonParameter(end.snapshot),
      end.errorCode,
      end.error,
    ],
  )
  return rowCount === 1
}

/** Puts these pages in the place of those that an earlier run stored. */
export async function replacePages(
  session: Session,
  { id, tenantId }: HeldScan,
  pages: readonly ScannedPage[],
): Promise<void> {
  await session.query('delete from pages where scan_id = $1', [id])
  if (pages.length === 0) return
  await session.query(
    `insert into pages (
       scan_id, ordinal, tenant_id, url, kind, depth, status, bytes, ms, verdict, title, description, canonical, lang, charset, h1,
       words, content_hash, error_code, error
     )
     select $1, i.ordinal, $2, i.url, i.kind, i.depth, i.status, i.bytes, i.ms, i.verdict, i.title, i.description, i.canonical,
       i.lang, i.charset, i.h1, i.words, i."contentHash", i."errorCode", i.error
     from json_to_recordset($3::json) as i (
       ordinal int, url text, kind text, depth int, status int, bytes int, ms int, verdict text, title text,
       description text, canonical text, lang text, charset text, h1 text, words int, "contentHash" text,
       "errorCode" text, error text
     )`,
    [id, tenantId, jsonParameter(pages.map((page, ordinal) => ({ ordinal, ...page })))],
  )
}

/** The pages of a scan in the order of their visits. */
export async function selectPages(
  session: Session,
  tenant: TenantId,
  scanId: string,
  after: number,
  limit: number,
): Promise<(ScannedPage & { readonly ordinal: number })[]> {
  const { rows } = await session.query<ScannedPage & { ordinal: number }>(
    `select ordinal, url, kind, depth, status, bytes, ms, verdict, title, description, canonical, lang, charset, h1, words,
       content_hash as "contentHash", error_code as "errorCode", error
     from pages where tenant_id = $1 and scan_id = $2 and ordinal > $3 order by ordinal limit $4`,
    [tenant, scanId, after, limit],
  )
  return rows
}
