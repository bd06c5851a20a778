-- Up Migration

-- What a token is, only who has it knows: here is its SHA-256. 32 random bytes need no slow hash.
create table api_tokens (
  id uuid primary key,
  tenant_id uuid not null references tenants (id) on delete cascade,
  name text not null check (name <> ''),
  secret_hash bytea not null unique check (octet_length(secret_hash) = 32),
  scopes text[] not null check (cardinality(scopes) > 0),
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);

create index api_tokens_of_tenant on api_tokens (tenant_id, id);

-- Down Migration

drop table api_tokens;
