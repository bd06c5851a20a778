import { describe, expect, it } from 'vitest'
import type { SqlContext } from '../../src/sql/analysis.ts'
import { classifySql } from '../../src/sql/classify.ts'

const autocommit = { mode: 'autocommit' } as const
const transaction = { mode: 'transaction' } as const
const batch = { mode: 'batch' } as const
const bound = { mode: 'autocommit', bound: true } as const

/** The hazards of a text, refused ones with an exclamation mark, with the index of their statement. */
function judge(text: string, context?: SqlContext): string[] {
  return classifySql(text, context).map(({ hazard, refuse, statement }) => `${statement} ${hazard}${refuse ? '!' : ''}`)
}

type Row = readonly [text: string, ...hazards: string[]]

function rows(context: SqlContext | undefined, table: readonly Row[]): void {
  it.each(table.map(([text, ...hazards]) => ({ text, hazards })))('$text → $hazards', ({ text, hazards }) => {
    expect(judge(text, context)).toEqual(hazards)
  })
}

describe('alone, in autocommit', () => {
  rows(autocommit, [
    ['select 1'],
    [''],
    ['set a = 1', '0 session-set!'],
    ['set search_path = a', '0 session-set!', '0 dangerous-guc!'],
    ['set local a = 1', '0 set-local-outside-tx!'],
    ["select set_config('a', 'b', true)", '0 set-local-outside-tx!'],
    ["select set_config('a', 'b', false)", '0 set-config-session!'],
    ['select pg_advisory_xact_lock(1)', '0 autocommit-locks!'],
    ['lock table t', '0 autocommit-locks!'],
    ['declare c cursor for select 1', '0 declare-outside-tx!'],
    ['create temp table t () on commit drop', '0 temp-table!'],
    ['savepoint a', '0 savepoint-misuse!'],
    ['begin', '0 begin-on-pool-query!'],
    ['commit', '0 commit-outside-tx!'],
    ['rollback and chain', '0 commit-outside-tx!'],
    ["prepare transaction 'a'", '0 two-phase!'],
    ["commit prepared 'a'", '0 two-phase'],
    ['do $$ begin end $$', '0 hidden-in-routine'],
    ['vacuum', '0 long-statements'],
    ['copy t from stdin'],
    ['select 1 from t for update', '0 autocommit-locks'],
    ['select pg_backend_pid()', '0 backend-identity'],
    ['alter role a set b = 1', '0 alter-role-delayed'],
    ["select 'a", '0 hidden-in-routine!'],
  ])

  it('is assumed where no context is given', () => {
    for (const text of ['set local a = 1', 'begin', 'select 1; select 2']) {
      expect(classifySql(text)).toEqual(classifySql(text, autocommit))
    }
  })
})

describe('several statements of one text, in autocommit', () => {
  rows(autocommit, [
    ['select 1; select 2', '1 multi-statement-simple'],
    ['set local a = 1; select 1', '1 multi-statement-simple'],
    ['select 1; set local a = 1', '1 multi-statement-simple', '1 set-local-outside-tx!'],
    ['set a = 1; select 1', '0 session-set!', '1 multi-statement-simple'],
    ['lock table t; select 1', '1 multi-statement-simple'],
    ['declare c cursor for select 1; fetch c', '1 multi-statement-simple', '1 declare-outside-tx!'],
    ['savepoint a; select 1', '0 savepoint-misuse!', '1 multi-statement-simple'],
    ['select 1; vacuum', '1 multi-statement-simple', '1 long-statements!'],
    ['select 1; commit', '1 multi-statement-simple', '1 commit-outside-tx!'],
    ['set local a = 1; commit', '0 set-local-outside-tx!', '1 multi-statement-simple', '1 commit-outside-tx!'],
    ["select 1; commit prepared 'a'", '1 multi-statement-simple', '1 two-phase!'],
  ])
})

describe('a text that opens and closes its own transaction', () => {
  rows(autocommit, [
    ['begin; select 1; commit'],
    ['begin; set local a = 1; select 1; commit'],
    ['begin; savepoint a; rollback to a; release a; commit'],
    ['start transaction; lock table t; rollback'],
    ['begin; set a = 1; commit', '1 set-in-committed-tx!'],
    ['begin; listen a; commit', '1 listen!'],
    ['begin; select 1', '0 begin-on-pool-query!', '1 multi-statement-simple'],
    ['begin; begin; commit', '1 already-in-tx!'],
    ['begin; commit; commit', '2 commit-outside-tx!'],
    ['begin; select 1; commit and chain', '1 multi-statement-simple', '2 begin-on-pool-query!'],
    ['begin; commit and chain; select 1; commit'],
    ["begin; select 1; prepare transaction 'a'", '1 multi-statement-simple', '2 two-phase'],
    ['begin; vacuum; commit', '1 long-statements!'],
    ['begin; commit; set local a = 1', '1 multi-statement-simple', '2 set-local-outside-tx!'],
    ['begin; commit; begin; commit'],
    ['select 1; begin; commit', '1 multi-statement-simple'],
  ])
})

describe('with bound values several statements are refused', () => {
  rows(bound, [
    ['select 1; select 2', '1 simple-multi-parse!'],
    ['begin; select 1; commit', '1 simple-multi-parse!'],
    ['select 1;'],
    ['set local a = 1', '0 set-local-outside-tx!'],
  ])
})

describe('inside a transaction', () => {
  rows(transaction, [
    ['select 1'],
    ['set local a = 1'],
    ["select set_config('a', 'b', true)"],
    ['select pg_advisory_xact_lock(1)'],
    ['savepoint a'],
    ['rollback to a'],
    ['declare c cursor for select 1'],
    ['fetch c'],
    ['create temp table t () on commit drop'],
    ['lock table t'],
    ['select 1 from t for update'],
    ['copy t from stdin'],
    ['set constraints all deferred'],
    ['set a = 1', '0 set-in-committed-tx!'],
    ['set role a', '0 set-role!'],
    ["select set_config('a', 'b', false)", '0 set-config-session!'],
    ['listen a', '0 listen!'],
    ['create temp table t ()', '0 temp-table!'],
    ['begin', '0 already-in-tx!'],
    ['commit', '0 commit-outside-tx!'],
    ['rollback', '0 commit-outside-tx!'],
    ['commit and chain', '0 commit-outside-tx!'],
    ["prepare transaction 'a'", '0 two-phase!'],
    ["commit prepared 'a'", '0 two-phase!'],
    ['vacuum', '0 long-statements!'],
    ['do $$ begin end $$', '0 hidden-in-routine'],
    ['select 1; select 2'],
    ["select 'a", '0 hidden-in-routine!'],
  ])
})

describe('in a batch', () => {
  rows(batch, [
    ['select 1'],
    ['set local a = 1'],
    ['select pg_advisory_xact_lock(1)'],
    ['set constraints all deferred'],
    ['create temp table t () on commit drop'],
    ['select 1 from t for update'],
    ['lock table t', '0 autocommit-locks!'],
    ['LOCK TABLE t', '0 autocommit-locks!'],
    ['declare c cursor for select 1', '0 declare-outside-tx!'],
    ['fetch c', '0 declare-outside-tx!'],
    ['savepoint a', '0 savepoint-misuse!'],
    ['begin', '0 begin-on-pool-query!'],
    ['commit', '0 commit-outside-tx!'],
    ["commit prepared 'a'", '0 two-phase!'],
    ['copy t to stdout', '0 copy!'],
    ['vacuum', '0 long-statements!'],
    ['set a = 1', '0 session-set!'],
    ['select 1; select 2', '1 simple-multi-parse!'],
    ["select 'a", '0 hidden-in-routine!'],
  ])
})

it('findings are in textual order, with severity and place', () => {
  const text = 'select 1; listen a'
  const [several, listen] = classifySql(text)
  expect(several).toMatchObject({ hazard: 'multi-statement-simple', severity: 'wrong', start: 10, end: 18 })
  expect(listen).toMatchObject({ hazard: 'listen', severity: 'leak', verdict: 'session', start: 10, end: 16 })
})
