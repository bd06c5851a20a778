import { analyzeSql, classifyAnalysis, verdicts, type SqlAnalysis } from '@pooler-safe/hazards'
import { describe, expect, it } from 'vitest'
import { analyzeTree, analyzeWithGrammar, parseSql } from '../src/index.ts'
import { byteOffsets } from '../src/positions.ts'

/** The words that the reasons of a text point at, with what they say. */
function reasons(text: string): string[] {
  return analyzeWithGrammar(text).statements.flatMap((statement) =>
    statement.reasons.map(({ verdict, hazard, start, end }) => `${verdict} ${hazard} ${text.slice(start, end)}`),
  )
}

describe('finds the words at fault', () => {
  it.each<[string, ...string[]]>([
    ['select 1'],
    ['set search_path = a', 'session session-set search_path', 'session dangerous-guc search_path'],
    ["set local time zone 'UTC'", 'tx set-local-outside-tx time zone'],
    ["select set_config('a', 'b', true)", 'tx set-local-outside-tx set_config'],
    ["select pg_catalog.set_config('role', 'b', $1)", 'session set-role set_config'],
    [
      String.raw`select U&"pg_advisory_\006cock"(1)`,
      String.raw`session advisory-session-lock U&"pg_advisory_\006cock"`,
    ],
    ['with a as (select lastval()) select * from a', 'session currval-lastval lastval'],
    ['create temp table t (a int) on commit drop', 'tx temp-table temp table'],
    ['declare c cursor with hold for select 1', 'session with-hold-cursor with hold'],
    ['update t set a = 1 where current of c', 'tx declare-outside-tx current of'],
    ['select * from pg_temp.t', 'session temp-table pg_temp'],
    ['explain execute p', 'session sql-prepare execute'],
    ['do $$ begin end $$', 'opaque hidden-in-routine do'],
    ['begin; commit', 'txctl begin-on-pool-query begin', 'txctl commit-outside-tx commit'],
    ['select 1 from t for update', 'safe autocommit-locks for update'],
    [
      "select 'é😀', pg_advisory_lock(1), '😀', currval('é')",
      'session advisory-session-lock pg_advisory_lock',
      'session currval-lastval currval',
    ],
    ["/* 😀 */ select '😀'; /* é */ listen é ; -- 😀", 'session listen listen'],
  ])('%s', (text, ...expected) => {
    expect(reasons(text)).toEqual(expected)
  })
})

it('statements have their place in UTF-16, without blanks, comments and semicolons', () => {
  const text = "/* 😀 */ select '😀é' ; \n-- é\n set a = 'ß'; ; vacuum"
  const { statements } = analyzeWithGrammar(text)
  expect(statements.map(({ index, start, end }) => [index, text.slice(start, end)])).toEqual([
    [0, "select '😀é'"],
    [1, "set a = 'ß'"],
    [2, 'vacuum'],
  ])
  expect(statements.map(({ command }) => command)).toEqual(['other', 'other', 'no-transaction'])
})

it('translates byte offsets at every kind of character', () => {
  const text = 'aé€😀b'
  const offsetOf = byteOffsets(text)
  const bytes = (part: string): number => Buffer.byteLength(part)
  for (const part of ['', 'a', 'aé', 'aé€', 'aé€😀', text]) expect(offsetOf(bytes(part))).toBe(part.length)
  expect(offsetOf(99)).toBe(text.length)
  expect(byteOffsets('abc')(2)).toBe(2)
})

it.each(['', '-- a', ';'])('a text without a statement has one that is empty: %j', (text) => {
  expect(analyzeWithGrammar(text)).toEqual(analyzeSql(text))
  expect(analyzeWithGrammar(text).statements).toMatchObject([{ command: 'empty', verdict: 'safe' }])
})

it('a NUL makes a text unreadable, as at the token level', () => {
  for (const text of ['select 1\0', '\0', 'select 1\0; set a = 1']) {
    expect(analyzeWithGrammar(text)).toEqual(analyzeSql(text))
    expect(analyzeWithGrammar(text)).toMatchObject({ verdict: 'session', unreadable: 'NUL character' })
  }
})

it('what PostgreSQL would refuse is an error, not a verdict', () => {
  expect(() => analyzeWithGrammar('selct 1')).toThrow('syntax error at or near "selct"')
})

it('is milder than the token level where words only look dangerous', () => {
  const text = 'select current of from t'
  expect(analyzeSql(text).verdict).toBe('tx')
  expect(analyzeWithGrammar(text).verdict).toBe('safe')
})

describe('gives the analysis of the token level, field by field', () => {
  it.each([
    'select 1',
    "set work_mem = '1GB'",
    'set session search_path to a',
    'set local a = 1; select 1',
    "begin; select set_config('a', 'b', true); commit and chain",
    "select set_config('row_security', 'off', true), pg_advisory_lock(1)",
    'create temp table t (a int); drop table t',
    'listen a; unlisten *; discard all',
    "copy t from stdin; prepare transaction 'a'",
    'select 1 from t for no key update',
    'fetch 1 from c',
    '',
    ';',
  ])('%s', (text) => {
    const analysis: SqlAnalysis = analyzeWithGrammar(text)
    expect(analysis).toEqual(analyzeSql(text))
    expect(verdicts).toContain(analysis.verdict)
    for (const mode of ['autocommit', 'transaction', 'batch'] as const) {
      expect(classifyAnalysis(analysis, { mode })).toEqual(classifyAnalysis(analyzeSql(text), { mode }))
    }
  })

  it('from a tree that is at hand as from the text', () => {
    const text = 'set a = 1; select 1'
    expect(analyzeTree(text, parseSql(text))).toEqual(analyzeWithGrammar(text))
  })
})
