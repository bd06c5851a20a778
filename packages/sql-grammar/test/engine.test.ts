import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, it } from 'vitest'
import { exportNames, importNames } from '../src/host.ts'
import { fingerprint, GrammarUnavailable, longestText, parseSql, SqlSyntaxError } from '../src/index.ts'

const deep = `select ${'a + '.repeat(10_000)}a`

function failure(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  return undefined
}

describe('parseSql', () => {
  it('parses at once, without a promise', () => {
    expect(parseSql('select 1; ; insert into t values ($1)').statements).toMatchObject([
      { type: 'SelectStmt', startBytes: 0, lengthBytes: 8 },
      { type: 'InsertStmt' },
    ])
  })

  it('speaks the grammar of PostgreSQL 18', () => {
    expect(Math.floor(parseSql('select 1').version / 10_000)).toBe(18)
    expect(parseSql('update t set a = 1 returning old.a, new.a').statements).toHaveLength(1)
  })

  it.each(['', ' \n', '-- a', '/* a */', ';;'])('finds no statement in %j', (text) => {
    expect(parseSql(text).statements).toEqual([])
  })

  it.each([
    ['selct 1', 'syntax error at or near "selct"', 0],
    ['select 1 +', 'syntax error at end of input', 10],
    ['select 1; listen', 'syntax error at end of input', 16],
    ["select 'a", 'unterminated quoted string at or near "\'a"', 7],
    ['select é from from t', 'syntax error at or near "from"', 14],
    ["select '😀', é from from t", 'syntax error at or near "from"', 20],
    [`select ${'('.repeat(20_000)}`, 'memory exhausted at or near "("', 10_003],
  ])('refuses %j, and says where', (text, message, offset) => {
    const error = failure(() => parseSql(text))
    expect(error).toBeInstanceOf(SqlSyntaxError)
    expect(error).toMatchObject({ name: 'SqlSyntaxError', message, offset })
  })

  it.each([
    ['nul', 'select 1\0; set a = 1', /NUL/],
    ['too-long', 'select 1'.padEnd(longestText + 1), /65536/],
    ['too-deep', deep, /nested too deeply/],
  ])('does not give the parser what it cannot take: %s', (reason, text, message) => {
    const error = failure(() => parseSql(text))
    expect(error).toBeInstanceOf(GrammarUnavailable)
    expect(error).toMatchObject({
      name: 'GrammarUnavailable',
      reason,
      message: expect.stringMatching(message) as string,
    })
  })

  it('takes a text of the greatest length', () => {
    expect(parseSql('select 1'.padEnd(longestText)).statements).toHaveLength(1)
  })

  it('is right after each of forty expressions that were too deep', () => {
    const good = 'select a, b from t where c = $1'
    const expected = parseSql(good)
    for (let i = 0; i < 40; i += 1) {
      expect(failure(() => parseSql(deep))).toMatchObject({ reason: 'too-deep' })
      expect(parseSql(good)).toEqual(expected)
    }
  }, 60_000)

  it('is right after syntax errors, too', () => {
    const expected = parseSql('select 1')
    for (let i = 0; i < 500; i += 1)
      expect(failure(() => parseSql(`select ${i} from from`))).toBeInstanceOf(SqlSyntaxError)
    expect(parseSql('select 1')).toEqual(expected)
  })
})

describe('fingerprint', () => {
  it('is equal for texts that differ in constants, blanks and comments, and only then', () => {
    expect(fingerprint('select a from t where b = 1')).toBe(fingerprint('SELECT a\nfrom t /* x */ where b = 22'))
    expect(fingerprint('select a from t where b in (1, 2)')).toBe(fingerprint('select a from t where b in (1, 2, 3)'))
    expect(fingerprint('select a from t')).not.toBe(fingerprint('select a from u'))
  })

  it('refuses what is not SQL', () => {
    expect(failure(() => fingerprint('selct'))).toBeInstanceOf(SqlSyntaxError)
    expect(failure(() => fingerprint('select 1\0'))).toMatchObject({ reason: 'nul' })
  })
})

describe('the names of the parser’s imports and exports', () => {
  const glue = readFileSync(createRequire(import.meta.url).resolve('libpg-query/wasm/libpg-query.js'), 'utf8')

  it('are those that the package’s own loader uses', () => {
    const table = /wasmImports=\{([^}]*)\}/.exec(glue)?.[1] ?? ''
    expect(Object.fromEntries(table.split(',').map((pair) => pair.split(':')))).toEqual(importNames)
  })

  it.each([
    ['memory', 'wasmMemory'],
    ['table', 'wasmTable'],
    ['malloc', '_malloc'],
    ['free', '_free'],
    ['parse', '_wasm_parse_query_raw'],
    ['freeParseResult', '_wasm_free_parse_result'],
    ['parsePlpgsql', '_wasm_parse_plpgsql'],
    ['fingerprint', '_wasm_fingerprint'],
    ['freeString', '_wasm_free_string'],
    ['setThrew', '_setThrew'],
    ['restoreStack', '__emscripten_stack_restore'],
    ['currentStack', '_emscripten_stack_get_current'],
  ] as const)('%s is %s', (name, original) => {
    const found = new RegExp(`[;{=,]${original}=(?:Module\\["\\w+"\\]=)?wasmExports\\["(\\w+)"\\]`).exec(glue)?.[1]
    expect(exportNames[name]).toBe(found)
  })

  it('constructors is what the loader runs first', () => {
    const first = /function initRuntime\(\)\{.*?wasmExports\["(\w+)"\]\(\)/.exec(glue)?.[1]
    expect(exportNames.constructors).toBe(first)
  })
})
