-- Up Migration

create table sitemap_domains (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  host text not null check (host <> ''),
  created_at timestamptz not null default now(),
  unique (tenant_id, host),
  unique (tenant_id, id)
);

create table sitemap_scans (
  id uuid primary key,
  tenant_id uuid not null,
  domain_id uuid not null,
  -- Gone when the history of jobs is tidied up; what the scan found stays.
  job_id uuid references jobs (id) on delete set null,
  url text not null,
  max_urls bigint not null check (max_urls >= 1),
  -- The run of the job that writes here: a run that lost its job cannot end the scan of another.
  attempt integer not null default 0,
  -- How it ended. Whether it is queued or running is what its job says.
  outcome text check (outcome in ('succeeded', 'partial', 'failed')),
  error_code text,
  error text,
  -- The host answers for paths that nobody made.
  answers_nonsense boolean not null default false,
  sitemaps_read integer not null default 0,
  sitemaps_unchanged integer not null default 0,
  sitemaps_failed integer not null default 0,
  urls_found bigint not null default 0,
  urls_added bigint not null default 0,
  urls_removed bigint not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  foreign key (tenant_id, domain_id) references sitemap_domains (tenant_id, id) on delete cascade,
  unique (tenant_id, id),
  constraint sitemap_scans_ended check ((outcome is null) = (finished_at is null)),
  constraint sitemap_scans_error check ((error_code is null) = (error is null))
);

create unique index sitemap_scans_job on sitemap_scans (job_id) where job_id is not null;
-- the scans of a site, newest first
create index sitemap_scans_domain on sitemap_scans (domain_id, id);
-- listScans of a tenant
create index sitemap_scans_tenant on sitemap_scans (tenant_id, id);

create table sitemaps (
  id uuid primary key,
  tenant_id uuid not null,
  domain_id uuid not null,
  url_hash bytea not null,
  url text not null,
  -- The index that named it last.
  parent_id uuid references sitemaps (id) on delete set null,
  depth integer not null default 0 check (depth >= 0),
  kind text check (kind in ('urlset', 'index', 'text', 'rss', 'atom')),
  discovery_method text not null check (discovery_method in ('given', 'robots', 'link', 'well_known', 'feed', 'index')),
  -- pending: being read. gone: nothing names it any more. skipped: named, but not ours to fetch.
  state text not null check (state in ('pending', 'read', 'unchanged', 'partial', 'failed', 'skipped', 'gone')),
  status_code integer,
  bytes bigint,
  fetch_ms integer,
  -- Sent with the next request; only after the whole file was read and stored.
  etag text,
  last_modified text,
  gzip boolean not null default false,
  encoding text,
  url_count bigint not null default 0,
  issues jsonb not null default '[]',
  error_code text,
  error text,
  -- Marks the links of the last fetch: what does not bear it when a file was read to its end has left the file.
  fetch_id uuid,
  last_scan_id uuid references sitemap_scans (id) on delete set null,
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now(),
  foreign key (tenant_id, domain_id) references sitemap_domains (tenant_id, id) on delete cascade,
  unique (domain_id, url_hash),
  constraint sitemaps_error check ((error_code is null) = (error is null)),
  constraint sitemaps_failed check ((state in ('failed', 'partial', 'skipped')) = (error_code is not null))
);

create index sitemaps_page on sitemaps (domain_id, id);
create index sitemaps_parent on sitemaps (parent_id) where parent_id is not null;

create table sitemap_urls (
  id uuid primary key,
  tenant_id uuid not null,
  domain_id uuid not null,
  url_hash bytea not null,
  url text not null,
  -- As it stands in the file; what it means, if it means something.
  lastmod text,
  lastmod_at timestamptz,
  lastmod_valid boolean,
  changefreq text,
  priority real check (priority between 0 and 1),
  image_count integer not null default 0,
  video_count integer not null default 0,
  news_count integer not null default 0,
  hreflang_count integer not null default 0,
  page_type text not null,
  tags text[] not null default '{}',
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now(),
  removed_at timestamptz,
  foreign key (tenant_id, domain_id) references sitemap_domains (tenant_id, id) on delete cascade,
  unique (domain_id, url_hash)
);

create index sitemap_urls_page on sitemap_urls (domain_id, id);
create index sitemap_urls_type on sitemap_urls (domain_id, page_type, id);
create index sitemap_urls_tags on sitemap_urls using gin (tags);

-- Which file names which URL.
create table sitemap_links (
  sitemap_id uuid not null references sitemaps (id) on delete cascade,
  url_id uuid not null references sitemap_urls (id) on delete cascade,
  tenant_id uuid not null,
  fetch_id uuid not null,
  primary key (sitemap_id, url_id)
);

create index sitemap_links_url on sitemap_links (url_id);

-- What a scan changed; the difference of two scans is the sum of what came between.
create table sitemap_changes (
  scan_id uuid not null references sitemap_scans (id) on delete cascade,
  url_id uuid not null references sitemap_urls (id) on delete cascade,
  tenant_id uuid not null,
  kind text not null check (kind in ('added', 'removed', 'changed')),
  -- A URL can be changed and removed, never twice the same, in one scan.
  primary key (scan_id, url_id, kind)
);

create index sitemap_changes_url on sitemap_changes (url_id);

-- Down Migration

drop table sitemap_changes;
drop table sitemap_links;
drop table sitemap_urls;
drop table sitemaps;
drop table sitemap_scans;
drop table sitemap_domains;
