/** The objects that the statements of the corpus use, in each of the two databases. */
export const fixtures = `
create table t (id int primary key, a int, b text);
insert into t select n, n, 'row ' || n from generate_series(1, 5) n;
create table u (a int, b text);
insert into u values (1, 'one'), (2, 'two');
create table parent (id int primary key);
create table child (id int, parent int constraint child_parent references parent deferrable initially immediate);
insert into parent values (1);
create table numbered (id serial primary key, a int);
create table identified (id int generated always as identity primary key, a int);
create table parts (a int) partition by range (a);
create table parts_1 partition of parts for values from (0) to (10);
create index t_a on t (a);
cluster t using t_pkey;
create view v as select a, b from t;
create materialized view mv as select a from t;
create unique index mv_a on mv (a);
create sequence counter;
select lo_from_bytea(4242, 'abc');
create schema app;
create type mood as enum ('good', 'bad');

create function plus_one(n int) returns int language sql immutable as 'select n + 1';
create function plain_block(n int) returns int language plpgsql as 'begin return n; end';
create function careful() returns text language sql set app.x = 'inside' as $$ select current_setting('app.x') $$;
create function app.set_config(a text, b text, c boolean) returns text language sql as 'select a || b';
create function app.pg_advisory_lock(n int) returns int language sql as 'select n';
create function app.currval(name text) returns int language sql as 'select 1';
create function app.lastval() returns int language sql as 'select 1';
create function app.setseed(n int) returns int language sql as 'select n';
create function my_advisory_lock(n int) returns int language sql as 'select n';

create function hide_setting() returns text language sql as $$ select set_config('app.hidden', 'x', false) $$;
create function hide_lock(n bigint) returns void language sql as $$ select pg_advisory_lock(n) $$;
create function hide_role() returns void language plpgsql as $$ begin set role oracle_role; end $$;
create function hide_table() returns void language plpgsql as $$ begin create temp table concealed (a int); end $$;
create function hide_channel() returns void language plpgsql as $$ begin listen concealed; end $$;
create function hide_locally() returns text language sql as $$ select set_config('app.hidden', 'x', true) $$;
create view hidden_view as select hide_setting() as a;
create table hidden_default (a text default hide_setting(), b int);
create table hidden_trigger (a int);
create function hidden_trigger() returns trigger language plpgsql as
  $$ begin perform set_config('app.hidden', 'x', false); return new; end $$;
create trigger hidden_trigger before insert on hidden_trigger for each row execute function hidden_trigger();
create table hidden_rule (a int);
create rule hidden_rule as on insert to hidden_rule do also select hide_setting();
create table hidden_policy (a int);
insert into hidden_policy values (1);
alter table hidden_policy add check (hide_setting() = 'x') not valid;
create domain hidden_domain as int check (hide_setting() = 'x');
create function hidden_cast(n mood) returns int language sql as $$ select length(hide_setting()) $$;
create cast (mood as int) with function hidden_cast(mood);
create function hidden_operator(a int, b int) returns boolean language sql as $$ select hide_setting() = 'x' $$;
create operator ~~~~ (leftarg = int, rightarg = int, function = hidden_operator);

create procedure harmless() language sql as $$ select 1 $$;
create procedure harmful() language sql as $$ select set_config('app.hidden', 'x', false) $$;
create procedure committing() language plpgsql as $$ begin commit; end $$;

create extension dblink;
create extension postgres_fdw;
create extension pg_trgm;
`

/** What needs to know where the database is: a foreign table and connection strings that lead back to it. */
export function loopback(url: string): string {
  const { hostname, port, username, password, pathname } = new URL(url)
  const quoted = (text: string): string => `'${decodeURIComponent(text).replaceAll("'", "''")}'`
  const parts = [
    ['host', hostname],
    ['port', port],
    ['user', username],
    ['password', password],
    ['dbname', pathname.slice(1)],
  ] as const
  const conninfo = parts.map(([name, value]) => `${name}=${decodeURIComponent(value)}`).join(' ')
  return `
create or replace function self() returns text language sql as ${quoted(`select ${quoted(conninfo)}`)};
create server loopback foreign data wrapper postgres_fdw
  options (host ${quoted(hostname)}, port ${quoted(port)}, dbname ${quoted(pathname.slice(1))});
create user mapping for public server loopback options (user ${quoted(username)}, password ${quoted(password)});
create foreign table far (a int, b text) server loopback options (table_name 'u');
grant all on large object 4242 to public;
grant usage on all sequences in schema public to public;
grant execute on function pg_catalog.pg_ls_dir(text), pg_catalog.pg_replication_origin_session_is_setup() to public;
`
}
