import { describe, expect, it } from 'vitest'
import { analyzeSql } from '../../src/sql/analyze.ts'
import { classifySql } from '../../src/sql/classify.ts'

describe('a text that cannot be read is never safe', () => {
  it.each([
    ['NUL character', 'select 1\0; set a = 1', 8],
    ['NUL character', '\0', 0],
    ['NUL character', 'select 1;\0', 9],
    ['unterminated string', "select 'a", 7],
    ['unterminated string', String.raw`select E'a\'`, 7],
    ['unterminated quoted name', 'select "a', 7],
    ['unterminated quoted name', 'select U&"a', 7],
    ['unterminated comment', 'select 1 /* a', 9],
    ['unterminated comment', 'select 1 /* /* a */', 9],
    ['unterminated dollar-quoted string', 'select $$a', 7],
    ['unterminated dollar-quoted string', 'select $a$b$a', 7],
  ])('%s: %j', (reason, text, start) => {
    const analysis = analyzeSql(text)
    const end = text.length
    expect(analysis).toMatchObject({ verdict: 'session', unreadable: reason })
    expect(analysis.statements).toMatchObject([{ index: 0, start: 0, end, verdict: 'session', command: 'other' }])
    expect(analysis.statements[0]?.reasons).toMatchObject([
      { hazard: 'hidden-in-routine', verdict: 'session', subject: reason, start, end },
    ])
    for (const mode of ['autocommit', 'transaction', 'batch'] as const) {
      expect(classifySql(text, { mode })).toMatchObject([{ refuse: true, severity: 'leak', start, end }])
    }
  })

  it('marks inside strings, names and comments end nothing', () => {
    for (const text of [`select '"' , "'" , $$'"$$ /* ' " $$ */ -- ' " /*`, `select "a /*", '$$', '--'`]) {
      expect(analyzeSql(text)).toMatchObject({ verdict: 'safe' })
      expect(analyzeSql(text).unreadable).toBeUndefined()
    }
  })
})
