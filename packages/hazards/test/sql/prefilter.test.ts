import { describe, expect, it } from 'vitest'
import { analyzeTokens, analyzeUncached } from '../../src/sql/analyze.ts'
import { tokenize } from '../../src/sql/lexer.ts'
import { harmlessQuery } from '../../src/sql/prefilter.ts'
import { functionRules } from '../../src/sql/table.ts'

describe('lets no function of the table pass', () => {
  it.each([...functionRules.keys()])('%s', (name) => {
    for (const call of [`${name}(1)`, `${name.toUpperCase()} (1)`, `x, ${name}\n()`, `pg_catalog.${name}()`]) {
      expect(harmlessQuery(`select ${call}`)).toBeUndefined()
      expect(harmlessQuery(`insert into t values (${call});`)).toBeUndefined()
    }
  })
})

describe('lets no other hazard of a query pass', () => {
  it.each([
    'select a into temp t from b',
    'select a into local temporary table t from b',
    'select a from pg_temp.t',
    'select a from pg_temp_3.t',
    'update t set a = 1 where current of c',
    'delete from t where current\nof c',
    'select a from t for update',
    'select a from t for no key update',
    'with a as (select 1 from t FOR SHARE) select 1',
  ])('%s', (text) => {
    expect(analyzeTokens(tokenize(text)).statements[0]?.reasons).not.toEqual([])
    expect(harmlessQuery(text)).toBeUndefined()
  })
})

describe('passes nothing that only the lexer can read', () => {
  it.each([
    ['another statement', 'select 1; listen a'],
    ['another statement behind semicolons', 'select 1;; listen a ;'],
    ['a string', "select 'a'"],
    ['a quoted name', 'select "a"'],
    ['a line comment', 'select 1 -- a'],
    ['a block comment', 'select 1 /* a */'],
    ['a dollar quote', 'select $$a$$'],
    ['a tagged dollar quote', 'select $a$b$a$'],
    ['a backslash', String.raw`select \a`],
    ['a letter beyond ASCII', 'select é'],
    ['a blank beyond ASCII', 'select\u00a01'],
    ['an NUL', 'select 1\0'],
    ['an NUL behind the semicolon', 'select 1; \0'],
    ['a comment in front', '/* a */ select 1'],
    ['a semicolon in front', '; select 1'],
    ['two semicolons behind', 'select 1;;'],
    ['a parenthesis in front', '(select 1)'],
  ])('%s', (_, text) => {
    expect(harmlessQuery(text)).toBeUndefined()
  })

  it.each(
    (
      'alter analyze begin call checkpoint close cluster comment commit copy create deallocate declare discard do drop ' +
      'end execute explain fetch grant import listen load lock merge move notify prepare reassign refresh reindex ' +
      'release reset revoke rollback savepoint security set show start table truncate unlisten vacuum abort'
    ).split(' '),
  )('a statement that starts with %s', (keyword) => {
    for (const text of [`${keyword} a`, `${keyword.toUpperCase()} a`, keyword, `${keyword}(a)`]) {
      expect(harmlessQuery(text)).toBeUndefined()
    }
  })
})

describe('passes the usual query, at the place that the lexer gives it', () => {
  it.each([
    'select 1',
    ' \n\tSELECT * from job where id = $1 and b = $22 ;\n ',
    'insert into job (a, b) values ($1, $2) on conflict (a) do update set b = excluded.b returning id',
    'update job set a = a + 1, state = 1 where id = any($1::int[]);',
    'delete from job where a is not null',
    'with a as (select 1) select * from a left join b using (c) order by d desc limit 10',
    'values (1), (2)',
    'select count(*) filter (where a > 0), row_number() over (partition by b) from format_t where tem = 1',
  ])('%j', (text) => {
    const slow = analyzeTokens(tokenize(text))
    expect(slow.verdict).toBe('safe')
    expect(harmlessQuery(text)).toEqual({ start: slow.statements[0]?.start, end: slow.statements[0]?.end })
    expect(analyzeUncached(text)).toEqual(slow)
  })
})
