import type { TenantId } from '@pooler-safe/example-foundation'
import type { Session } from 'pooler-safe'
import type { Contact } from '../extract/contact.ts'
import type { KnownContact, KnownTechnology } from '../scan.ts'
import type { DetectedTechnology } from '../technologies/technology.ts'
import { jsonParameter } from './json-parameter.ts'
import type { HeldScan } from './scans.ts'

/** Adds contacts, renews those that are known, and marks those that the scan did not find. Two round trips. */
export async function upsertContacts(session: Session, scan: HeldScan, contacts: readonly Contact[]): Promise<void> {
  await session.query(
    `insert into contacts (tenant_id, domain_id, kind, value, method, network, source_url, snippet, confidence, last_scan_id)
     select $1, $2, kind, value, method, network, "sourceUrl", snippet, confidence, $3
     from json_to_recordset($4::json) as i (
       kind text, value text, method text, network text, "sourceUrl" text, snippet text, confidence real
     )
     on conflict (domain_id, kind, value) do update set
       method = excluded.method, network = excluded.network, source_url = excluded.source_url, snippet = excluded.snippet,
       confidence = excluded.confidence, last_scan_id = excluded.last_scan_id, last_seen_at = now(), missing_since = null`,
    [scan.tenantId, scan.domainId, scan.id, jsonParameter(contacts)],
  )
  await session.query(
    `update contacts set missing_since = now()
     where tenant_id = $1 and domain_id = $2 and last_scan_id <> $3 and missing_since is null`,
    [scan.tenantId, scan.domainId, scan.id],
  )
}

/** Adds technologies, renews those that are known, and marks those that the scan did not find. Two round trips. */
export async function upsertTechnologies(
  session: Session,
  scan: HeldScan,
  technologies: readonly DetectedTechnology[],
): Promise<void> {
  await session.query(
    `insert into technologies (tenant_id, domain_id, name, category, version, confidence, evidence, last_scan_id)
     select $1, $2, name, category, version, confidence, evidence, $3
     from json_to_recordset($4::json) as i (name text, category text, version text, confidence real, evidence jsonb)
     on conflict (domain_id, name) do update set
       category = excluded.category, version = excluded.version, confidence = excluded.confidence,
       evidence = excluded.evidence, last_scan_id = excluded.last_scan_id, last_seen_at = now(), missing_since = null`,
    [scan.tenantId, scan.domainId, scan.id, jsonParameter(technologies)],
  )
  await session.query(
    `update technologies set missing_since = now()
     where tenant_id = $1 and domain_id = $2 and last_scan_id <> $3 and missing_since is null`,
    [scan.tenantId, scan.domainId, scan.id],
  )
}

/** The contacts of a site: those that are there first, surest first of each kind. */
export async function selectContacts(session: Session, tenant: TenantId, domainId: string): Promise<KnownContact[]> {
  const { rows } = await session.query<KnownContact>(
    `select kind, value, method, network, source_url as "sourceUrl", snippet, confidence::float8 as confidence,
       first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", missing_since as "missingSince"
     from contacts where tenant_id = $1 and domain_id = $2
     order by missing_since is not null, kind, confidence desc, value limit 1000`,
    [tenant, domainId],
  )
  return rows
}

/** The technologies of a site, those that are there first. */
export async function selectTechnologies(
  session: Session,
  tenant: TenantId,
  domainId: string,
): Promise<KnownTechnology[]> {
  const { rows } = await session.query<KnownTechnology>(
    `select name, category, version, confidence::float8 as confidence, evidence,
       first_seen_at as "firstSeenAt", last_seen_at as "lastSeenAt", missing_since as "missingSince"
     from technologies where tenant_id = $1 and domain_id = $2
     order by missing_since is not null, confidence desc, name limit 1000`,
    [tenant, domainId],
  )
  return rows
}
