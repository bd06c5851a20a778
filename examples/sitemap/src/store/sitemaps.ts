import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Issue, SitemapKind } from '../parser/parse-sitemap.ts'
import type { DiscoveryMethod, SitemapState, StoredSitemap } from '../sitemap.ts'
import type { ScanToRun } from './scans.ts'

const sitemapColumns = `
  m.id, m.url, m.parent_id as "parentId", m.depth, m.kind, m.discovery_method as "discoveryMethod", m.state,
  m.status_code as "statusCode", m.bytes::float8 as bytes, m.fetch_ms as "fetchMs", m.etag,
  m.last_modified as "lastModified", m.gzip, m.encoding, m.url_count::float8 as "urlCount", m.issues,
  m.error_code as "errorCode", m.error, m.last_scan_id as "lastScanId", m.first_seen as "firstSeen",
  m.last_seen as "lastSeen"`

/** What is known of a file before it is asked for. */
export interface KnownSitemap {
  readonly id: string
  readonly url: string
  readonly kind: SitemapKind | null
  readonly state: SitemapState
  readonly discoveryMethod: DiscoveryMethod
  readonly etag: string | null
  readonly lastModified: string | null
}

const knownColumns = `m.id, m.url, m.kind, m.state, m.discovery_method as "discoveryMethod", m.etag,
  m.last_modified as "lastModified"`

export async function findKnown(
  session: Session,
  domainId: string,
  urlHash: Buffer,
): Promise<KnownSitemap | undefined> {
  const { rows } = await session.query<KnownSitemap>(
    `select ${knownColumns} from sitemaps m where m.domain_id = $1 and m.url_hash = $2`,
    [domainId, urlHash],
  )
  return rows[0]
}

/** The files of a site that nothing but discovery names, and that are not gone. */
export async function selectRoots(session: Session, domainId: string, limit: number): Promise<KnownSitemap[]> {
  const { rows } = await session.query<KnownSitemap>(
    `select ${knownColumns} from sitemaps m
     where m.domain_id = $1 and m.parent_id is null and m.state <> 'gone' order by m.id limit $2`,
    [domainId, limit],
  )
  return rows
}

/** What an index named when it was read, for when it has not changed. */
export async function selectChildren(session: Session, sitemapId: string): Promise<KnownSitemap[]> {
  const { rows } = await session.query<KnownSitemap>(
    `select ${knownColumns} from sitemaps m where m.parent_id = $1 and m.state <> 'gone' order by m.id`,
    [sitemapId],
  )
  return rows
}

export interface FoundSitemap {
  readonly id: string
  readonly url: string
  readonly urlHash: Buffer
  readonly parentId: string | undefined
  readonly depth: number
  readonly method: DiscoveryMethod
}

/** Makes sure that a file has a row, and says where it was found now. Returns its id. */
export async function touchSitemap(session: Session, scan: ScanToRun, found: FoundSitemap): Promise<string> {
  const { rows } = await session.query<{ id: string }>(
    `insert into sitemaps as m (
       id, tenant_id, domain_id, url_hash, url, parent_id, depth, discovery_method, state, last_scan_id
     ) values ($1, $2, $3, $4, $5, $6, $7, $8, 'pending', $9)
     on conflict (domain_id, url_hash) do update
     set parent_id = case when excluded.parent_id = m.id then null else excluded.parent_id end,
       depth = excluded.depth, discovery_method = excluded.discovery_method, last_seen = now()
     returning m.id`,
    [
      found.id,
      scan.tenantId,
      scan.domainId,
      found.urlHash,
      found.url,
      found.parentId ?? null,
      found.depth,
      found.method,
      scan.id,
    ],
  )
  if (!rows[0]) throw new TypeError('an upsert returned no row')
  return rows[0].id
}

/** From now on the links of a file are a mixture: the next request has to bring all of it. */
export async function forgetValidators(session: Session, sitemapId: string): Promise<void> {
  await session.query('update sitemaps set etag = null, last_modified = null where id = $1', [sitemapId])
}

/** How the reading of a file ended. */
export interface SitemapEnd {
  readonly state: Exclude<SitemapState, 'pending' | 'unchanged' | 'gone'>
  readonly kind: SitemapKind | undefined
  readonly statusCode: number | undefined
  readonly bytes: number
  readonly fetchMs: number
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  readonly gzip: boolean
  readonly encoding: string | undefined
  readonly urlCount: number
  readonly issues: readonly Issue[]
  readonly errorCode: string | undefined
  readonly error: string | undefined
  readonly fetchId: string
}

/** Writes how a file was. When it was read to its end, what it does not name any more loses its link. */
export async function endSitemap(session: Session, scan: ScanToRun, id: string, end: SitemapEnd): Promise<void> {
  await session.query(
    `with dropped as (
       delete from sitemap_links where sitemap_id = $1 and fetch_id <> $15 and $3 = 'read'
     )
     update sitemaps set last_scan_id = $2, state = $3, kind = coalesce($4, kind), status_code = $5, bytes = $6,
       fetch_ms = $7, etag = $8, last_modified = $9, gzip = $10, encoding = $11, url_count = $12, issues = $13,
       error_code = $14, error = $16, fetch_id = $15, last_seen = now()
     where id = $1`,
    [
      id,
      scan.id,
      end.state,
      end.kind ?? null,
      end.statusCode ?? null,
      end.bytes,
      Math.round(end.fetchMs),
      end.etag ?? null,
      end.lastModified ?? null,
      end.gzip,
      end.encoding ?? null,
      end.urlCount,
      JSON.stringify(end.issues),
      end.errorCode ?? null,
      end.fetchId,
      end.error ?? null,
    ],
  )
}

/** There was no answer to read. What is known from before stays, with what makes the next request conditional. */
export async function failSitemap(
  session: Session,
  scan: ScanToRun,
  id: string,
  failure: {
    readonly state: 'failed' | 'skipped'
    readonly errorCode: string
    readonly error: string
    readonly statusCode: number | undefined
  },
): Promise<void> {
  await session.query(
    `update sitemaps set last_scan_id = $2, state = $3, error_code = $4, error = $5, status_code = $6, last_seen = now()
     where id = $1`,
    [id, scan.id, failure.state, failure.errorCode, failure.error, failure.statusCode ?? null],
  )
}

/** The server says that a file is what it was. In a second run of a scan it was read in that scan, and stays so. */
export async function keepSitemap(session: Session, scan: ScanToRun, id: string, fetchMs: number): Promise<void> {
  await session.query(
    `update sitemaps set state = case when last_scan_id = $2 and state = 'read' then state else 'unchanged' end,
       last_scan_id = $2, status_code = 304, fetch_ms = $3, error_code = null, error = null, last_seen = now()
     where id = $1`,
    [id, scan.id, Math.round(fetchMs)],
  )
}

/** A file that nothing named, and that is not there any more. */
export async function markGone(session: Session, scan: ScanToRun, id: string): Promise<void> {
  await session.query(
    `with dropped as (delete from sitemap_links where sitemap_id = $1)
     update sitemaps set state = 'gone', last_scan_id = $2, error_code = null, error = null, etag = null,
       last_modified = null, url_count = 0
     where id = $1`,
    [id, scan.id],
  )
}

/**
 * Marks files that an index does not name any more: those that this scan did not meet although it read their index to its
 * end, and what is below them. Says how many.
 */
export async function markOrphansGone(session: Session, scan: ScanToRun): Promise<number> {
  const { rowCount } = await session.query(
    `with recursive orphans as (
       select m.id from sitemaps m join sitemaps p on p.id = m.parent_id
       where m.domain_id = $1 and m.state <> 'gone' and m.last_scan_id is distinct from $2
         and p.last_scan_id = $2 and p.state in ('read', 'gone')
       union
       select m.id from sitemaps m join orphans o on m.parent_id = o.id
       where m.state <> 'gone' and m.last_scan_id is distinct from $2
     ), dropped as (
       delete from sitemap_links l using orphans o where l.sitemap_id = o.id
     )
     update sitemaps m set state = 'gone', last_scan_id = $2, error_code = null, error = null, etag = null,
       last_modified = null, url_count = 0
     from orphans o where m.id = o.id`,
    [scan.domainId, scan.id],
  )
  return rowCount ?? 0
}

/** Files of a site in the order they were found. */
export async function selectSitemaps(
  session: Session,
  tenant: TenantId,
  domainId: string,
  after: string | undefined,
  limit: number,
): Promise<StoredSitemap[]> {
  const { rows } = await session.query<StoredSitemap>(
    `select ${sitemapColumns} from sitemaps m
     where m.tenant_id = $1 and m.domain_id = $2 and ($3::uuid is null or m.id > $3) order by m.id limit $4`,
    [tenant, domainId, after ?? null, limit],
  )
  return rows
}

/** How the files that a scan met ended, and the first failure among them. */
export async function countOutcomes(
  session: Session,
  scanId: string,
): Promise<{
  readonly good: number
  readonly failed: number
  readonly errorCode: string | null
  readonly error: string | null
}> {
  const { rows } = await session.query<{
    good: number
    failed: number
    errorCode: string | null
    error: string | null
  }>(
    `select count(*) filter (where state in ('read', 'unchanged', 'partial'))::int as good,
       count(*) filter (where state in ('failed', 'partial'))::int as failed,
       (array_agg(error_code order by id) filter (where state in ('failed', 'partial')))[1] as "errorCode",
       (array_agg(error order by id) filter (where state in ('failed', 'partial')))[1] as error
     from sitemaps where last_scan_id = $1`,
    [scanId],
  )
  return rows[0] ?? { good: 0, failed: 0, errorCode: null, error: null }
}
