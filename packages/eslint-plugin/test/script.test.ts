import { describe, expect, test } from 'vitest'
import { analyzeScript } from '../src/analysis.ts'

const found = (source: string): string[] =>
  analyzeScript({ path: 'a.sql', source }).findings.map(
    ({ range, rule, variant }) => `${rule}${variant === undefined ? '' : ` ${variant}`} ${source.slice(...range)}`,
  )

describe('a script', () => {
  test('that is rolled back leaves nothing behind', () => {
    expect(found('begin; set role a; create temp table b (c int); set search_path to d; listen e; rollback;')).toEqual(
      [],
    )
  })

  test('that is rolled back keeps the locks of its session', () => {
    expect(found('begin; select pg_advisory_lock(1); rollback;')).toEqual(['no-session-lock pg_advisory_lock'])
  })

  test('that is committed, or goes on after the rollback, leaves its settings', () => {
    expect(found('begin; set role a; commit;')).toEqual(['no-session-state role'])
    expect(found('begin; select 1; rollback; set role a;')).toEqual(['no-session-state role'])
    expect(found('set role a; begin; rollback;')).toEqual(['no-session-state role'])
  })

  test('may have names in its bodies that a tool fills in', () => {
    const body = (inside: string): string =>
      `create function :SCHEMA.f() returns void language plpgsql as $$ begin ${inside} end; $$;`
    expect(found(body('delete from :SCHEMA.a where b = 1;'))).toEqual([])
    expect(found(body('delete from :SCHEMA.a; perform pg_advisory_unlock(1);'))).toEqual([
      'no-hazard-in-body function pg_advisory_unlock',
    ])
    expect(found(body('a := b:::SCHEMA.c;').replace('begin', 'declare a int; b int; begin'))).toEqual([])
    // A string of the body stays what it is.
    expect(found(body("delete from :SCHEMA.a; execute 'set role to :b';"))).toHaveLength(2)
  })
})
