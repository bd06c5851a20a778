-- A tenant as it is after a year: $1 is its id. Ids are in the order in which the rows were made, as those of the services.
do $seed$
declare
  t constant uuid := current_setting('bench.tenant')::uuid;
begin
  insert into batches (id, tenant_id, kind, state, sealed, created_at, started_at, finished_at)
  select ('01900000-0000-7001-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'scan', 'succeeded', true, now(), now(), now()
  from generate_series(1, 5000) n;

  insert into jobs (
    id, public_id, tenant_id, type, state, payload, error_code, error, attempt, failures, max_attempts, domain,
    parent_batch_id, created_at, started_at, finished_at
  )
  select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'bench-' || n, t,
    case when n % 1000 = 0 then 'bench.rare' else 'bench.kind-' || n % 5 end, state, jsonb_build_object('n', n, 'text', repeat('x', 200)),
    case when state = 'failed' then 'timeout' end, case when state = 'failed' then 'It took too long.' end,
    case when state = 'queued' then 0 else 1 end, case when state = 'failed' then 1 else 0 end, 3,
    'site-' || n % 20000 || '.example',
    case when n % 10 = 0 then ('01900000-0000-7001-8000-' || lpad(to_hex(n / 10 % 5000 + 1), 12, '0'))::uuid end,
    now() - make_interval(secs => 100000 - n), case when state <> 'queued' then now() end,
    case when state <> 'queued' then now() end
  from (
    select n, case when n > 98000 then 'queued' when n % 20 = 0 then 'failed' when n % 50 = 1 then 'cancelled' else 'succeeded' end as state
    from generate_series(1, 100000) n
  ) made;

  insert into job_events (job_id, tenant_id, from_state, to_state, reason, attempt)
  select id, t, null, 'queued', 'created', 0 from jobs;

  insert into domain_batches (
    id, tenant_id, kind, name, max_concurrent, max_per_domain, item_timeout_ms, max_attempts, retry_delay_ms,
    total, succeeded, failed, sealed, started_at, finished_at
  )
  select ('01900000-0000-7002-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'home-page', 'batch ' || n, 10, 2, 30000, 3, 1000,
    case when n = 10000 then 50000 else 10 end, case when n = 10000 then 40000 else 10 end,
    case when n = 10000 then 10000 else 0 end, true, now(), now()
  from generate_series(1, 10000) n;

  insert into domain_batch_items (
    batch_id, ordinal, tenant_id, input, host, domain, state, attempts, result, error_code, error, started_at, finished_at
  )
  select b.id, i, t, 'site-' || i || '.example', 'site-' || i || '.example', 'site-' || i || '.example', made.state, 1,
    case when made.state = 'succeeded' then '{"title": "A site"}'::jsonb end,
    case when made.state = 'failed' then case when i % 5000 = 0 then 'tls' else 'timeout' end end,
    case when made.state = 'failed' then 'It took too long.' end, now(), now()
  from domain_batches b
  cross join lateral generate_series(1, b.total) i
  cross join lateral (select case when b.total > 10 and i % 5 = 0 then 'failed' else 'succeeded' end as state) made
  where b.tenant_id = t;

  insert into domain_batch_errors (batch_id, tenant_id, error_code, items)
  select batch_id, t, error_code, count(*) from domain_batch_items where state = 'failed' group by batch_id, error_code;

  insert into domain_batch_rejects (batch_id, line, tenant_id, input, verdict, reason)
  select b.id, 50000 + n, t, 'no site', 'invalid', 'It names no site.'
  from domain_batches b, generate_series(1, 10000) n where b.total > 10;

  insert into domains (id, tenant_id, host, registrable_domain)
  select ('01900000-0000-7003-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'site-' || n || '.example', 'site-' || n || '.example'
  from generate_series(1, 20000) n;

  insert into page_scans (id, tenant_id, domain_id, job_id, url, max_pages, outcome, error_code, error, started_at, finished_at)
  select ('01900000-0000-7004-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t,
    ('01900000-0000-7003-8000-' || lpad(to_hex(n % 20000 + 1), 12, '0'))::uuid,
    ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'https://site.example/', 10, 'failed', 'timeout', 'It took too long.',
    now(), now()
  from generate_series(1, 50000) n;

  insert into sitemap_domains (id, tenant_id, host)
  select ('01900000-0000-7005-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'site-' || n || '.example' from generate_series(1, 5000) n;

  insert into sitemap_scans (id, tenant_id, domain_id, job_id, url, max_urls, outcome, started_at, finished_at)
  select ('01900000-0000-7006-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t,
    ('01900000-0000-7005-8000-' || lpad(to_hex(n % 5000 + 1), 12, '0'))::uuid,
    ('01900000-0000-7000-8000-' || lpad(to_hex(n + 50000), 12, '0'))::uuid, 'https://site.example/', 50000, 'succeeded', now(), now()
  from generate_series(1, 20000) n;

  insert into sitemaps (id, tenant_id, domain_id, url_hash, url, kind, discovery_method, state)
  select ('01900000-0000-7007-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, '01900000-0000-7005-8000-000000000001',
    sha256(n::text::bytea), 'https://site-1.example/' || n || '.xml', 'urlset', 'index', 'read'
  from generate_series(1, 1000) n;

  insert into sitemap_urls (id, tenant_id, domain_id, url_hash, url, page_type, tags)
  select ('01900000-0000-7008-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, '01900000-0000-7005-8000-000000000001',
    sha256(n::text::bytea), 'https://site-1.example/article/' || n, case when n % 1000 = 0 then 'product' else 'article' end,
    case when n % 1000 = 0 then '{seen}'::text[] else '{}' end
  from generate_series(1, 50000) n;

  insert into place_searches (
    id, tenant_id, provider, source, query, max_results, max_requests, request_price_usd, cost_estimate_usd, state, started_at, finished_at
  )
  select ('01900000-0000-7009-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'file', 'bench', 'search ' || n, 60, 3, 0, 0, 'succeeded', now(), now()
  from generate_series(1, 5000) n;

  insert into places (id, tenant_id, provider, source, provider_place_id, name, address, lat, lng, rating, rating_count, website, status, raw)
  select ('01900000-0000-700a-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, 'file', 'bench', n::text, 'Place ' || n, 'Street ' || n, 47, 15,
    n % 50 / 10.0, n, case when n % 2 = 0 then 'https://site.example/' end,
    case when n % 1000 = 0 then 'Selected' else 'New' end, '{"raw": "data"}'
  from generate_series(1, 50000) n;

  insert into search_places (search_id, place_id, tenant_id, rank, page, tile)
  select '01900000-0000-7009-8000-000000001388', ('01900000-0000-700a-8000-' || lpad(to_hex(n), 12, '0'))::uuid, t, n, n / 20, 0
  from generate_series(1, 20000) n;
end
$seed$;
