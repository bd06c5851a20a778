import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler } from '../../src/index.ts'
import { RawClient, send } from '../raw-client.ts'

const routines = `
create table item (id serial primary key, name text);
create table locked (id int);
create table briefly_locked (id int);
create function set_setting() returns void language plpgsql as $$ begin perform set_config('work_mem', '7MB', false); end $$;
create function set_in_execute() returns void language plpgsql as $$ begin execute 'set hidden.user_id = ''7'''; end $$;
create function make_temp() returns void language plpgsql as $$ begin create temp table kept (id int); end $$;
create function make_temp_for_transaction() returns void language plpgsql as
  $$ begin create temp table dropped (id int) on commit drop; end $$;
create function lock_session() returns trigger language plpgsql as $$ begin perform pg_advisory_lock(77); return new; end $$;
create trigger lock_session before insert on locked for each row execute function lock_session();
create function lock_transaction() returns trigger language plpgsql as
  $$ begin perform pg_advisory_xact_lock(78); return new; end $$;
create trigger lock_transaction before insert on briefly_locked for each row execute function lock_transaction();
create function change_role() returns void language plpgsql as $$ begin execute 'set role pg_monitor'; end $$;
create function as_definer() returns text language plpgsql security definer set search_path = pg_catalog as
  $$ begin return current_setting('search_path'); end $$;
create function definer_that_sets() returns void language plpgsql security definer as
  $$ begin set search_path = pg_catalog, public; end $$;
create function prepare_inside() returns void language plpgsql as $$ begin execute 'prepare inside as select 1'; end $$;
create function undone() returns int language plpgsql as
  $$ begin begin perform set_config('lock_timeout', '3s', false); raise exception 'x'; exception when others then return 1; end; end $$;
`

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(routines)
    await client.end()
  },
})

/** Runs texts one by one as a client of its own pooler; answers what it is charged with, hazard and residue. */
async function charges(texts: readonly string[]): Promise<string[]> {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, seed: 1, audit: 'every' })
  const client = await RawClient.connect(pooler.url)
  for (const text of texts) expect((await client.ask(send.query(text))).errors).toEqual([])
  await client.end()
  await pooler.settle()
  return pooler.violations().map(({ hazard, residue }) => (residue ? `${hazard}: ${residue.name}` : hazard))
}

describe('what is hidden in routines, triggers and DO is found by what it leaves', () => {
  test.for([
    ['select set_setting()', 'work_mem'],
    ['select set_in_execute()', 'hidden.user_id'],
    ['select make_temp()', 'kept'],
    ['insert into locked values (1)', '77'],
    ['select change_role()', 'pg_monitor'],
    ['select definer_that_sets()', 'search_path'],
    ['select prepare_inside()', 'inside'],
    ['do $$ begin listen news; end $$', 'news'],
    ['do $$ begin create temp table made (id int); end $$', 'made'],
    [`do $$ begin set work_mem = '9MB'; end $$`, 'work_mem'],
    ['do $$ begin perform pg_advisory_lock(5); end $$', '5'],
  ] as const)('%s', async ([text, residue]) => {
    expect(await charges([text])).toEqual([`hidden-in-routine: ${residue}`])
  })
})

describe('what ends with its transaction is charged to nobody', () => {
  test.for([
    ['select make_temp_for_transaction()'],
    ['insert into briefly_locked values (1)'],
    ['select as_definer()'],
    ['select undone()'],
    [`do $$ begin set local work_mem = '9MB'; end $$`],
    ['begin; select pg_advisory_lock(6); select pg_advisory_unlock(6); commit'],
    ['begin; declare c cursor with hold for select 1; close c; commit'],
    ['begin; select lo_open(lo_create(0), 131072); commit'],
    ['begin; create temp table z (id int); drop table z; commit'],
    [`begin; set work_mem = '3MB'; reset work_mem; commit`],
    ['begin', `set local role pg_monitor`, 'select 1', 'commit'],
    ['begin', 'savepoint a', `insert into item (name) values ('a')`, 'rollback to a', 'commit'],
    ['create materialized view m as select 1 as a', 'refresh materialized view m', 'drop materialized view m'],
    [`-- set work_mem\nselect 'set role x; listen y'`],
  ])('%s', async (texts) => {
    expect(await charges(texts)).toEqual([])
  })
})

describe('large objects, temporary objects, custom settings and migrations', () => {
  test.for([
    ['declare c cursor with hold for select 1', 'with-hold-cursor: c'],
    ['select lo_open(lo_create(0), 131072)', 'large-objects'],
    ['create temp view v as select 1', 'temp-table: v'],
    [`create function pg_temp.f() returns int language sql as 'select 1'`, 'temp-table: f'],
    ['select 1 as a into temp t', 'temp-table: t'],
    ['create table pg_temp.x (id int)', 'temp-table: x'],
    [`with x as (select 'cte.name'::text n) select set_config(n, 'v', false) from x`, 'set-config-session: cte.name'],
    [`select set_config('APP.Tenant', 'q', false)`, 'set-config-session: app.tenant'],
  ] as const)('%s', async ([text, charge]) => {
    expect(await charges([text])).toEqual([charge])
  })

  test('a preamble of pg_dump is charged statement by statement, and not for what it sets to the usual', async () => {
    expect(
      await charges([
        'set statement_timeout = 0',
        'set lock_timeout = 0',
        `set client_encoding = 'UTF8'`,
        'set standard_conforming_strings = on',
        `select pg_catalog.set_config('search_path', '', false)`,
        'set check_function_bodies = false',
        'set row_security = off',
      ]),
    ).toEqual(['session-set: search_path', 'dangerous-guc: check_function_bodies', 'dangerous-guc: row_security'])
  })
})
