import { plain, rows, type Row } from '../row.ts'

const next = ["select nextval('counter')"]
const connected = ["select dblink_connect('c', self())"]

/** Slots that are not temporary belong to the server, and there are only a few. */
const dropSlots = ['select pg_drop_replication_slot(slot_name) from pg_replication_slots where not temporary']

/** Functions of the table that are neither settings nor locks, and functions that are not in it. */
export const functions: readonly Row[] = [
  ...rows(
    { given: next },
    'select {currval|pg_catalog.currval|"currval"}(\'counter\')',
    "select currval('public.counter'::regclass)",
    'select {lastval|LASTVAL|pg_catalog.lastval}()',
    'insert into u select lastval()',
  ),
  ...rows(
    { fails: '55000' },
    "select currval('counter') + 1",
    'select lastval() + 1',
    "insert into u values (currval('counter'))",
  ),
  ...rows(
    { except: 'last-value' },
    "select nextval('counter')",
    "select setval('counter', 50)",
    'insert into numbered (a) values (1){| returning id}',
    'insert into identified (a) values (1), (2)',
    "select pg_catalog.nextval('public.counter')",
    "select nextval(pg_get_serial_sequence('numbered', 'id'))",
  ),
  ...plain(
    'select last_value from counter',
    "select app.currval('counter')",
    'select app.lastval()',
    'alter sequence counter restart',
    'select * from pg_sequences',
    "select pg_sequence_last_value('counter')",
  ),

  ...rows(
    { shownBy: 'select random()' },
    'select setseed({0.25|-0.5|0})',
    'set seed to {0.25|0.75}',
    'select pg_catalog.setseed(0.125)',
    'set session seed = 0.5',
    "select set_config('seed', '0.4', false)",
  ),
  ...plain(
    'select random()',
    'select app.setseed(1)',
    'select gen_random_uuid() is not null',
    'select a from t order by random()',
    'select * from t tablesample bernoulli (50) repeatable (7)',
  ),

  ...rows(
    { given: ['create temp table kept (a int)'] },
    'select pg_my_temp_schema()',
    'select pg_catalog.pg_my_temp_schema() <> 0',
  ),
  ...plain(
    'select pg_backend_pid() > 0',
    'select pg_is_other_temp_schema(0)',
    'select pg_cancel_backend(0)',
    'select pg_terminate_backend(0)',
    'select pid from pg_stat_activity limit 0',
    'select pg_blocking_pids(1)',
    'select txid_current() > 0',
    'select pg_current_xact_id() is null',
  ),

  ...rows(
    { shownBy: 'select lsn is not null from pg_backup_stop(false)' },
    "select pg_backup_start('oracle', true) is not null",
  ),
  ...rows({ given: ["select pg_backup_start('oracle', true)"] }, 'select lsn is not null from pg_backup_stop(false)'),
  ...rows({ fails: '42883' }, "select pg_start_backup('a')", 'select pg_stop_backup()'),
  ...plain("select pg_replication_origin_session_setup('origin')"),
  ...rows(
    { given: ["select pg_replication_origin_session_setup('origin')"] },
    'select pg_replication_origin_session_reset()',
    'select pg_replication_origin_session_is_setup()',
    'select pg_replication_origin_session_progress(false)',
    "select pg_replication_origin_xact_setup('0/1', now())",
  ),
  ...rows({ except: 'not-listed' }, 'select pg_replication_origin_xact_reset()'),
  ...plain("select pg_replication_origin_oid('origin') is not null"),
  ...rows({ undo: ["select pg_replication_origin_drop('made')"] }, "select pg_replication_origin_create('made') > 0"),

  ...plain('select set_limit(0.5)', 'select public.set_limit(0.6)'),
  ...rows({ except: 'library' }, "select show_trgm('word')"),
  ...rows({ fails: '42883' }, 'select set_limit(1, 2)'),

  ...plain(
    "select dblink_connect('c', self())",
    "select dblink_connect_u('d', self())",
    "select public.dblink_connect('e', self())",
  ),
  ...rows({ shownBy: "select * from dblink('select 1') as t(a int)" }, 'select dblink_connect(self())'),
  ...rows(
    { given: connected },
    "select dblink_disconnect('c')",
    "select dblink_open('c', 'cursor', 'select 1')",
    "select dblink_send_query('c', 'select 1')",
    "select dblink_is_busy('c')",
    "select dblink_error_message('c')",
    "select dblink_cancel_query('c')",
    'select dblink_get_connections()',
    "select * from dblink_get_notify('c')",
  ),
  ...rows(
    { given: [...connected, "select dblink_open('c', 'cursor', 'select 1')"] },
    "select * from dblink_fetch('c', 'cursor', 1) as x(a int)",
    "select dblink_close('c', 'cursor')",
  ),
  ...rows(
    { given: [...connected, "select dblink_send_query('c', 'select 1')"] },
    "select * from dblink_get_result('c') as x(a int)",
  ),
  ...plain(
    "select * from dblink(self(), 'select 1') as x(a int)",
    "select dblink_exec(self(), 'update u set a = a where false')",
  ),
  ...rows(
    { except: 'foreign-table' },
    'select a from far',
    'insert into far values (8)',
    'delete from far where a = 8',
  ),
  ...rows(
    { given: ['select a from far'] },
    "select postgres_fdw_disconnect('loopback')",
    'select postgres_fdw_disconnect_all()',
    'select server_name from postgres_fdw_get_connections()',
  ),

  ...plain(
    "select slot_name from pg_create_physical_replication_slot('kept_#', false, {true|1 = 1|immediately_reserve})".replace(
      '|immediately_reserve',
      '',
    ),
  ),
  ...plain(
    "select slot_name from pg_create_physical_replication_slot('kept_#', temporary => true)",
    "select slot_name from pg_create_logical_replication_slot('kept_#', 'pgoutput', true)",
  ),
  ...rows(
    {
      undo: dropSlots,
    },
    "select slot_name from pg_create_physical_replication_slot('made_#'{|, false|, true, false|, temporary => false})",
    "select slot_name from pg_create_logical_replication_slot('made_#', 'pgoutput'{|, false})",
  ),

  ...rows(
    { given: ["select pg_create_physical_replication_slot('made_source', true)"], undo: dropSlots },
    "select slot_name from pg_copy_physical_replication_slot('made_source', 'kept_#', true)",
  ),
  ...rows(
    { given: ["select pg_create_logical_replication_slot('made_source', 'pgoutput')"], undo: dropSlots },
    "select slot_name from pg_copy_logical_replication_slot('made_source', 'kept_#', true)",
  ),
  ...plain('select pg_export_snapshot() is not null', "select pg_catalog.pg_export_snapshot() > ''"),
  ...rows(
    { failsAlone: '0A000', failsInside: '22023', within: ['set transaction isolation level repeatable read'] },
    "set transaction snapshot 'nothing'",
  ),

  ...plain(
    'select lo_create(0) > 0',
    "select lo_from_bytea(0, 'x') > 0",
    'select lo_creat(-1) > 0',
    'select lo_get(4242)',
    "select lo_put(4242, 0, 'x')",
    'select lo_unlink(lo_create(0))',
  ),
  ...rows({ except: 'not-listed' }, 'select lo_open(lo_create(0), {131072|393216})'),
  ...rows(
    { within: ['select lo_open(lo_create(0), 393216)'], failsAlone: '42704' },
    'select loread(0, 10)',
    "select lowrite(0, 'x')",
    'select lo_lseek(0, 0, 0)',
    'select lo_lseek64(0, 0, 0)',
    'select lo_tell(0)',
    'select lo_tell64(0)',
    'select lo_truncate(0, 1)',
    'select lo_truncate64(0, 1)',
    'select lo_close(0)',
  ),

  // They run what they are given as a value.
  ...plain(
    "select query_to_xml('select 1', true, false, '')",
    "select query_to_xml('select set_config(''app.hidden'', ''x'', false)', true, false, '')",
    "select query_to_xmlschema('select 1', true, false, '')",
    "select * from ts_stat('select to_tsvector(b) from t')",
    "select query_to_xml_and_xmlschema('select pg_advisory_lock(9)', true, false, '')",
  ),
]
