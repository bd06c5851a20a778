-- Up Migration

-- getActivity: what ended lately, read from the index alone
create index jobs_tenant_finished on jobs (tenant_id, finished_at)
  include (state, started_at, worker, error_code, heartbeat_at) where finished_at is not null;

-- Down Migration

drop index jobs_tenant_finished;
