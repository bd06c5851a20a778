-- Up Migration

-- One row for each site of a tenant: the host is canonical, so no other spelling of it makes a second one.
create table domains (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  host text not null check (host = lower(host) and host <> '' and host not like 'www.%.%'),
  registrable_domain text not null,
  -- What the last scan that got an answer found there.
  verdict text check (verdict in ('live', 'parked', 'for_sale', 'moved', 'soft_404')),
  verdict_reasons jsonb,
  final_url text,
  title text,
  description text,
  canonical text,
  meta_robots text,
  generator text,
  language text,
  charset text,
  h1 jsonb,
  hreflang jsonb,
  open_graph jsonb,
  twitter jsonb,
  feeds jsonb,
  forms jsonb,
  organizations jsonb,
  schema_types jsonb,
  favicon text,
  logo text,
  words integer,
  links_internal integer,
  links_external integer,
  external_domains jsonb,
  -- The scan that all of the above is from.
  last_scan_id uuid,
  scanned_at timestamptz,
  -- The last scan that failed, if none succeeded since.
  failed_scan_id uuid,
  error_code text,
  error text,
  created_at timestamptz not null default now(),
  unique (tenant_id, host),
  unique (tenant_id, id),
  constraint domains_scanned check ((last_scan_id is null) = (verdict is null) and (verdict is null) = (scanned_at is null)),
  -- Without a page of the site there is nothing to be known about it: a failed fetch cannot leave metadata behind.
  constraint domains_metadata check (
    verdict is not distinct from 'live' or coalesce(
      title, description, canonical, meta_robots, generator, language, charset, favicon, logo,
      h1::text, hreflang::text, open_graph::text, twitter::text, feeds::text, forms::text, organizations::text,
      schema_types::text, words::text, links_internal::text, links_external::text, external_domains::text
    ) is null
  ),
  constraint domains_failed check ((failed_scan_id is null) = (error_code is null) and (error_code is null) = (error is null))
);

-- listDomains
create index domains_tenant on domains (tenant_id, id);

create table page_scans (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  domain_id uuid not null,
  job_id uuid not null unique,
  batch_id uuid,
  -- As it was asked for.
  url text not null,
  max_pages integer not null check (max_pages between 1 and 200),
  -- The run of the job that works on it, or did: the fencing token.
  attempt integer not null default 0,
  -- How the last run ended. Until then the state is the job's.
  outcome text check (outcome in ('succeeded', 'failed')),
  verdict text check (verdict in ('live', 'parked', 'for_sale', 'moved', 'soft_404')),
  stopped_by text check (stopped_by in ('done', 'max_pages', 'budget')),
  pages_visited integer not null default 0,
  pages_failed integer not null default 0,
  bytes bigint not null default 0,
  -- What the scan found, to be compared with another's.
  snapshot jsonb,
  previous_scan_id uuid references page_scans (id),
  error_code text,
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (tenant_id, id),
  foreign key (tenant_id, domain_id) references domains (tenant_id, id),
  constraint page_scans_finished check ((outcome is null) = (finished_at is null)),
  constraint page_scans_error check ((outcome is not distinct from 'failed') = (error_code is not null)),
  constraint page_scans_error_text check ((error_code is null) = (error is null)),
  constraint page_scans_found check ((outcome is not distinct from 'succeeded') = (snapshot is not null and verdict is not null)),
  constraint page_scans_pages check (pages_visited between 0 and max_pages and pages_failed between 0 and pages_visited)
);

-- listScans
create index page_scans_tenant on page_scans (tenant_id, id);
create index page_scans_domain on page_scans (domain_id, id);
-- getBatchStatus
create index page_scans_batch on page_scans (batch_id, id) where batch_id is not null;

alter table domains
  add foreign key (tenant_id, last_scan_id) references page_scans (tenant_id, id),
  add foreign key (tenant_id, failed_scan_id) references page_scans (tenant_id, id);

create table pages (
  scan_id uuid not null references page_scans (id) on delete cascade,
  ordinal integer not null,
  tenant_id uuid not null,
  url text not null,
  kind text not null,
  depth integer not null,
  status integer,
  bytes integer,
  ms integer not null,
  verdict text check (verdict in ('live', 'parked', 'for_sale', 'soft_404')),
  title text,
  description text,
  canonical text,
  lang text,
  charset text,
  h1 text,
  words integer,
  content_hash text,
  error_code text,
  error text,
  primary key (scan_id, ordinal),
  foreign key (tenant_id, scan_id) references page_scans (tenant_id, id),
  -- A page is what was read, or a failure; never both.
  constraint pages_read_or_failed check (
    (error_code is null and error is null and verdict is not null and content_hash is not null)
    or (
      error_code is not null and error is not null
      and coalesce(verdict, title, description, canonical, lang, charset, h1, words::text, content_hash) is null
    )
  )
);

create table contacts (
  tenant_id uuid not null,
  domain_id uuid not null,
  kind text not null check (kind in ('email', 'phone', 'fax', 'social')),
  value text not null check (value <> ''),
  method text not null check (method in ('link', 'text', 'json-ld', 'cloudflare', 'at-dot')),
  network text,
  source_url text not null,
  snippet text not null,
  confidence real not null check (confidence between 0 and 1),
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  last_scan_id uuid not null,
  -- Set by the first scan that did not find it any more.
  missing_since timestamptz,
  primary key (domain_id, kind, value),
  foreign key (tenant_id, domain_id) references domains (tenant_id, id),
  constraint contacts_network check ((kind = 'social') = (network is not null))
);

create table technologies (
  tenant_id uuid not null,
  domain_id uuid not null,
  name text not null check (name <> ''),
  category text not null,
  version text,
  confidence real not null check (confidence between 0 and 1),
  evidence jsonb not null,
  first_seen_at timestamptz not null default now(),
  last_seen_at timestamptz not null default now(),
  last_scan_id uuid not null,
  missing_since timestamptz,
  primary key (domain_id, name),
  foreign key (tenant_id, domain_id) references domains (tenant_id, id)
);

-- Down Migration

drop table technologies;
drop table contacts;
drop table pages;
alter table domains drop constraint domains_tenant_id_last_scan_id_fkey, drop constraint domains_tenant_id_failed_scan_id_fkey;
drop table page_scans;
drop table domains;
