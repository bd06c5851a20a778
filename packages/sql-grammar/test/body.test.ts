import { describe, expect, it } from 'vitest'
import { analyzeBody, analyzeWithGrammar, bodiesOf, parseSql } from '../src/index.ts'

/** What is found in the bodies of a text, with the words of the whole text that it points at. */
function found(text: string): string[] {
  return analyzeBody(text).map(({ verdict, inner, start, end }) => {
    const words = text.slice(start, end)
    return `${verdict} ${inner.hazard} ${words.length > 25 ? '…' : words}`
  })
}

type Row = readonly [text: string, ...findings: string[]]

function rows(table: readonly Row[]): void {
  it.each(table.map(([text, ...findings]) => ({ text, findings })))('$text', ({ text, findings }) => {
    expect(found(text)).toEqual(findings)
  })
}

/** A PL/pgSQL body in a `do` block. */
const block = (body: string, declared = ''): string => `do $$ ${declared && `declare ${declared} `}begin ${body} end $$`

describe('PL/pgSQL', () => {
  rows([
    [block('perform 1;')],
    [block('perform pg_advisory_lock(1);'), 'session advisory-session-lock pg_advisory_lock'],
    [
      block("set a = 1; listen b; perform set_config('a', 'b', false);"),
      'session session-set a',
      'session listen listen',
      'session set-config-session set_config',
    ],
    [block("perform set_config('a', 'b', true); set local a = 1;")],
    [block('call p();'), 'opaque hidden-in-routine call'],
    [
      "do $$ declare a int := currval('s'); begin a := lastval(); a = lastval(); end $$",
      'session currval-lastval currval',
      'session currval-lastval lastval',
      'session currval-lastval lastval',
    ],
    [
      block("if currval('s') > 1 then null; elsif lastval() > 1 then null; end if;"),
      'session currval-lastval currval',
      'session currval-lastval lastval',
    ],
    [block('while pg_try_advisory_lock(1) loop null; end loop;'), 'session advisory-session-lock pg_try_advisory_lock'],
    [block('for i in 1..lastval() loop null; end loop;'), 'session currval-lastval lastval'],
    [block("raise notice '%', lastval();"), 'session currval-lastval lastval'],
    ['do $$ declare c cursor for select lastval(); begin open c; end $$', 'session currval-lastval lastval'],
    ['do $$ declare x int; begin select lastval() into x; end $$', 'session currval-lastval lastval'],
    [
      "create function f() returns int as $$ begin return currval('s'); end $$ language plpgsql",
      'session currval-lastval currval',
    ],
    [
      'create function f() returns setof int language plpgsql as $$ begin return query select lastval(); end $$',
      'session currval-lastval lastval',
    ],
    ['create or replace procedure p() language plpgsql as $$ begin listen a; end $$', 'session listen listen'],
  ])
})

describe('transaction control and exception blocks', () => {
  rows([
    [
      block('begin commit; exception when others then ROLLBACK; end;'),
      'txctl commit-outside-tx commit',
      'txctl commit-outside-tx ROLLBACK',
    ],
    [block('begin perform 1; exception when others then perform lastval(); end;'), 'session currval-lastval lastval'],
    [
      'create procedure p() language plpgsql as $$ begin commit; commit; end $$',
      'txctl commit-outside-tx commit',
      'txctl commit-outside-tx commit',
    ],
  ])

  it('the same words twice are found at both places', () => {
    const text = block('perform lastval(); perform lastval(); commit; commit;')
    const starts = analyzeBody(text).map(({ start }) => start)
    expect(new Set(starts).size).toBe(4)
  })
})

describe('SQL that is run from a text', () => {
  rows([
    [block("execute 'listen a';"), "session listen 'listen a'"],
    [block("EXECUTE\n  'listen a';"), "session listen 'listen a'"],
    [block('execute $x$ set role admin $x$;'), 'session set-role $x$ set role admin $x$'],
    [block("execute 'select 1';")],
    [block("execute 'listen ' || x;"), "session listen 'listen ' || x"],
    [block("execute format('set role %I', x);"), "session set-role format('set role %I', x)"],
    [block("execute format('select set_config(%L, %L, false)', a, b);"), 'session set-config-session …'],
    [block("execute format('alter table %I add %s int', a, b); execute 'grant ' || r || ' to x';")],
    [block("execute format('%s', x);"), "opaque hidden-in-routine format('%s', x)"],
    [block("execute x || ' from t';"), "opaque hidden-in-routine x || ' from t'"],
    [block("execute case when a then 'select 1' else 'listen b' end;"), 'session listen …'],
    [block("s := 'create table ' || a; s := s || ' (x int)'; execute s;", 's text;')],
    [block('execute s;', "s text := 'listen a';"), 'session listen s'],
    [block("s := 'drop table a'; s := x; execute s;", 's text;'), 'opaque hidden-in-routine s'],
    [block('s := s; execute s;', 's text;'), 'opaque hidden-in-routine s'],
    [block('execute x using lastval();'), 'opaque hidden-in-routine x', 'session currval-lastval lastval'],
    [block("execute 'no sql at all';"), "opaque hidden-in-routine 'no sql at all'"],
    [
      "do $$ declare r record; begin for r in execute 'select lastval()' loop null; end loop; end $$",
      "session currval-lastval 'select lastval()'",
    ],
    [
      "create function f() returns setof int language plpgsql as $$ begin return query execute 'select lastval()'; end $$",
      "session currval-lastval 'select lastval()'",
    ],
    [
      "do $$ declare c refcursor; begin open c for execute 'select lastval()'; end $$",
      "session currval-lastval 'select lastval()'",
    ],
  ])
})

describe('SQL functions', () => {
  rows([
    [
      'create function f() returns int language sql as $$ select 1; select lastval() $$',
      'session currval-lastval lastval',
    ],
    ['create function f() returns int language sql as $$ select 1 $$'],
    ["create function f() returns int language sql as 'select lastval()'", 'session currval-lastval lastval'],
    ['create function f() returns int begin atomic select 1; select lastval(); end', 'session currval-lastval lastval'],
    ['create function f(a int default (1)) returns int return lastval()', 'session currval-lastval lastval'],
    ['create function f() returns int return a + 1'],
    ["create function f() returns int language c as 'lib', 'symbol'"],
    ["create function f() returns int language plpython3u as $$ plpy.execute('listen a') $$"],
  ])
})

describe('routines created inside of routines', () => {
  rows([
    [
      block('create function f() returns int language sql as $a$ select lastval() $a$;'),
      'session currval-lastval lastval',
    ],
    [
      block("execute 'create function f() returns int language sql as $a$ select lastval() $a$';"),
      'session currval-lastval …',
    ],
    [block('create function f() returns int begin atomic select lastval(); end;'), 'session currval-lastval lastval'],
    [
      'create function f() returns void language plpgsql as $a$ begin create function g() returns void language plpgsql as $b$ begin listen x; end $b$; end $a$',
      'session listen listen',
    ],
  ])
})

describe('bodies that cannot be parsed are opaque, never safe', () => {
  rows([
    [block('this is not SQL;'), 'opaque hidden-in-routine …'],
    [
      block('this is not SQL; listen a; if x then listen b; end if;'),
      'opaque hidden-in-routine …',
      'session listen listen',
      'session listen listen',
    ],
    [block("for r in execute 'select lastval()' loop null; end loop;"), 'opaque hidden-in-routine …'],
    [block('broken broken; execute x;'), 'opaque hidden-in-routine …', 'opaque hidden-in-routine execute'],
    ['create function f() returns int language sql as $$ selct 1 $$', 'opaque hidden-in-routine  selct 1 '],
    [
      'create function f() returns int language sql as $$ selct 1; listen a $$',
      'opaque hidden-in-routine  selct 1; listen a ',
      'session listen listen',
    ],
    [
      "do $$ begin execute 'never closed; end $$",
      'opaque hidden-in-routine …',
      "session hidden-in-routine 'never closed; end ",
    ],
  ])
})

describe('places', () => {
  rows([
    ["select '😀'; do $é$ begin /* é😀 */ perform lastval(); end $é$", 'session currval-lastval lastval'],
    [
      block('/* perform lastval(); commit; */ perform lastval(); commit;'),
      'session currval-lastval lastval',
      'txctl commit-outside-tx commit',
    ],
    ["do 'begin perform lastval(); end'", 'session currval-lastval lastval'],
    // Offsets inside of doubled quotes are not those of the text: the whole statement is meant.
    ["do 'begin execute ''listen a''; end'", 'session listen …'],
    [
      "create function f() returns int language plpgsql as E'begin\\n perform lastval(); end'",
      'session currval-lastval …',
    ],
  ])

  it('are not those of the same words in a comment or a string before', () => {
    const text = block(
      "/* lastval() */ raise notice 'lastval()'; -- lastval()\n perform lastval(); /* commit */ commit;",
    )
    const [call, commit] = analyzeBody(text)
    expect(call?.start).toBe(text.lastIndexOf('lastval()'))
    expect(commit?.start).toBe(text.lastIndexOf('commit'))
  })

  it('name the statement, the kind of routine, and what is inside', () => {
    const text =
      'select 1; do $$ begin listen a; end $$; create function f() returns int language sql as $$ select lastval() $$; ' +
      'create procedure p() language plpgsql as $$ begin listen b; end $$'
    expect(analyzeBody(text)).toMatchObject([
      { statement: 1, routine: 'do', hazard: 'hidden-in-routine', verdict: 'session', inner: { hazard: 'listen' } },
      { statement: 2, routine: 'function', inner: { hazard: 'currval-lastval', subject: 'lastval' } },
      { statement: 3, routine: 'procedure', inner: { hazard: 'listen' } },
    ])
    for (const { start, end, inner } of analyzeBody(text)) expect([inner.start, inner.end]).toEqual([start, end])
    expect(bodiesOf(text, parseSql(text))).toEqual(analyzeBody(text))
  })

  it('carry no fix, which would not fit the outer text', () => {
    const [finding] = analyzeBody(block('perform pg_advisory_lock(1);'))
    expect(finding).not.toHaveProperty('fix')
    expect(finding?.inner).not.toHaveProperty('fix')
  })
})

it('the statements themselves say only that a body is there', () => {
  expect(analyzeWithGrammar(block('listen a;')).verdict).toBe('opaque')
  expect(analyzeWithGrammar('create function f() returns int language sql as $$ select lastval() $$').verdict).toBe(
    'safe',
  )
})

it('a text that cannot be parsed is an error', () => {
  expect(() => analyzeBody('do do')).toThrow('syntax error')
  expect(() => analyzeBody('do $$ \0 $$')).toThrow('NUL')
})
