-- Up Migration

create table batches (
  id uuid primary key,
  tenant_id uuid not null references tenants (id),
  kind text not null check (kind <> ''),
  options jsonb not null default '{}',
  state text not null default 'queued'
    check (state in ('queued', 'running', 'succeeded', 'partial', 'failed', 'cancelled')),
  -- No job can be added any more: the batch ends with its last job.
  sealed boolean not null default false,
  error_code text,
  error text,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  unique (tenant_id, id),
  constraint batches_finished check ((state in ('queued', 'running')) = (finished_at is null)),
  constraint batches_error check ((error_code is null) = (error is null))
);

-- listBatches, newest first
create index batches_tenant on batches (tenant_id, id);
-- batches that may have to be advanced after a crash
create index batches_open on batches (id) where finished_at is null;
-- retention
create index batches_finished_at on batches (finished_at, id) where finished_at is not null;

create table jobs (
  id uuid primary key,
  public_id text not null unique,
  tenant_id uuid not null references tenants (id),
  type text not null check (type ~ '^[a-z][a-z0-9._-]{0,62}$'),
  state text not null default 'queued'
    check (state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  payload jsonb not null,
  result jsonb,
  error_code text,
  error text,
  progress_done bigint not null default 0,
  progress_total bigint,
  -- How often the job was claimed. It names the run that holds the job: the fencing token.
  attempt integer not null default 0,
  -- Runs that failed or were lost since the job was queued by a person. Runs that were handed back do not count.
  failures integer not null default 0,
  max_attempts integer not null,
  priority integer not null default 0,
  dedupe_key text,
  domain text,
  parent_batch_id uuid,
  worker text,
  cancel_requested_at timestamptz,
  scheduled_at timestamptz,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  heartbeat_at timestamptz,
  -- The worker has to be heard of before this, or the job is taken from it.
  lease_expires_at timestamptz,
  foreign key (tenant_id, parent_batch_id) references batches (tenant_id, id),
  constraint jobs_attempts check (max_attempts >= 1 and failures between 0 and attempt),
  constraint jobs_progress check (progress_done >= 0 and (progress_total is null or progress_done <= progress_total)),
  constraint jobs_finished check ((state in ('queued', 'running')) = (finished_at is null)),
  constraint jobs_leased check ((state = 'running') = (lease_expires_at is not null)),
  constraint jobs_worked check (state <> 'running' or (worker is not null and attempt >= 1)),
  constraint jobs_error check ((error_code is null) = (error is null)),
  constraint jobs_outcome check (
    case state when 'succeeded' then error_code is null when 'failed' then error_code is not null else true end
  )
);

-- listJobs without a filter and by state; getRecentJobs; getPendingJobs
create index jobs_tenant on jobs (tenant_id, id);
create index jobs_tenant_state on jobs (tenant_id, state, id);
create index jobs_tenant_type on jobs (tenant_id, type, id);
create index jobs_tenant_domain on jobs (tenant_id, domain, id) where domain is not null;
-- getJobsForBatch; the counts of a batch
create index jobs_batch on jobs (parent_batch_id, state, id) where parent_batch_id is not null;
-- one live job for each key
create unique index jobs_dedupe on jobs (tenant_id, type, dedupe_key)
  where dedupe_key is not null and state in ('queued', 'running');
-- lost workers
create index jobs_lease on jobs (lease_expires_at) where state = 'running';
-- jobs without a delivery
create index jobs_queued on jobs (id) where state = 'queued';
-- retention
create index jobs_finished_at on jobs (finished_at, id) where finished_at is not null;

create table job_events (
  job_id uuid not null references jobs (id) on delete cascade,
  id bigint generated always as identity,
  tenant_id uuid not null,
  at timestamptz not null default now(),
  from_state text check (from_state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  to_state text not null check (to_state in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  reason text not null,
  worker text,
  attempt integer not null,
  primary key (job_id, id),
  -- The state machine, once more, where nobody can go around it.
  constraint job_events_transition check (
    (from_state is null and to_state = 'queued')
    or (from_state = 'queued' and to_state in ('running', 'cancelled'))
    or (from_state = 'running' and to_state in ('running', 'succeeded', 'failed', 'cancelled', 'queued'))
    or (from_state = 'failed' and to_state = 'queued')
  )
);

-- Down Migration

drop table job_events;
drop table jobs;
drop table batches;
