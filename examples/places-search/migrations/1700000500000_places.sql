-- Up Migration

create table place_searches (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  provider text not null check (provider <> ''),
  -- Whom the provider asks: an answer of a contract server is never taken for one of the real thing.
  source text not null,
  query text not null check (query <> ''),
  location text,
  lat double precision check (lat between -90 and 90),
  lng double precision check (lng between -180 and 180),
  radius_m integer check (radius_m between 1 and 50000),
  options jsonb not null default '{}',
  max_results integer not null check (max_results between 1 and 100000),
  -- The budget: no request is sent beyond it.
  max_requests integer not null check (max_requests between 1 and 100000),
  request_price_usd numeric(12, 6) not null check (request_price_usd >= 0),
  cost_estimate_usd numeric(12, 6) not null check (cost_estimate_usd >= 0),
  state text not null default 'queued'
    check (state in ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
  -- Requests that were sent, whatever came of them.
  requests integer not null default 0,
  pages integer not null default 0,
  -- Results in the answers; places among them; places that the tenant did not have before.
  found integer not null default 0,
  stored integer not null default 0,
  new integer not null default 0,
  idempotency_key text,
  error_code text,
  error text,
  job_id uuid references jobs (id) on delete set null,
  cancel_requested_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (tenant_id, id),
  constraint place_searches_finished check ((state in ('queued', 'running')) = (finished_at is null)),
  constraint place_searches_error check ((error_code is null) = (error is null)),
  constraint place_searches_point check ((lat is null) = (lng is null)),
  constraint place_searches_counts check (found >= stored and stored >= new and requests <= max_requests)
);

create index place_searches_tenant on place_searches (tenant_id, id);
create index place_searches_job on place_searches (job_id) where job_id is not null;
create unique index place_searches_idempotency on place_searches (tenant_id, idempotency_key)
  where idempotency_key is not null;

-- The areas that a search asks for, one after the other; without edges: everywhere.
create table place_search_tiles (
  search_id uuid not null references place_searches (id) on delete cascade,
  ordinal integer not null,
  tenant_id uuid not null,
  south double precision,
  west double precision,
  north double precision,
  east double precision,
  depth integer not null default 0,
  state text not null default 'open' check (state in ('open', 'done', 'split')),
  -- What gets the next page; written in the transaction that stores the page before.
  next_page_token text,
  pages integer not null default 0,
  results integer not null default 0,
  primary key (search_id, ordinal)
);

create table places (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  provider text not null,
  source text not null,
  provider_place_id text not null,
  name text not null,
  address text,
  lat double precision,
  lng double precision,
  rating real,
  rating_count integer,
  price_level smallint,
  types text[] not null default '{}',
  phone text,
  website text,
  -- The user's.
  status text not null default 'New' check (status in ('New', 'Selected', 'Maybe', 'Not a fit', 'Archived')),
  -- The system's.
  processing text not null default 'pending' check (processing in ('pending', 'queued', 'done', 'failed')),
  raw jsonb not null,
  first_seen timestamptz not null default now(),
  fetched_at timestamptz not null default now(),
  unique (tenant_id, id),
  unique (tenant_id, provider, provider_place_id)
);

create index places_tenant_status on places (tenant_id, status, id);

create table search_places (
  search_id uuid not null references place_searches (id) on delete cascade,
  place_id uuid not null,
  tenant_id uuid not null,
  rank integer not null,
  page integer not null,
  tile integer not null,
  primary key (search_id, place_id),
  unique (search_id, rank),
  foreign key (tenant_id, place_id) references places (tenant_id, id) on delete cascade
);

create index search_places_place on search_places (place_id);

create table place_history (
  change_id uuid not null,
  place_id uuid not null,
  tenant_id uuid not null,
  at timestamptz not null default now(),
  from_status text not null,
  to_status text not null,
  -- The change that this one takes back.
  undoes uuid,
  primary key (change_id, place_id),
  foreign key (tenant_id, place_id) references places (tenant_id, id) on delete cascade
);

create index place_history_place on place_history (place_id, at);

-- Down Migration

drop table place_history;
drop table search_places;
drop table places;
drop table place_search_tiles;
drop table place_searches;
