import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Domain } from '../scan.ts'
import type { SiteSnapshot } from '../scan-types.ts'
import { jsonParameter } from './json-parameter.ts'
import type { HeldScan } from './scans.ts'

/** The columns of a site, under the names of the interface `Domain`. */
const domainColumns = `
  id, tenant_id as "tenantId", host, registrable_domain as "registrableDomain", verdict,
  verdict_reasons as "verdictReasons", final_url as "finalUrl", title, description, canonical,
  meta_robots as "metaRobots", generator, language, charset, h1, hreflang, open_graph as "openGraph", twitter, feeds, forms,
  organizations, schema_types as "schemaTypes", favicon, logo, words, links_internal as "linksInternal",
  links_external as "linksExternal", external_domains as "externalDomains", last_scan_id as "lastScanId",
  scanned_at as "scannedAt", failed_scan_id as "failedScanId", error_code as "errorCode", error, created_at as "createdAt"`

/** Adds sites that are not there yet; one row for each host, however it was written. One round trip. */
export async function ensureDomains(
  session: Session,
  tenant: TenantId,
  sites: readonly { readonly id: string; readonly host: string; readonly registrableDomain: string }[],
): Promise<void> {
  await session.query(
    `insert into domains (id, tenant_id, host, registrable_domain)
     select i.id, $1, i.host, i.registrable_domain
     from unnest($2::uuid[], $3::text[], $4::text[]) as i (id, host, registrable_domain)
     order by i.host
     on conflict (tenant_id, host) do nothing`,
    [
      tenant,
      sites.map(({ id }) => id),
      sites.map(({ host }) => host),
      sites.map(({ registrableDomain }) => registrableDomain),
    ],
  )
}

export async function findDomain(session: Session, tenant: TenantId, host: string): Promise<Domain | undefined> {
  const { rows } = await session.query<Domain>(
    `select ${domainColumns} from domains where tenant_id = $1 and host = $2`,
    [tenant, host],
  )
  return rows[0]
}

/** The tenant's sites, newest first. */
export async function selectDomains(
  session: Session,
  tenant: TenantId,
  after: string | undefined,
  limit: number,
): Promise<Domain[]> {
  const { rows } = await session.query<Domain>(
    `select ${domainColumns} from domains where tenant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [tenant, after ?? null, limit],
  )
  return rows
}

/** Makes the site what the scan found: every column, so that nothing of an earlier scan stays behind. */
export async function writeFindings(session: Session, scan: HeldScan, snapshot: SiteSnapshot): Promise<void> {
  const { metadata, verdict, verdictReasons, finalUrl } = snapshot
  await session.query(
    `update domains d set
       verdict = $3, verdict_reasons = $4::jsonb, final_url = $5,
       title = m.title, description = m.description, canonical = m.canonical, meta_robots = m."metaRobots",
       generator = m.generator, language = m.language, charset = m.charset, h1 = m.h1, hreflang = m.hreflang,
       open_graph = m."openGraph", twitter = m.twitter, feeds = m.feeds, forms = m.forms, organizations = m.organizations,
       schema_types = m."schemaTypes", favicon = m.favicon, logo = m.logo, words = m.words,
       links_internal = m."linksInternal", links_external = m."linksExternal", external_domains = m."externalDomains",
       last_scan_id = $6, scanned_at = now(), failed_scan_id = null, error_code = null, error = null
     from json_to_record($7::json) as m (
       title text, description text, canonical text, "metaRobots" text, generator text, language text, charset text, h1 jsonb,
       hreflang jsonb, "openGraph" jsonb, twitter jsonb, feeds jsonb, forms jsonb, organizations jsonb, "schemaTypes" jsonb,
       favicon text, logo text, words int, "linksInternal" int, "linksExternal" int, "externalDomains" jsonb
     )
     where d.tenant_id = $1 and d.id = $2`,
    [
      scan.tenantId,
      scan.domainId,
      verdict,
      jsonParameter(verdictReasons),
      finalUrl,
      scan.id,
      jsonParameter(metadata ?? {}),
    ],
  )
}

/** Notes that the site could not be read. What an earlier scan found stays as it is, with its date. */
export async function writeFailure(session: Session, scan: HeldScan, errorCode: string, error: string): Promise<void> {
  await session.query(
    `update domains set failed_scan_id = $3, error_code = $4, error = $5 where tenant_id = $1 and id = $2`,
    [scan.tenantId, scan.domainId, scan.id, errorCode, error],
  )
}
