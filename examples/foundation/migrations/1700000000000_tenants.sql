-- Up Migration

create table tenants (
  id uuid primary key,
  name text not null unique check (name <> ''),
  created_at timestamptz not null default now()
);

-- Down Migration

drop table tenants;
