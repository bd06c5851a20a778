import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { SitemapEntry } from '../parser/parse-sitemap.ts'
import type { StoredUrl, UrlFilter } from '../sitemap.ts'
import type { ScanToRun } from './scans.ts'

const urlColumns = `
  u.id, u.url, u.lastmod, u.lastmod_at as "lastmodAt", u.lastmod_valid as "lastmodValid", u.changefreq, u.priority,
  u.image_count as "imageCount", u.video_count as "videoCount", u.news_count as "newsCount",
  u.hreflang_count as "hreflangCount", u.page_type as "pageType", u.tags, u.first_seen as "firstSeen",
  u.last_seen as "lastSeen", u.removed_at as "removedAt"`

/** An entry as it is written. */
export interface UrlRow extends SitemapEntry {
  readonly id: string
  readonly urlHash: Buffer
  readonly pageType: string
}

/**
 * Writes the entries of a part of a file, their links to it and what changed, in one statement. No URL twice.
 *
 * Returns how many of them the same reading of the file had named already.
 */
export async function upsertUrls(
  session: Session,
  scan: ScanToRun,
  sitemapId: string,
  fetchId: string,
  rows: readonly UrlRow[],
): Promise<number> {
  const { rows: results } = await session.query<{ repeated: number }>(
    `with input as (
       select * from unnest(
         $6::uuid[], $7::bytea[], $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::real[],
         $13::int[], $14::int[], $15::int[], $16::int[], $17::text[]
       ) as input (
         id, url_hash, url, lastmod, lastmod_at, changefreq, priority, images, videos, news, hreflangs, page_type
       )
     ), before as (
       select u.id, u.url_hash, u.lastmod, u.removed_at from sitemap_urls u
       join input i on u.url_hash = i.url_hash where u.domain_id = $2
     ), repeated as (
       select l.url_id from sitemap_links l join before b on b.id = l.url_id
       where l.sitemap_id = $4 and l.fetch_id = $5
     ), written as (
       insert into sitemap_urls as u (
         id, tenant_id, domain_id, url_hash, url, lastmod, lastmod_at, lastmod_valid, changefreq, priority,
         image_count, video_count, news_count, hreflang_count, page_type
       )
       select id, $1, $2, url_hash, url, lastmod, lastmod_at,
         case when lastmod is null then null else lastmod_at is not null end, changefreq, priority,
         images, videos, news, hreflangs, page_type
       from input order by url_hash
       on conflict (domain_id, url_hash) do update
       set lastmod = excluded.lastmod, lastmod_at = excluded.lastmod_at, lastmod_valid = excluded.lastmod_valid,
         changefreq = excluded.changefreq, priority = excluded.priority, image_count = excluded.image_count,
         video_count = excluded.video_count, news_count = excluded.news_count,
         hreflang_count = excluded.hreflang_count, page_type = excluded.page_type, last_seen = now(),
         removed_at = null
       returning u.id, u.url_hash, u.lastmod
     ), links as (
       insert into sitemap_links (sitemap_id, url_id, tenant_id, fetch_id)
       select $4, id, $1, $5 from written order by id
       on conflict (sitemap_id, url_id) do update set fetch_id = excluded.fetch_id
     ), changes as (
       insert into sitemap_changes (scan_id, url_id, tenant_id, kind)
       select $3, w.id, $1, case when b.id is null or b.removed_at is not null then 'added' else 'changed' end
       from written w left join before b on b.id = w.id
       where b.id is null or b.removed_at is not null or b.lastmod is distinct from w.lastmod
       on conflict do nothing
     )
     select count(*)::int as repeated from repeated`,
    [
      scan.tenantId,
      scan.domainId,
      scan.id,
      sitemapId,
      fetchId,
      rows.map(({ id }) => id),
      rows.map(({ urlHash }) => urlHash),
      rows.map(({ url }) => url),
      rows.map(({ lastmod }) => lastmod),
      rows.map(({ lastmodAt }) => lastmodAt),
      rows.map(({ changefreq }) => changefreq),
      rows.map(({ priority }) => priority),
      rows.map(({ images }) => images),
      rows.map(({ videos }) => videos),
      rows.map(({ news }) => news),
      rows.map(({ hreflangs }) => hreflangs),
      rows.map(({ pageType }) => pageType),
    ],
  )
  return results[0]?.repeated ?? 0
}

/** Marks the URLs of a site that no file names any more. */
export async function markRemoved(session: Session, scan: ScanToRun): Promise<void> {
  await session.query(
    `with removed as (
       update sitemap_urls u set removed_at = now()
       where u.domain_id = $1 and u.removed_at is null
         and not exists (select from sitemap_links l where l.url_id = u.id)
       returning u.id
     )
     insert into sitemap_changes (scan_id, url_id, tenant_id, kind)
     select $2, id, $3, 'removed' from removed on conflict do nothing`,
    [scan.domainId, scan.id, scan.tenantId],
  )
}

/** The conditions of a filter, with their values behind those given. */
function conditionsOf(filter: UrlFilter, values: unknown[]): string {
  const conditions: string[] = []
  const add = (condition: (place: string) => string, value: unknown): void => {
    values.push(value)
    conditions.push(condition(`$${values.length}`))
  }
  const { pageType, tag, removed = false, contains, sitemapId } = filter
  if (removed !== 'any') conditions.push(`u.removed_at is ${removed ? 'not null' : 'null'}`)
  if (pageType !== undefined) add((place) => `u.page_type = ${place}`, pageType)
  if (tag !== undefined) add((place) => `u.tags @> array[${place}::text]`, tag)
  if (contains !== undefined) add((place) => `strpos(u.url, ${place}) > 0`, contains)
  if (sitemapId !== undefined) {
    add(
      (place) => `exists (select from sitemap_links l where l.url_id = u.id and l.sitemap_id = ${place}::uuid)`,
      sitemapId,
    )
  }
  return conditions.map((condition) => ` and ${condition}`).join('')
}

/** URLs of a site in the order they were found. */
export async function selectUrls(
  session: Session,
  tenant: TenantId,
  domainId: string,
  filter: UrlFilter,
  after: string | undefined,
  limit: number,
): Promise<StoredUrl[]> {
  const values: unknown[] = [tenant, domainId, after ?? null, limit]
  const conditions = conditionsOf(filter, values)
  const { rows } = await session.query<StoredUrl>(
    `select ${urlColumns} from sitemap_urls u
     where u.tenant_id = $1 and u.domain_id = $2 and ($3::uuid is null or u.id > $3)${conditions}
     order by u.id limit $4`,
    values,
  )
  return rows
}

/** Adds and takes away tags; says how many URLs have others now. */
export async function changeTags(
  session: Session,
  tenant: TenantId,
  domainId: string,
  filter: UrlFilter,
  ids: readonly string[] | undefined,
  add: readonly string[],
  remove: readonly string[],
): Promise<number> {
  const values: unknown[] = [tenant, domainId, ids ?? null, add, remove]
  const conditions = conditionsOf(filter, values)
  const { rowCount } = await session.query(
    `update sitemap_urls u set tags = wanted.tags
     from (
       select u.id, coalesce((
         select array_agg(distinct tag order by tag) from unnest(u.tags || $4::text[]) as tag
         where tag <> all ($5::text[])
       ), '{}') as tags
       from sitemap_urls u
       where u.tenant_id = $1 and u.domain_id = $2 and ($3::uuid[] is null or u.id = any ($3))${conditions}
       order by u.id for update
     ) wanted
     where u.id = wanted.id and u.tags is distinct from wanted.tags`,
    values,
  )
  return rowCount ?? 0
}
