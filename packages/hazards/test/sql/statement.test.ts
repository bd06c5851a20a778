import { describe, expect, it } from 'vitest'
import { analyzeUncached } from '../../src/sql/analyze.ts'
import { statementRules, type StatementKind } from '../../src/sql/table.ts'
import { facts, unmarked } from './marked.ts'

const leaks = 'session session-set'
const dangerous = 'session dangerous-guc'
const local = 'tx set-local-outside-tx'
const temporary = 'session temp-table'
const outside = 'safe long-statements'

describe('settings', () => {
  facts([
    ["set «work_mem» = '1GB'", leaks],
    ['set «work_mem» to default', leaks],
    ['SET «Work_Mem» TO 1', leaks],
    ['set session «work_mem» = 1', leaks],
    ['set «app.tenant» = 1', leaks],
    ['set «"App"."Tenant"» = 1', leaks],
    ['set «local.x» = 1', leaks],
    ['set «session.x» = 1', leaks],
    ['set «local» = 1', leaks],
    ['set «"local"» = 1', leaks],
    ['set session «characteristics» = 1', leaks],
    ['set «work_mem» from current', leaks],
    ["set «time zone» 'UTC'", leaks, dangerous],
    ["set local «time zone» 'UTC'", local],
    ["set «names» 'utf8'", leaks, dangerous],
    ["set «schema» 'x'", leaks, dangerous],
    ['set «xml option» document', leaks, dangerous],
    ['set «search_path» = a, b', leaks, dangerous],
    ['set «"search_path"» = a, b', leaks, dangerous],
    [String.raw`set «U&"search\005fpath"» = a`, leaks, dangerous],
    ['set session «search_path» to a', leaks, dangerous],
    ['set «session_replication_role» = replica', leaks, dangerous],
    ['set local «session_replication_role» = replica', local, 'safe dangerous-guc'],
    ['set local «search_path» = a', local],
    ['set local «app.tenant» = 1', local],
    ['set «role» admin', 'session set-role'],
    ['set «role» = admin', 'session set-role'],
    ['set session «role» none', 'session set-role'],
    ['set local «role» admin', local],
    ['set «session authorization» admin', 'session set-role'],
    ['set session «session authorization» admin', 'session set-role'],
    ['set «session_authorization» = admin', 'session set-role'],
    ['set local «session authorization» admin', local],
    ['set «seed» = 0.5', 'session load-and-libs'],
    ['set «session characteristics» as transaction read only', 'session session-characteristics'],
    ['set «default_transaction_isolation» = serializable', 'session session-characteristics', dangerous],
    ['«set transaction» read only', local],
    ['«set local transaction» read only', local],
    ["«set transaction» snapshot 'x'", 'tx snapshot-export'],
    ['«set constraints» all deferred', 'tx set-constraints'],
    ['set «constraints» = 1', leaks],
    ['set «transaction.x» = 1', leaks],
    ['reset «work_mem»', leaks],
    ['reset «all»', leaks],
    ['reset «app.tenant»', leaks],
    ['reset «time zone»', leaks],
    ['reset «transaction_isolation»', leaks],
    ['reset «role»', 'session set-role'],
    ['reset «session authorization»', 'session set-role'],
    ['reset «default_transaction_read_only»', 'session session-characteristics'],
    ['show search_path'],
    ['«alter role» app set search_path = a', 'safe alter-role-delayed'],
    ['«alter user» "a b" in database d reset all', 'safe alter-role-delayed'],
    ['«alter database» d set work_mem = 1', 'safe alter-role-delayed'],
    ['alter role app with login'],
    ['alter table t set (fillfactor = 70)'],
    ['create function f() returns int language sql set search_path = a as $$select 1$$'],
  ])
})

describe('statements that live in the session', () => {
  facts([
    ['«discard all»', 'session deallocate-all'],
    ['«discard plans»', 'session deallocate-all'],
    ['«discard temp»', temporary],
    ['«discard temporary»', temporary],
    ['«discard sequences»', 'session currval-lastval'],
    ["«load» 'auto_explain'", 'session load-and-libs'],
    ['«prepare» p as select 1', 'session sql-prepare'],
    ['«prepare» p (int) as select «currval»($1)', 'session sql-prepare', 'session currval-lastval'],
    ['«prepare» transaction as select 1', 'session sql-prepare'],
    ['«execute» p (1)', 'session sql-prepare'],
    ['«deallocate» p', 'session sql-prepare'],
    ['«deallocate» prepare p', 'session sql-prepare'],
    ['«deallocate» all', 'session deallocate-all'],
    ['«deallocate» prepare all', 'session deallocate-all'],
    ['«deallocate» "all"', 'session sql-prepare'],
    ['create table t as «execute» p', 'session sql-prepare'],
    ['explain analyze «execute» p', 'session sql-prepare'],
    ['«listen» job_done', 'session listen'],
    ['«unlisten» *', 'session listen'],
    ["notify job_done, 'x'"],
  ])
})

describe('cursors and locks', () => {
  facts([
    ['«declare» c cursor for select 1', 'tx declare-outside-tx'],
    ['«declare» w binary cursor for select 1', 'tx declare-outside-tx'],
    ['declare c cursor «with hold» for select 1', 'session with-hold-cursor'],
    ['declare c binary insensitive no scroll cursor «with hold» for select 1', 'session with-hold-cursor'],
    ['«declare» c cursor without hold for select 1', 'tx declare-outside-tx'],
    ['«declare» c cursor for with hold as (select 1) select * from hold', 'tx declare-outside-tx'],
    ['«fetch» 10 from c', 'tx declare-outside-tx'],
    ['«move» all in c', 'tx declare-outside-tx'],
    ['«close» c', 'tx declare-outside-tx'],
    ['update t set a = 1 where «current of» c', 'tx declare-outside-tx'],
    ['select current from t'],
    ['«lock» table t', 'tx autocommit-locks'],
    ['select 1 from t «for update»', 'safe autocommit-locks'],
    ['select 1 from t «for no» key update', 'safe autocommit-locks'],
    ['select 1 from t «for key» share skip locked', 'safe autocommit-locks'],
    ['select substring(a for 3) from t'],
    ['with a as (select 1 from t for update) update t set b = 1'],
  ])
})

describe('temporary objects', () => {
  facts([
    ['create «temp table» t (a int)', temporary],
    ['create «temporary table» if not exists t (a int)', temporary],
    ['create local «temp table» t (a int)', temporary],
    ['create global «temporary table» t (a int)', temporary],
    ['create «temp table» t (a int) on commit drop', 'tx temp-table'],
    ['create «temp table» t (a int) on commit delete rows', temporary],
    ['create «temp table» t on commit drop as select 1', 'tx temp-table'],
    ['create «temp table» t as select 1 as on, commit, drop', temporary],
    ['create «temp table» t as select 1 from a join b on commit drop', temporary],
    ['create «temp view» v as select 1', temporary],
    ['create or replace «temp view» v as select 1', temporary],
    ['create «temp recursive» view v (n) as select 1', temporary],
    ['create «temp sequence» s', temporary],
    ['create table «pg_temp».t (a int)', temporary],
    ['create table «pg_temp».t (a int) on commit drop', 'tx temp-table'],
    ['create table d.«pg_temp».t (a int)', temporary],
    ['create table «pg_temp_3».t (a int)', temporary],
    ['create table pg_temp_x.t (a int)'],
    ['create unlogged table «"pg_temp"».t (a int)', temporary],
    ['create «temp table» pg_temp.t (a int)', temporary],
    ['create function «pg_temp».f() returns int language sql as $$select 1$$', temporary],
    ['create schema s create «temp table» t (a int)', temporary],
    ['drop table «pg_temp».t', temporary],
    ['select * from «pg_temp».t', temporary],
    ['select «pg_temp».f()', temporary],
    ['insert into «pg_temp».t values (1)', temporary],
    ["select 'pg_temp.t'"],
    ['select pg_temp from t'],
    ['select a into «temp» t from b', temporary],
    ['select a into local «temporary» table t from b', temporary],
    ['select a into temp from b'],
    ['insert into temp values (1)'],
    ['insert into temp select 1'],
    ['merge into temp using s on true when matched then do nothing'],
    ['create table t (a int)'],
    ['create table temp (a int)'],
  ])
})

describe('transaction control', () => {
  const begins = 'txctl begin-on-pool-query'
  const ends = 'txctl commit-outside-tx'
  const savepoint = 'tx savepoint-misuse'
  facts([
    ['«begin»', begins],
    ['«begin» isolation level serializable', begins],
    ['«start» transaction read only', begins],
    ['«commit»', ends],
    ['«commit» work', ends],
    ['«end»', ends],
    ['«rollback»', ends],
    ['«abort» transaction', ends],
    ['«commit» and chain', ends],
    ['«rollback» work and no chain', ends],
    ['«savepoint» a', savepoint],
    ['«release» a', savepoint],
    ['«rollback to» a', savepoint],
    ['«rollback transaction to» savepoint a', savepoint],
    ["«prepare transaction» 'x'", 'txctl two-phase'],
    ["«commit prepared» 'x'", 'txctl two-phase'],
    ["«rollback prepared» 'x'", 'txctl two-phase'],
    ['«abort prepared»', 'txctl two-phase'],
  ])

  it.each([
    ['begin', 'begin'],
    ['start transaction', 'begin'],
    ['commit', 'commit'],
    ['end work', 'commit'],
    ['commit and no chain', 'commit'],
    ['commit and chain', 'commit-and-chain'],
    ['rollback', 'rollback'],
    ['abort', 'rollback'],
    ['rollback and chain', 'rollback-and-chain'],
    ['savepoint a', 'savepoint'],
    ['release savepoint a', 'release'],
    ['rollback to a', 'rollback-to'],
    ["prepare transaction 'x'", 'prepare-transaction'],
    ["commit prepared 'x'", 'commit-prepared'],
    ["rollback prepared 'x'", 'rollback-prepared'],
    ['set transaction read only', 'set-transaction'],
    ["set transaction snapshot 'x'", 'set-transaction'],
    ['copy t from stdin', 'copy-in'],
    ['copy (select 1) to stdout', 'copy-out'],
    ['vacuum', 'no-transaction'],
    ['discard all', 'no-transaction'],
    ['-- nothing', 'empty'],
    [';;', 'empty'],
    ['', 'empty'],
    ['select 1', 'other'],
    ['set work_mem = 1', 'other'],
  ])('the command of %j is %s', (text, command) => {
    expect(analyzeUncached(text).statements.map((statement) => statement.command)).toEqual([command])
  })
})

describe('code that the text does not show', () => {
  facts([
    ['«do» $$ begin perform pg_advisory_lock(1); end $$', 'opaque hidden-in-routine'],
    ['«call» p()', 'opaque hidden-in-routine'],
    ['«call» p(«currval»(1))', 'opaque hidden-in-routine', 'session currval-lastval'],
    ["create function f() returns int language sql as $$select currval('s')$$"],
    ["create function f() returns int begin atomic select currval('s'); end"],
  ])
})

describe('COPY, and what no transaction may run', () => {
  facts([
    ['«copy» t from stdin', 'safe copy'],
    ['«copy» t (a, "from") from stdin with (format csv)', 'safe copy'],
    ['«copy» (select a from t) to stdout', 'safe copy'],
    ['«copy» t to stdin', 'safe copy'],
    ["copy t from '/tmp/x'"],
    ["copy t to program 'cat'"],
    ["«copy» t from ''", 'safe copy'],
    ['«vacuum» t', outside],
    ['«create database» d', outside],
    ['«drop database» d', outside],
    ["«create tablespace» s location '/s'", outside],
    ['«create index concurrently» i on t (a)', outside],
    ['«create unique index concurrently» i on t (a)', outside],
    ['create index i on t (a)'],
    ['«drop index concurrently» i', outside],
    ['«reindex table» concurrently t', outside],
    ['«reindex (concurrently) table» t', outside],
    ['reindex (concurrently off) table t'],
    ['«reindex database» d', outside],
    ['reindex table t'],
    ['«cluster»', outside],
    ['«cluster» verbose', outside],
    ['cluster t using i'],
    ['«alter system» set work_mem = 1', outside],
    ['«alter database» d set tablespace s', outside],
    ['«alter table» t detach partition p concurrently', outside],
    ['alter table t detach partition p'],
    ["«create subscription» s connection '' publication p", outside],
    ["create subscription s connection '' publication p with (connect = false)"],
    ["create subscription s connection '' publication p with (create_slot = false)"],
    ['«alter subscription s refresh» publication', outside],
    ['«drop subscription» s', outside],
  ])
})

describe('EXPLAIN shows what its statement would do', () => {
  facts([
    ["explain select «set_config»('a', 'b', false)", 'session set-config-session'],
    ['explain (analyze, buffers) «execute» p', 'session sql-prepare'],
    ['explain analyze verbose «declare» c cursor for select 1', 'tx declare-outside-tx'],
    ['explain (costs off) create «temp table» t as select 1', temporary],
    ['explain (select 1) union select 2'],
    ['explain select 1'],
  ])
})

describe('words that only look like statements', () => {
  facts([
    ['select "set", "listen" from "begin"'],
    ["select 'set work_mem = 1; listen x'"],
    ['select 1 -- ; listen x'],
    ['select /* listen x; /* set a = 1 */ */ 1'],
    ['select $$; listen x$$, $a$ $$ ; listen x $a$'],
    ["comment on function pg_advisory_lock(bigint) is 'x'"],
    ['grant execute on function set_config(text, text, boolean) to app'],
    ['notify listen'],
    ['table t'],
    ['values (1), (2)'],
  ])
})

it('finds each statement of a text at its own place', () => {
  const text = ' /* a */ select 1 ;; listen x ; -- b\n set local a = 1 ; '
  const { statements, verdict } = analyzeUncached(text)
  expect(verdict).toBe('session')
  expect(statements.map(({ index, start, end }) => [index, text.slice(start, end)])).toEqual([
    [0, 'select 1'],
    [1, 'listen x'],
    [2, 'set local a = 1'],
  ])
  expect(statements.map((statement) => statement.verdict)).toEqual(['safe', 'session', 'tx'])
})

it('offers to make a setting local, which never counts as safe', () => {
  const fixed = (text: string): string => {
    const fix = analyzeUncached(text).statements[0]?.reasons[0]?.fix
    if (!fix) return text
    expect(fix.safe).toBe(false)
    return text.slice(0, fix.start) + fix.text + text.slice(fix.end)
  }
  expect(fixed("set work_mem = '1'")).toBe("set local work_mem = '1'")
  expect(fixed('set session search_path to a')).toBe('set local search_path to a')
  expect(fixed('SET ROLE admin')).toBe('SET local ROLE admin')
  expect(fixed('set local a.b = 1')).toBe('set local a.b = 1')
  expect(fixed('select pg_try_advisory_lock(1)')).toBe('select pg_try_advisory_xact_lock(1)')
  expect(fixed('select pg_catalog."pg_advisory_lock"(1)')).toBe('select pg_catalog."pg_advisory_xact_lock"(1)')
})

describe('every kind of statement in the table is reached by some text', () => {
  const texts: Readonly<Record<StatementKind, string>> = {
    set: 'set «a» = 1',
    'set seed': 'set «seed» = 1',
    'set role': 'set «role» a',
    'set session characteristics': 'set «session characteristics» as transaction read only',
    'set local': 'set local «a» = 1',
    'set transaction': '«set transaction» read only',
    'set transaction snapshot': "«set transaction» snapshot 'x'",
    'set constraints': '«set constraints» all immediate',
    reset: 'reset «a»',
    'reset role': 'reset «role»',
    'discard plans': '«discard plans»',
    'discard all': '«discard all»',
    'discard temp': '«discard temp»',
    'discard sequences': '«discard sequences»',
    load: "«load» 'x'",
    prepare: '«prepare» a as select 1',
    execute: '«execute» a',
    deallocate: '«deallocate» a',
    'deallocate all': '«deallocate» all',
    listen: '«listen» a',
    unlisten: '«unlisten» a',
    'declare with hold': 'declare a cursor «with hold» for select 1',
    declare: '«declare» a cursor for select 1',
    'use cursor': '«fetch» a',
    lock: '«lock» a',
    'temporary object': 'create «temp table» a ()',
    'temporary table on commit drop': 'create «temp table» a () on commit drop',
    begin: '«begin»',
    commit: '«commit»',
    'commit and chain': '«commit» and chain',
    rollback: '«rollback»',
    'rollback and chain': '«rollback» and chain',
    savepoint: '«savepoint» a',
    release: '«release» a',
    'rollback to': '«rollback to» a',
    'prepare transaction': "«prepare transaction» 'x'",
    'commit prepared': "«commit prepared» 'x'",
    'rollback prepared': "«rollback prepared» 'x'",
    do: "«do» ''",
    call: '«call» a()',
    'copy in': '«copy» a from stdin',
    'copy out': '«copy» a to stdout',
    'no transaction': '«vacuum»',
    'alter role set': '«alter role» a set b = 1',
    'select for update': 'select 1 «for update»',
    'dangerous setting, local': 'set local «row_security» = off',
    'dangerous setting': 'set «row_security» = off',
  }
  it.each(Object.entries(texts))('%s', (kind, text) => {
    const { hazard, verdict, command } = statementRules[kind as StatementKind]
    const [statement] = analyzeUncached(unmarked(text)).statements
    expect(statement?.reasons).toContainEqual(expect.objectContaining({ hazard, verdict }))
    expect(statement?.command).toBe(command)
  })
})
