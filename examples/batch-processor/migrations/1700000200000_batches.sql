-- Up Migration

create table domain_batches (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  -- Names the processor of its items.
  kind text not null check (kind <> ''),
  name text,
  options jsonb not null default '{}',
  max_concurrent integer not null check (max_concurrent between 1 and 1000),
  max_per_domain integer not null check (max_per_domain between 1 and 1000),
  item_timeout_ms integer not null check (item_timeout_ms between 1 and 3600000),
  max_attempts integer not null check (max_attempts between 1 and 100),
  retry_delay_ms integer not null check (retry_delay_ms between 0 and 86400000),
  webhook_url text,
  idempotency_key text,
  -- Of what was asked for under the key; null when it was streamed.
  request_digest text,
  -- How many items are in each state: changed by the statement that changes the items, and by no other.
  total integer not null default 0,
  queued integer not null default 0,
  running integer not null default 0,
  succeeded integer not null default 0,
  failed integer not null default 0,
  cancelled integer not null default 0,
  lines_invalid integer not null default 0,
  lines_duplicate integer not null default 0,
  -- No item can be added any more: the batch can be run, and ends with its last item.
  sealed boolean not null default false,
  -- How often it was begun: retrying failed items begins it anew.
  round integer not null default 1,
  -- The job that works on it, or did last.
  job_id uuid references jobs (id) on delete set null,
  -- That job has not left it: a run says so in the transaction in which it finds nothing more to do.
  worked boolean not null default false,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  paused_at timestamptz,
  cancel_requested_at timestamptz,
  -- Time between the start and now in which it was paused, or had ended.
  idle_ms bigint not null default 0,
  -- What its items say; PostgreSQL computes it, so nobody can write another.
  state text not null generated always as (
    case
      when not sealed then 'queued'
      when queued + running > 0 and paused_at is not null then 'paused'
      when queued + running > 0 and (running > 0 or queued < total) then 'running'
      when queued + running > 0 then 'queued'
      when cancelled > 0 or total = 0 then 'cancelled'
      when succeeded = total then 'succeeded'
      when succeeded > 0 then 'partial'
      else 'failed'
    end
  ) stored,
  unique (tenant_id, id),
  constraint domain_batches_counts check (
    total = queued + running + succeeded + failed + cancelled
    and least(queued, running, succeeded, failed, cancelled, lines_invalid, lines_duplicate) >= 0
  ),
  constraint domain_batches_finished check ((finished_at is not null) = (sealed and queued + running = 0))
);

-- the history, newest first, with and without a filter by state
create index domain_batches_tenant on domain_batches (tenant_id, id);
create index domain_batches_tenant_state on domain_batches (tenant_id, state, id);
create unique index domain_batches_idempotency on domain_batches (tenant_id, idempotency_key)
  where idempotency_key is not null;
-- batches that nobody may be working on
create index domain_batches_open on domain_batches (id) where sealed and finished_at is null;
create index domain_batches_job on domain_batches (job_id) where job_id is not null;

create table domain_batch_items (
  batch_id uuid not null,
  -- The line of the input.
  ordinal integer not null check (ordinal >= 1),
  tenant_id uuid not null,
  input text not null,
  host text not null check (host <> ''),
  -- The registrable domain: hosts under it are somebody's same server more often than not.
  domain text not null check (domain <> ''),
  state text not null default 'queued'
    check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  -- How often it was claimed: the fencing token of the run that holds it.
  attempts integer not null default 0,
  -- Runs that failed since it was queued by a person.
  failures integer not null default 0,
  -- Runs whose worker was lost.
  losses integer not null default 0,
  result jsonb,
  error_code text,
  error text,
  job_id uuid references jobs (id) on delete set null,
  -- The run that holds it.
  runner uuid,
  lease_expires_at timestamptz,
  -- Not to be run before this.
  not_before timestamptz,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (batch_id, ordinal),
  constraint domain_batch_items_host unique (batch_id, host),
  foreign key (tenant_id, batch_id) references domain_batches (tenant_id, id) on delete cascade,
  constraint domain_batch_items_held check ((state = 'running') = (runner is not null)),
  constraint domain_batch_items_leased check ((state = 'running') = (lease_expires_at is not null)),
  constraint domain_batch_items_ended check ((state in ('queued', 'running')) = (finished_at is null)),
  constraint domain_batch_items_error check ((error_code is null) = (error is null)),
  constraint domain_batch_items_outcome check (
    case state when 'succeeded' then error_code is null when 'failed' then error_code is not null else true end
  )
);

-- claiming; listing and retrying by state
create index domain_batch_items_state on domain_batch_items (batch_id, state, ordinal);
create index domain_batch_items_job on domain_batch_items (job_id) where job_id is not null;

-- Failed items by the word of their error: changed by the statement that changes the items.
create table domain_batch_errors (
  batch_id uuid not null references domain_batches (id) on delete cascade,
  tenant_id uuid not null,
  error_code text not null,
  items integer not null check (items >= 0),
  primary key (batch_id, error_code)
);

-- Lines of the input that became no item.
create table domain_batch_rejects (
  batch_id uuid not null,
  line integer not null check (line >= 1),
  tenant_id uuid not null,
  input text not null,
  verdict text not null check (verdict in ('invalid', 'duplicate')),
  reason text not null,
  primary key (batch_id, line),
  foreign key (tenant_id, batch_id) references domain_batches (tenant_id, id) on delete cascade
);

-- Down Migration

drop table domain_batch_rejects;
drop table domain_batch_errors;
drop table domain_batch_items;
drop table domain_batches;
