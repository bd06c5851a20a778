import { Linter } from 'eslint'
import { expect, test } from 'vitest'
import plugin from '../src/index.ts'

const verify = (code: string): Linter.LintMessage[] => new Linter().verify(code, [plugin.configs.strict], 'a.mjs')
const header = `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', () => {})\n`
const rulesOf = (code: string): (string | null)[] => verify(code).map(({ ruleId }) => ruleId)

test.each<[string, string]>([
  ['SQL that is no SQL', `await pool.query('this is (not')`],
  ['an unterminated string', `await pool.query("select 'abc")`],
  ['an empty text', `await pool.query('')`],
  ['a NUL byte', `await pool.query('select 1\\0; set x = 1')`],
  ['constants that go in circles', `const a = b + 'x'\nconst b = a + 'y'\nawait pool.query('select ' + a)`],
  ['a template that contains itself', 'const t = (n) => `select ${n > 0 ? t(n - 1) : 1}`\nawait pool.query(t(3))'],
  ['an object that contains itself', 'const o = { o, text: o.text }\nawait pool.query(o)'],
  ['no argument', 'await pool.query()'],
  ['a spread argument', 'await pool.query(...args)'],
  ['a class that extends itself', 'class A extends A { f() { return this.x.query("select 1") } }'],
])('%s: no crash, and nothing found', (_name, code) => {
  expect(rulesOf(header + code).filter((rule) => rule !== 'pooler-safe/no-unresolved-sql')).toEqual([])
})

test('a text of a megabyte is judged by its tokens', () => {
  const values = Array.from({ length: 80_000 }, (_, i) => `(${String(i)}, 'abc')`).join(',')
  expect(values.length).toBeGreaterThan(900_000)
  expect(rulesOf(`${header}await pool.query("insert into t values ${values}")`)).toEqual([])
})

test('an expression of thousands of terms does not overflow the stack', () => {
  const sum = Array.from({ length: 1_500 }, () => "'a'").join(' + ')
  expect(rulesOf(`${header}await pool.query('select ' + (${sum}))`)).toEqual([])
  const nested = `select ${Array.from({ length: 8_000 }, () => '1').join(' + ')}; set role x`
  expect(rulesOf(`${header}await pool.query("${nested}")`)).toEqual(['pooler-safe/no-session-state'])
})

test('many alternatives are bounded', () => {
  const flags = Array.from({ length: 30 }, (_, i) => `\${f${String(i)} ? ' and a = 1' : ''}`).join('')
  expect(rulesOf(`${header}await pool.query(\`select 1 where true ${flags}\`)`)).toEqual([])
})

test('line ends of Windows do not shift a place', () => {
  const code = `${header}await pool.query(\`\n  select 1;\n  reset all\n\`)`.replaceAll('\n', '\r\n')
  const [message] = verify(code)
  expect([message?.ruleId, message?.line, message?.column]).toEqual(['pooler-safe/no-session-state', 6, 9])
})

test('characters beyond ASCII do not shift a place', () => {
  const [message] = verify(`${header}await pool.query("select '😀é'; reset all")`)
  expect([message?.line, message?.column]).toEqual([4, 39])
})
