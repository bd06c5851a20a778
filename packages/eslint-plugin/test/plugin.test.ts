import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Linter, type Linter as LinterTypes } from 'eslint'
import { Linter as Linter9 } from 'eslint-9'
import { afterAll, describe, expect, test } from 'vitest'
import { oxlintConfig } from '../src/configs.ts'
import plugin from '../src/index.ts'

const code = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', () => {})
await pool.query("set statement_timeout = '5s'; select pg_advisory_lock(1)")
await pool.query({ name: 'a', text: 'select 1' })
await pool.query('begin')
// pooler-safe: allow no-listen because this pool is the direct one
await pool.query('listen jobs')
await pool.query('listen jobs')
`

const expected = [
  'pooler-safe/no-session-state 4',
  'pooler-safe/no-session-lock 4',
  'pooler-safe/no-named-statement 5',
  'pooler-safe/no-pool-transaction 6',
  'pooler-safe/no-listen 9',
]

const lines = (messages: readonly { readonly ruleId: string | null; readonly line: number }[]): string[] =>
  messages.map(({ line, ruleId }) => `${ruleId ?? ''} ${String(line)}`)

const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the same findings', () => {
  test('in ESLint 10', () => {
    expect(lines(new Linter().verify(code, [plugin.configs.recommended], 'a.mjs'))).toEqual(expected)
  })

  test('in ESLint 9', () => {
    const config = plugin.configs.recommended as unknown as Parameters<Linter9['verify']>[1]
    expect(lines(new Linter9().verify(code, config, 'a.mjs'))).toEqual(expected)
  })

  test('in oxlint, with the rules unchanged', () => {
    const { rules } = oxlintConfig()
    const source = fileURLToPath(new URL('../src/index.ts', import.meta.url))
    writeFileSync(join(folder, 'a.mjs'), code)
    writeFileSync(
      join(folder, '.oxlintrc.json'),
      JSON.stringify({ plugins: [], categories: {}, jsPlugins: [{ name: 'pooler-safe', specifier: source }], rules }),
    )
    const manifest = createRequire(import.meta.url).resolve('oxlint/package.json')
    const oxlint = spawnSync(
      process.execPath,
      ['--conditions=@pooler-safe/source', join(dirname(manifest), 'bin/oxlint'), '--format', 'json', 'a.mjs'],
      { cwd: folder, encoding: 'utf8' },
    )
    const report = JSON.parse(oxlint.stdout) as {
      diagnostics: { code: string; labels: { span: { line: number } }[] }[]
    }
    const found = report.diagnostics
      .map(({ code: name, labels }) => `${name.replace(/^(.*)\((.*)\)$/, '$1/$2')} ${String(labels[0]?.span.line)}`)
      .filter((item) => item.startsWith('pooler-safe/'))
    expect(found.sort()).toEqual([...expected].sort())
  })
})

test('lines that end as on Windows change no place', () => {
  const source = code.replaceAll('\n', '\r\n')
  expect(lines(new Linter().verify(source, [plugin.configs.recommended], 'a.mjs'))).toEqual(expected)
  const template =
    'import { Pool } from "pg"\r\nconst p = new Pool()\r\np.on("error", f)\r\nawait p.query(`\r\n  select 1;\r\n  reset all`)'
  const [found] = new Linter().verify(template, [plugin.configs.recommended], 'a.mjs')
  expect([found?.line, found?.column, found?.endColumn]).toEqual([6, 9, 12])
})

test('a file without an operation gets no listener, and one with a directive or an imported pool does', () => {
  const counted = (text: string): number => {
    let listeners = 0
    const rules = Object.fromEntries(
      Object.entries(plugin.rules ?? {}).map(([name, rule]) => [
        name,
        {
          ...rule,
          create(context: Parameters<typeof rule.create>[0]) {
            const made = rule.create(context)
            listeners += Object.keys(made).length
            return made
          },
        },
      ]),
    )
    const config = { ...plugin.configs.strict, plugins: { 'pooler-safe': { rules } } }
    new Linter().verify(text, [config], 'a.mjs')
    return listeners
  }
  expect(
    counted(`import { query } from './router';\nselect(query('#menu'))\nlisten('transaction', () => execute())`),
  ).toBe(0)
  expect(counted(`import { pool } from './db'\nawait pool.query('select 1')`)).toBeGreaterThan(0)
  expect(counted(`import { Pool } from 'pg'`)).toBeGreaterThan(0)
  expect(counted('// pooler-safe: session-mode because it is the direct one')).toBeGreaterThan(0)
})

describe('files of SQL', () => {
  const verify = (text: string, config: LinterTypes.Config = plugin.configs.sql): LinterTypes.LintMessage[] =>
    new Linter().verify(text, [config], 'a.sql')

  test('are judged statement by statement, each at its place', () => {
    const text =
      "create table t (a int);\nset search_path = app;\n\ncreate temp table u (a int);\nselect 'ä', pg_advisory_lock(1);"
    expect(verify(text).map(({ column, line, ruleId }) => [ruleId, line, column])).toEqual([
      ['pooler-safe/no-session-state', 2, 5],
      ['pooler-safe/no-session-object', 4, 8],
      ['pooler-safe/no-session-lock', 5, 13],
    ])
  })

  test('may open and close their own transaction', () => {
    expect(verify("begin;\nset local lock_timeout = '1s';\nalter table t add b int;\ncommit;")).toEqual([])
  })

  test('that psql alone understands are judged as far as PostgreSQL understands them', () => {
    expect(lines(verify('\\set ON_ERROR_STOP on\nselect 1;\nreset all;\n'))).toEqual(['pooler-safe/no-session-state 3'])
  })

  test('that the grammar refuses are errors on demand', () => {
    const strict = {
      ...plugin.configs.sql,
      plugins: { 'pooler-safe': plugin as never },
      languageOptions: { syntax: 'strict' },
    }
    const [message] = verify('select 1;\nselect frm;\nselect from from', strict)
    expect(message?.fatal).toBe(true)
    expect(message?.line).toBe(3)
  })

  test('take suggestions', () => {
    const [message] = verify('SET lock_timeout = 1')
    expect(message?.suggestions?.[0]?.fix).toEqual({ range: [3, 3], text: ' LOCAL' })
  })
})

describe('configuration', () => {
  test('every rule of a preset exists, and recommended is part of strict', () => {
    for (const config of Object.values(plugin.configs)) {
      for (const name of Object.keys(config.rules ?? {})) {
        expect(plugin.rules, name).toHaveProperty(name.replace('pooler-safe/', ''))
      }
    }
    const strict = Object.keys(plugin.configs.strict.rules ?? {})
    expect(strict).toEqual(expect.arrayContaining(Object.keys(plugin.configs.recommended.rules ?? {})))
    expect(strict).toHaveLength(Object.keys(plugin.rules ?? {}).length)
  })

  test.each([
    [{ wraper: ['x'] }, /has no option "wraper"/],
    [{ wrapper: 'x' }, /wrapper has to be a list of strings/],
    [{ executors: [{ module: 'x' }] }, /executors has to be a list/],
    [{ sessionMode: { files: 'x' } }, /sessionMode.files has to be a list of strings/],
    [{ pooler: 'pgbounce' }, /pooler has to be one of "pgbouncer", "pgbouncer>=1.21"/],
    [{ tags: { sql: 'mysql' } }, /tags has to be an object/],
    ['x', /has to be an object/],
  ])('refuses the settings %j', (settings, message) => {
    const config = {
      ...plugin.configs.recommended,
      plugins: { 'pooler-safe': plugin as never },
      settings: { 'pooler-safe': settings },
    }
    expect(() => new Linter().verify(code, [config as LinterTypes.Config], 'a.mjs')).toThrow(message)
  })

  test.each([
    ['pgbouncer', 2],
    ['supavisor', 2],
    ['pgbouncer>=1.21', 1],
    ['pgdog', 1],
  ])('behind %s names in the protocol are what its tracking makes of them, SQL PREPARE never is', (pooler, count) => {
    const named = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', () => {})
await pool.query({ name: 'a', text: 'select 1' })
await pool.query('prepare b as select 1')
`
    const settings = { 'pooler-safe': { pooler } }
    const found = lines(new Linter().verify(named, [plugin.configs.recommended, { settings }], 'a.mjs'))
    expect(found).toEqual(['pooler-safe/no-named-statement 4', 'pooler-safe/no-named-statement 5'].slice(-count))
  })

  test('tells no-raw-execute about the wrapper', () => {
    const settings = { 'pooler-safe': { wrapper: ['@acme/db'] } }
    const found = new Linter().verify(code, [plugin.configs.recommended, { settings }], 'a.mjs')
    expect(lines(found).filter((item) => item.startsWith('pooler-safe/no-raw-execute'))).toHaveLength(5)
  })
})
