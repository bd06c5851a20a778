import { plain, rows, type Row } from '../row.ts'

/** A prepared transaction outlives its session, and cannot be ended in a transaction. */
const rollbackAll = "rollback prepared 'oracle'"

/** Transaction control, savepoints, two-phase commit, and texts of several statements. */
export const transactions: readonly Row[] = [
  ...plain(
    'begin{| work| transaction| isolation level serializable| isolation level repeatable read, read only| transaction read write| deferrable}',
    'start transaction{| isolation level read committed| read only| isolation level serializable, read only, deferrable}',
    '/* commit */ begin -- rollback',
  ),
  ...plain('{commit|end|rollback|abort}{| work| transaction}', '{commit|rollback} and no chain', 'end /* begin */'),
  ...rows(
    { failsAlone: '25P01' },
    '{commit|rollback|end|abort} and chain',
    '{commit work|rollback transaction} and chain',
  ),
  ...rows({ failsAlone: '25P01' }, 'savepoint {a|"A"|prepared}'),
  ...rows(
    { failsAlone: '25P01', within: ['savepoint a', 'update u set a = a'] },
    'release{| savepoint} a',
    'rollback{| work| transaction} to{| savepoint} a',
  ),
  ...rows({ failsAlone: '25P01', failsInside: '3B001' }, 'release nowhere', 'rollback to nowhere'),
  // Alone it is answered with ROLLBACK and a warning.
  ...rows({ within: ['update u set a = a'], undo: [rollbackAll] }, "prepare transaction 'oracle'"),
  ...rows({ failsAlone: '42704', failsInside: '25001' }, "commit prepared 'nothing'", "rollback prepared 'nothing'"),
  ...rows(
    { fails: '42601' },
    'begin isolation level',
    'commit now',
    'savepoint',
    'start',
    'prepare transaction oracle',
    'release',
  ),

  // One text that is a transaction of its own.
  ...plain(
    "begin; set local work_mem to '5MB'; commit",
    'begin; select pg_advisory_xact_lock(1); select 1; commit',
    'begin; declare c cursor for select a from t; fetch all from c; commit',
    'begin; create temp table brief (a int) on commit drop; insert into brief values (1); commit',
    'begin; savepoint a; update u set a = a; rollback to a; commit',
    'begin; lock table t; update t set a = a; end',
    'begin isolation level serializable; select 1; rollback',
    'start transaction; set constraints all deferred; commit;',
    'select 1; select 2',
    'select 1;',
    '; select 1 ;;',
    "begin; set local work_mem to '5MB'; set work_mem to '6MB'; commit",
    "set work_mem to '5MB'; select 1; reset work_mem",
    'begin; select 1',
    'select 1; commit',
    'begin; commit; begin',
    'begin; select pg_advisory_lock(1); commit',
    "set local work_mem to '5MB'; select 1",
    'select pg_advisory_xact_lock(1); select 1',
    'lock table t; select 1',
    'declare c cursor for select a from t; fetch c',
    'create temp table brief (a int) on commit drop; insert into brief values (1)',
    'select 1; listen a',
    'begin; commit and chain',
    "begin; select set_config('app.tenant', 'x', false); rollback",
    'insert into u values (4); update u set a = 5 where a = 4; delete from u where a = 5',
  ),
  ...rows({ failsAlone: '25P01' }, 'select 1; savepoint a'),
  ...rows({ failsInside: '25001', failsAlone: '25001' }, 'select 1; vacuum u', 'begin; vacuum u; commit'),
]
