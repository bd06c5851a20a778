import { expect, it } from 'vitest'
import { tokenize } from '../../src/sql/lexer.ts'
import { eachStatement } from '../../src/sql/split.ts'

function split(text: string): string[] {
  const tokens = tokenize(text)
  const statements: string[] = []
  eachStatement(tokens, (from, to) => statements.push(text.slice(tokens.starts[from], tokens.ends[to - 1])))
  return statements
}

it.each<[string, string[]]>([
  ['', []],
  [' ; ;; -- a', []],
  ['a', ['a']],
  ['a; b', ['a', 'b']],
  ['a;;b;', ['a', 'b']],
  ["a ';' b; c", ["a ';' b", 'c']],
  ['a $$;$$; b', ['a $$;$$', 'b']],
  ['a /* ; */ b; c', ['a /* ; */ b', 'c']],
  ['a ";"; b', ['a ";"', 'b']],
  ['create rule r as on insert to t do also (a; b); c', ['create rule r as on insert to t do also (a; b)', 'c']],
  ['a (b; c', ['a (b; c']],
  ['a) ; b', ['a)', 'b']],
  [
    'create function f() returns int begin atomic select 1; select 2; end; b',
    ['create function f() returns int begin atomic select 1; select 2; end', 'b'],
  ],
  [
    'create or replace procedure p() begin atomic select case when a then b end; end; c',
    ['create or replace procedure p() begin atomic select case when a then b end; end', 'c'],
  ],
  ['create function f() begin atomic end; b', ['create function f() begin atomic end', 'b']],
  [
    'create function f() begin atomic create function g() begin atomic select 1; end; select 2; end; c',
    ['create function f() begin atomic create function g() begin atomic select 1; end; select 2; end', 'c'],
  ],
  [
    'create function f() begin atomic select "end"; end; b',
    ['create function f() begin atomic select "end"; end', 'b'],
  ],
  ['create function f() begin atomic select 1; b', ['create function f() begin atomic select 1; b']],
  ['create function f(a int default (1)) return a; b', ['create function f(a int default (1)) return a', 'b']],
  ['begin; atomic; end', ['begin', 'atomic', 'end']],
  ['select create function f() begin atomic; b', ['select create function f() begin atomic', 'b']],
  [
    'create function f() language sql as $$ begin atomic; $$; b',
    ['create function f() language sql as $$ begin atomic; $$', 'b'],
  ],
])('%s', (text, statements) => {
  expect(split(text)).toEqual(statements)
})
