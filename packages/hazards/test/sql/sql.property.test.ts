import fc from 'fast-check'
import { expect, it } from 'vitest'
import { analyzeTokens, analyzeUncached } from '../../src/sql/analyze.ts'
import { classifyAnalysis, classifySql } from '../../src/sql/classify.ts'
import { tokenize, tokenText, tokenKinds } from '../../src/sql/lexer.ts'
import { harmlessQuery } from '../../src/sql/prefilter.ts'
import { functionRules } from '../../src/sql/table.ts'

const runs = { seed: 20261125, numRuns: 3_000 } as const

/** Words that make statements, functions of the table, punctuation, and what opens and closes strings. */
const pieces = [
  ...(
    'select set local session reset all begin commit end rollback prepare transaction prepared execute deallocate ' +
    'listen declare c cursor with hold for update no key share fetch lock table create temp temporary on drop schema ' +
    'pg_temp . . , , ( ( ) ) ; ; = => := :: true false null is_local role search_path a b values insert into explain ' +
    'analyze copy from stdin to stdout function atomic as current of and chain vacuum index concurrently discard ' +
    "uescape '!' savepoint release role alter database user call do $$ $$ $a$ ' ' \" \" 'a' \"a\" 'role' E' U&\" " +
    String.raw`\0061 \' /* */ -- $1 1 1.5 é 😀 + - @ $ :`
  ).split(' '),
  ...functionRules.keys(),
  'pg_catalog.set_config(',
  "set_config('a', 'b', true)",
  '\n',
  '\0',
]
const sql = fc
  .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom(' ', ' ', ' ', '', '\n')), { maxLength: 24 })
  .map((parts) => parts.map(([piece, blank]) => piece + blank).join(''))
const anyText = fc.oneof(sql, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }))

it('never throws, and every position lies in the text, in order', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { statements, verdict, unreadable } = analyzeUncached(text)
      expect(statements.length).toBeGreaterThan(0)
      if (unreadable !== undefined) expect(verdict).toBe('session')
      let end = 0
      for (const [index, statement] of statements.entries()) {
        expect(statement.index).toBe(index)
        expect(statement.start).toBeGreaterThanOrEqual(end)
        expect(statement.end).toBeGreaterThanOrEqual(statement.start)
        end = statement.end
        let last = statement.start
        for (const reason of statement.reasons) {
          expect(reason.start).toBeGreaterThanOrEqual(last)
          expect(reason.end).toBeGreaterThan(reason.start)
          expect(reason.end).toBeLessThanOrEqual(statement.end)
          last = reason.start
          if (reason.fix) expect(reason.fix.end).toBeLessThanOrEqual(statement.end)
        }
      }
      expect(end).toBeLessThanOrEqual(text.length)
    }),
    runs,
  )
})

it('never throws in any context, and gives findings in order', () => {
  const context = fc.record({ mode: fc.constantFrom('autocommit', 'transaction', 'batch'), bound: fc.boolean() })
  fc.assert(
    fc.property(anyText, context, (text, where) => {
      const findings = classifySql(text, where)
      const starts = findings.map(({ start }) => start)
      expect(starts).toEqual(starts.toSorted((a, b) => a - b))
      expect(findings).toEqual(classifyAnalysis(analyzeUncached(text), where))
    }),
    runs,
  )
})

it('session state is refused in every context', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('autocommit', 'transaction', 'batch'), (text, mode) => {
      if (analyzeUncached(text).verdict !== 'session') return
      expect(classifySql(text, { mode }).some(({ refuse, verdict }) => refuse && verdict === 'session')).toBe(true)
    }),
    runs,
  )
})

it('what the pre-filter calls harmless is safe by its tokens, at the same place', () => {
  const query = fc.tuple(
    fc.constantFrom('select ', 'SELECT(', ' with ', 'insert ', 'values(', 'update\n', 'delete '),
    sql,
  )
  let passed = 0
  fc.assert(
    fc.property(query, ([start, rest]) => {
      const text = start + rest
      const found = harmlessQuery(text)
      if (!found) return
      passed += 1
      const { verdict, statements } = analyzeTokens(tokenize(text))
      expect(verdict).toBe('safe')
      expect(statements).toMatchObject([{ start: found.start, verdict: 'safe', command: 'other', reasons: [] }])
      // A semicolon behind an open parenthesis ends nothing; no such text is SQL.
      if (text.split('(').length === text.split(')').length) expect(statements[0]?.end).toBe(found.end)
    }),
    { seed: 20261125, numRuns: 20_000 },
  )
  expect(passed).toBeGreaterThan(100)
})

/** What an analysis says, without places, and with names in one case. */
function meaning(text: string) {
  const { verdict, statements, unreadable } = analyzeUncached(text)
  return {
    verdict,
    unreadable,
    statements: statements.map(({ command, reasons }) => ({
      command,
      reasons: reasons.map((reason) => [reason.verdict, reason.hazard]),
    })),
  }
}

/** A text written again, token by token, with other blanks and comments between them and words in another case. */
function rewritten(text: string, gaps: readonly string[], upper: boolean): string {
  const tokens = tokenize(text)
  let shown = gaps[0] ?? ' '
  for (let i = 0; i < tokens.count; i += 1) {
    const source = tokenText(tokens, i)
    shown += tokens.kinds[i] === tokenKinds.word ? (upper ? source.toUpperCase() : source.toLowerCase()) : source
    // A string that goes on in the next line would be another string.
    const gap = gaps[i % gaps.length] ?? ' '
    shown += tokens.kinds[i] === tokenKinds.string ? gap.replaceAll('\n', '') || ' ' : gap
  }
  return shown
}

it('blanks, comments and the case of keywords change nothing', () => {
  const gap = fc.constantFrom(
    ' ',
    '\n',
    '\t ',
    ' /* a; listen b */ ',
    ' /* /* " */ \' */',
    ' -- $$ set a = 1\n',
    '/**/ ',
  )
  fc.assert(
    fc.property(sql, fc.array(gap, { minLength: 1, maxLength: 7 }), fc.boolean(), (text, gaps, upper) => {
      fc.pre(tokenize(text).problem === undefined)
      expect(meaning(rewritten(text, gaps, upper))).toEqual(meaning(text))
    }),
    runs,
  )
})

it('a hazard is found in whatever place among harmless statements it stands', () => {
  const harmless = fc.constantFrom('select 1', "insert into t values ('; begin')", 'update t set a = 1', '/* ; */', '')
  fc.assert(
    fc.property(fc.array(harmless), fc.array(harmless), fc.constantFrom('listen a', 'set a = 1'), (a, b, hazard) => {
      const text = [...a, hazard, ...b].join(';')
      expect(analyzeUncached(text).verdict).toBe('session')
    }),
    { seed: 20261125 },
  )
})
