import { plain, rows, type Row } from '../row.ts'

const prepared = [
  'prepare p (int) as select $1 + 1',
  "prepare hides as select set_config('app.tenant', 'x', false)",
  'prepare q as select a from t',
]
const locks = [
  'select pg_advisory_lock(1)',
  'select pg_advisory_lock_shared(2)',
  'select pg_advisory_lock(3, 4)',
  'select pg_advisory_lock_shared(5, 6)',
]
const held = ['declare c scroll cursor with hold for select a from t order by a']

/** Statements, channels, locks, cursors and whatever else lives in a session. */
export const sessions: readonly Row[] = [
  ...plain(
    'prepare {a|"A"|transaction} as {select 1|update u set a = a where false|values (1)}',
    'prepare a (int, text) as select $1, $2',
    'prepare a as insert into u values ($1::int)',
    'prepare a as with x as (select 1) select * from x',
    'prepare a as select pg_advisory_lock(1)',
    'prepare a as delete from u where a = 100',
  ),
  ...rows({ fails: '42601' }, "prepare a as set work_mem to '5MB'", 'prepare a as vacuum', 'prepare'),
  ...rows({ fails: '42P01' }, 'prepare a as select * from nowhere_#'),
  ...rows(
    { given: prepared },
    'execute {p(1)|q|hides}',
    'create {table|unlogged table} made_# as execute q',
    'explain {|analyze |(costs off) |(analyze, timing off) }execute p(1)',
    'deallocate {p|prepare q|all|prepare all|"hides"}',
  ),
  ...rows(
    { given: [...prepared, ...locks, ...held, 'listen a'], failsInside: '25001' },
    'discard all',
    'DISCARD /* plans */ ALL',
  ),
  ...rows({ fails: '26000' }, 'execute nothing(1)', 'deallocate nothing'),
  ...rows({ except: 'unchanged' }, 'deallocate all'),
  ...rows({ except: 'not-listed' }, 'discard plans'),
  ...rows({ except: 'unchanged' }, 'discard {temp|temporary|sequences}'),
  ...rows({ given: ['create temp table kept (a int)'] }, 'discard {temp|temporary}'),
  ...rows({ given: ["select nextval('counter')"] }, 'discard sequences'),
  ...plain("load 'auto_explain'"),
  ...rows({ given: ['select plain_block(1)'], except: 'unchanged' }, "load '$libdir/plpgsql'"),
  ...rows({ fails: '58P01' }, "load 'no_such_library'"),

  ...plain('listen {a|"A"|notify}', 'listen /* unlisten */ a'),
  ...rows({ given: ['listen a', 'listen b'] }, 'unlisten {a|*}'),
  ...rows({ given: ['listen a'], except: 'unchanged' }, 'listen a', 'unlisten b'),
  ...rows({ except: 'unchanged' }, 'unlisten {a|*}'),
  ...rows(
    { given: ['listen a'] },
    'select pg_listening_channels()',
    'select * from pg_catalog.pg_listening_channels()',
  ),
  ...plain(
    'notify a',
    "notify a, 'payload'",
    "select pg_notify('a', 'payload')",
    'select pg_notification_queue_usage()',
  ),
  ...rows({ fails: '42601' }, 'listen', "listen 'a'"),

  ...plain(
    'select pg_advisory_lock{|_shared}({1|1, 2})',
    'select pg_try_advisory_lock{|_shared}({1|1, 2})',
    'select {pg_catalog.|}"pg_advisory_lock"(hashtext(\'a\'))',
    'select U&"pg_advisory_\\006cock"(1)',
    'select pg_advisory_lock /* xact */ (1)',
    'select pg_advisory_lock(id) from t where id = 1',
    'select a from t where pg_try_advisory_lock(a) limit 1',
    'with x as (select pg_advisory_lock(1)) select 1 from x',
    'insert into u select 9 from (select pg_advisory_lock(1)) x',
    'select count(*) filter (where pg_try_advisory_lock(a)) from t',
    'select pg_advisory_lock(1), pg_advisory_xact_lock(2)',
    'select * from pg_try_advisory_lock(7) as got',
    'select 1 from t group by a having pg_try_advisory_lock(min(a)) limit 1',
    'create table made_# as select pg_try_advisory_lock(8) as a',
    'explain analyze select pg_advisory_lock(1)',
  ),
  ...rows(
    { given: locks },
    'select pg_advisory_unlock{(1)|(3, 4)}',
    'select pg_advisory_unlock_shared{(2)|(5, 6)}',
    'select pg_advisory_unlock_all()',
  ),
  ...rows({ except: 'unchanged' }, 'select pg_advisory_unlock{|_shared}({1|1, 2})', 'select pg_advisory_unlock_all ()'),
  ...plain(
    'select pg_advisory_xact_lock{|_shared}({1|1, 2})',
    'select pg_try_advisory_xact_lock{|_shared}({1|1, 2})',
    'select pg_catalog."pg_advisory_xact_lock"(1)',
    'select a from t where pg_try_advisory_xact_lock(a) limit 1',
    'with x as (select pg_advisory_xact_lock(1)) select 1 from x',
  ),
  ...plain(
    'select app.pg_advisory_lock(1)',
    'select my_advisory_lock(1)',
    "select 'pg_advisory_lock(1)' as text",
    'select 1 as pg_advisory_lock',
    'select x.pg_advisory_lock from (select 1 as pg_advisory_lock) x',
    "select count(*) from pg_locks where locktype = 'advisory'",
    "select has_function_privilege('pg_advisory_lock(bigint)', 'execute')",
  ),
  ...rows({ fails: '42883' }, 'select "PG_ADVISORY_LOCK"(1)', 'select pg_advisory_lock(true)'),

  ...plain(
    'declare c cursor with hold for select a from t',
    'declare c {scroll|no scroll|insensitive|binary} cursor with hold for select a from t',
    'declare "C" cursor with hold for values (1)',
    'declare c cursor with hold for select 1 for read only',
  ),
  ...rows(
    { failsAlone: '25P01' },
    'declare {c|"C"} cursor for select a from t',
    'declare c {binary|insensitive|scroll|no scroll} cursor without hold for select 1',
  ),
  ...rows(
    { failsAlone: '34000', within: ['declare c scroll cursor for select a from t order by a'] },
    'fetch {from c|1 from c|all in c|backward all from c|absolute 2 from c|prior from c}',
    'move {from c|2 from c|forward all from c}',
    'close c',
  ),
  ...rows(
    { failsAlone: '34000', within: ['declare "C" cursor for select a from t for update'] },
    'fetch "C"',
    'move "C"',
  ),
  ...rows(
    { failsAlone: '34000', within: ['declare r cursor for select * from u for update', 'fetch r'] },
    "update u set b = 'current' where current of r",
    'delete from u where current of r',
  ),
  ...rows({ except: 'unchanged' }, 'close all'),
  ...rows(
    { failsAlone: '34000', within: ['declare c cursor for select a from t'] },
    "select cursor_to_xml('c', 1, true, false, '')",
    "select cursor_to_xmlschema('c', true, false, '')",
  ),
  ...rows({ fails: '34000' }, 'fetch from nowhere', 'close nowhere', 'move nowhere'),
  ...rows({ given: held, except: 'held-cursor' }, 'close {c|all}'),
  ...rows({ given: held, except: 'held-cursor-read' }, 'fetch from c', 'move 2 from c'),

  ...rows({ failsAlone: '25P01' }, 'lock {|table }{t|only t|t, u} {|in share mode|in access exclusive mode nowait}'),
  ...rows({ failsAlone: '25P01', failsInside: '42P01' }, 'lock table nowhere_#'),
]
