-- Up Migration

-- What was answered to a request that bore an Idempotency-Key. The row commits with the work of the request.
create table api_idempotency_keys (
  tenant_id uuid not null references tenants (id) on delete cascade,
  key text not null check (length(key) between 1 and 200),
  -- Of this use of the key: a stale key that is used again is another one.
  id uuid not null unique,
  -- SHA-256 of what was asked for; null while a streamed body is being read.
  fingerprint bytea check (octet_length(fingerprint) = 32),
  -- The answer; null while the request is under way.
  status integer check (status between 200 and 299),
  location text,
  body text,
  created_at timestamptz not null default now(),
  -- A streamed request has to be heard of before this, or its key can be taken over.
  held_until timestamptz,
  expires_at timestamptz not null,
  primary key (tenant_id, key),
  constraint api_idempotency_keys_answered check ((status is null) = (fingerprint is null)),
  constraint api_idempotency_keys_held check ((status is null) = (held_until is not null))
);

create index api_idempotency_keys_expiry on api_idempotency_keys (expires_at);

-- Down Migration

drop table api_idempotency_keys;
