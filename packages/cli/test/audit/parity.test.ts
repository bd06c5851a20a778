import parser from '@typescript-eslint/parser'
import { ESLint, type Linter } from 'eslint'
import plugin from 'eslint-plugin-pooler-safe'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { levelOf } from '../../src/audit/levels.ts'
import type { AuditReport } from '../../src/audit/report.ts'
import { runProgram } from '../support/run-program.ts'

const pluginFolder = resolve(import.meta.dirname, '../../../eslint-plugin')
const corpus = mkdtempSync(join(tmpdir(), 'pooler-safe-parity-'))
const scripts = {
  'script.sql': 'set search_path to app;\nselect pg_advisory_lock(1);\n',
  'transaction.sql': 'begin;\nset local role app;\ncommit;\ncreate temp table t (a int);\n',
  'body.sql': "do $$ begin perform set_config('a.b', 'x', false); end $$;\n",
  'psql.sql': '\\set name app\nset role app;\nselect :name;\n',
}

/** What the tests of the rules put together from parts. */
const byHand = `import { Pool } from 'pg'
const pool = new Pool()
pool.on('error', console.error)
export async function run(client: import('pg').PoolClient, text: string) {
  await client.query('begin')
  await fetch('https://example.org')
  await client.query('commit')
  await pool.query(text)
}
export async function both() {
  const client = await pool.connect()
  await Promise.all([client.query('select 1'), client.query('select 2')])
}
`

afterAll(() => rmSync(corpus, { recursive: true }))
beforeAll(() => {
  writeFileSync(join(corpus, 'package.json'), '{"name":"corpus","dependencies":{"pg":"8","pooler-safe":"1"}}')
  cpSync(join(pluginFolder, 'fixtures'), join(corpus, 'fixtures'), { recursive: true })
  for (const [name, text] of Object.entries(scripts)) writeFileSync(join(corpus, name), text)
  writeFileSync(join(corpus, 'by-hand.ts'), byHand)
  mkdirSync(join(corpus, 'rules'))
  const tests = join(pluginFolder, 'test/rules')
  const written = new Set<string>()
  for (const file of readdirSync(tests)) {
    const texts = textsOf(readFileSync(join(tests, file), 'utf8')).filter((text) => !written.has(text))
    for (const text of texts) written.add(text)
    texts.forEach((text, index) =>
      writeFileSync(join(corpus, 'rules', `${file.replace('.test.ts', '')}-${index}.ts`), text),
    )
  }
})

/** The code that the tests of the rules are about: their strings of more than a few words. */
function textsOf(source: string): readonly string[] {
  const texts: string[] = []
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit)
    if (typeof value !== 'object' || value === null) return
    const node = value as Record<string, unknown>
    if (node['type'] === 'Literal' && typeof node['value'] === 'string') texts.push(node['value'])
    if (node['type'] === 'TemplateLiteral') {
      const quasis = node['quasis'] as readonly { readonly value: { readonly cooked: string } }[]
      // Holes of the tests are modules, names and statements; a name fits most of them.
      texts.push(quasis.map(({ value: { cooked } }) => cooked).join('hole'))
    }
    Object.values(node).forEach(visit)
  }
  visit(parseSync('a.ts', source).program)
  return texts.filter((text) => text.length > 30 && /[(`]/.test(text))
}

/** Everything that a finding is: where, what, how bad, and what is said about it. */
type Said = readonly [place: string, rule: string, level: string, message: string]

type Preset = 'recommended' | 'strict'
const presets: readonly Preset[] = ['recommended', 'strict']

/** The rules of both presets, each under the name of its own: every file is parsed and analysed once. */
const config: Linter.Config[] = [
  {
    files: ['**/*.ts'],
    languageOptions: { parser },
    plugins: Object.fromEntries(presets.map((preset) => [preset, plugin])),
    rules: Object.fromEntries(
      presets.flatMap((preset) =>
        Object.entries(plugin.configs[preset].rules ?? {}).map(([name, entry]) => [
          name.replace('pooler-safe', preset),
          entry,
        ]),
      ),
    ),
  },
  plugin.configs.sql,
]

let saidWithEslint: Promise<ReadonlyMap<Preset, readonly Said[]>> | undefined

async function sayWithEslint(preset: Preset): Promise<Said[]> {
  saidWithEslint ??= sayOfBothPresets()
  return [...((await saidWithEslint).get(preset) ?? [])]
}

async function sayOfBothPresets(): Promise<ReadonlyMap<Preset, readonly Said[]>> {
  const eslint = new ESLint({
    cwd: corpus,
    overrideConfigFile: true,
    allowInlineConfig: false,
    overrideConfig: config,
  })
  const said = new Map(presets.map((preset) => [preset, [] as Said[]]))
  for (const { filePath, messages } of await eslint.lintFiles(['**/*.ts', '**/*.sql'])) {
    for (const { column, fatal, line, message, ruleId, severity } of messages) {
      if (fatal === true) continue
      const [owner, rule = ''] = String(ruleId).split('/')
      const place = `${relative(corpus, filePath).replaceAll('\\', '/')}:${line}:${column}`
      // Files of SQL have one preset.
      for (const preset of owner === 'pooler-safe' ? presets : [owner as Preset])
        said.get(preset)?.push([place, rule, severity === 2 ? 'error' : 'warning', message])
    }
  }
  return said
}

async function sayWithProgram(preset: string): Promise<Said[]> {
  const { out } = await runProgram(['audit', '--preset', preset, '--format', 'json', '--quiet'], { cwd: corpus })
  const report = JSON.parse(out) as AuditReport
  return report.findings
    .filter(({ file }) => /\.(?:ts|sql)$/.test(file))
    .map(({ column, file, level, line, message, rule }) => [`${file}:${line}:${column}`, rule, level, message] as const)
}

const inOrder = (said: Said[]): Said[] => said.sort((a, b) => (a.join() < b.join() ? -1 : 1))

test.each(presets)(
  'the audit and ESLint with %s say the same about every file of the corpus',
  async (preset) => {
    const [byProgram, byEslint] = [inOrder(await sayWithProgram(preset)), inOrder(await sayWithEslint(preset))]
    expect(byProgram).toEqual(byEslint)
    const rules = new Set(byProgram.map(([, rule]) => rule))
    const wanted = Object.keys(plugin.configs[preset].rules ?? {}).map((name) => name.replace('pooler-safe/', ''))
    expect([...rules].sort()).toEqual(wanted.sort())
  },
  240_000,
)

test('the levels are those of the presets', () => {
  for (const preset of ['recommended', 'strict'] as const) {
    const rules: Readonly<Record<string, unknown>> = plugin.configs[preset].rules ?? {}
    for (const rule of Object.keys(plugin.rules ?? {})) {
      const entry = rules[`pooler-safe/${rule}`]
      const level: unknown = Array.isArray(entry) ? entry[0] : entry
      const expected = level === 'warn' ? 'warning' : level
      expect([rule, levelOf({ rule: rule as never }, preset, false)]).toEqual([rule, expected])
    }
  }
})
