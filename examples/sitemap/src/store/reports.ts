import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { IssueCode } from '../parser/parse-sitemap.ts'
import type { SitemapState } from '../sitemap.ts'

export interface ChangedUrl {
  readonly id: string
  readonly url: string
  readonly change: 'added' | 'removed' | 'changed'
}

/**
 * What is different after one scan of a site compared with after an earlier one: the first and the last change of each URL
 * between them say whether it was there before and is there now.
 */
export async function selectDifference(
  session: Session,
  tenant: TenantId,
  earlier: string,
  later: string,
  after: string | undefined,
  limit: number,
): Promise<ChangedUrl[]> {
  const { rows } = await session.query<ChangedUrl>(
    `with steps as (
       select c.url_id,
         (array_agg(c.kind order by s.id, c.kind))[1] as first,
         (array_agg(c.kind order by s.id desc, c.kind desc))[1] as last
       from sitemap_changes c join sitemap_scans s on s.id = c.scan_id
       join sitemap_scans e on e.id = $2 and e.domain_id = s.domain_id
       where c.tenant_id = $1 and s.tenant_id = $1 and s.id > $2 and s.id <= $3
       group by c.url_id
     ), net as (
       select url_id, case
         when first = 'added' and last = 'removed' then null
         when last = 'removed' then 'removed'
         when first = 'added' then 'added'
         else 'changed'
       end as change from steps
     )
     select u.id, u.url, n.change from net n join sitemap_urls u on u.id = n.url_id
     where n.change is not null and ($4::uuid is null or u.id > $4) order by u.id limit $5`,
    [tenant, earlier, later, after ?? null, limit],
  )
  return rows
}

/** How many URLs a scan left on a site, and what is noteworthy about them. */
export interface UrlFacts {
  readonly urls: number
  readonly removed: number
  readonly withoutLastmod: number
  readonly invalidLastmod: number
  readonly futureLastmod: number
  readonly oldLastmod: number
  readonly insecure: number
  readonly sameLastmod: number
  readonly inSeveralSitemaps: number
  readonly byPageType: Readonly<Record<string, number>>
}

export async function selectUrlFacts(session: Session, tenant: TenantId, domainId: string): Promise<UrlFacts> {
  const { rows } = await session.query<UrlFacts>(
    `with live as (
       select * from sitemap_urls where tenant_id = $1 and domain_id = $2 and removed_at is null
     )
     select count(*)::float8 as urls,
       (select count(*)::float8 from sitemap_urls
        where tenant_id = $1 and domain_id = $2 and removed_at is not null) as removed,
       count(*) filter (where lastmod is null)::float8 as "withoutLastmod",
       count(*) filter (where not lastmod_valid)::float8 as "invalidLastmod",
       count(*) filter (where lastmod_at > now() + interval '1 day')::float8 as "futureLastmod",
       count(*) filter (where lastmod_at < now() - interval '2 years')::float8 as "oldLastmod",
       count(*) filter (where url like 'http:%')::float8 as insecure,
       coalesce((select max(n) from (select count(*)::float8 as n from live where lastmod_at is not null
        group by lastmod_at) same), 0) as "sameLastmod",
       (select count(*)::float8 from (
         select l.url_id from sitemap_links l join live u on u.id = l.url_id group by l.url_id having count(*) > 1
       ) several) as "inSeveralSitemaps",
       coalesce((select jsonb_object_agg(page_type, n) from (
         select page_type, count(*) as n from live group by page_type
       ) types), '{}') as "byPageType"
     from live`,
    [tenant, domainId],
  )
  if (!rows[0]) throw new TypeError('an aggregate returned no row')
  return rows[0]
}

export interface SitemapFacts {
  readonly byState: Readonly<Partial<Record<SitemapState, number>>>
  readonly issues: readonly { readonly code: IssueCode; readonly count: number; readonly examples: readonly string[] }[]
  readonly failures: readonly { readonly url: string; readonly errorCode: string; readonly error: string }[]
  readonly empty: readonly string[]
}

export async function selectSitemapFacts(session: Session, tenant: TenantId, domainId: string): Promise<SitemapFacts> {
  const { rows } = await session.query<SitemapFacts>(
    `with files as (select * from sitemaps where tenant_id = $1 and domain_id = $2 and state <> 'gone'),
     issues as (
       select issue ->> 'code' as code, sum((issue ->> 'count')::numeric)::float8 as count,
         (array_agg(issue -> 'examples' order by f.id))[1] as examples
       from files f cross join jsonb_array_elements(f.issues) as issue group by 1
     )
     select
       coalesce((select jsonb_object_agg(state, n) from (
         select state, count(*) as n from files group by state
       ) states), '{}') as "byState",
       coalesce((select jsonb_agg(jsonb_build_object('code', code, 'count', count, 'examples', examples) order by code)
        from issues), '[]') as issues,
       coalesce((select jsonb_agg(jsonb_build_object('url', url, 'errorCode', error_code, 'error', error) order by id)
        from (select * from files where error_code is not null order by id limit 100) failed), '[]') as failures,
       coalesce((select jsonb_agg(url order by id)
        from (select * from files where state in ('read', 'unchanged') and url_count = 0 order by id limit 100) empty),
        '[]') as empty`,
    [tenant, domainId],
  )
  if (!rows[0]) throw new TypeError('an aggregate returned no row')
  return rows[0]
}
