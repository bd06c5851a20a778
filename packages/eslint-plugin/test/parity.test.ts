import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as parser from '@typescript-eslint/parser'
import { Linter } from 'eslint'
import { afterAll, expect, test } from 'vitest'
import { oxlintConfig } from '../src/configs.ts'
import plugin from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-parity-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** All fixtures, and all code of the rule pages, bad and good. */
function corpus(): ReadonlyMap<string, string> {
  const sources = new Map<string, string>()
  const fixtures = new URL('../fixtures/', import.meta.url)
  for (const kind of ['raw', 'safe', 'typed']) {
    for (const file of readdirSync(new URL(`${kind}/`, fixtures)).filter((name) => name.endsWith('.ts'))) {
      sources.set(`${kind}-${file}`, readFileSync(new URL(`${kind}/${file}`, fixtures), 'utf8'))
    }
  }
  const pages = new URL('../../../docs/rules/', import.meta.url)
  for (const page of readdirSync(pages)) {
    const blocks = readFileSync(new URL(page, pages), 'utf8').matchAll(/```(?:ts|js)\n([^]*?)```/g)
    let index = 0
    for (const [, text = ''] of blocks) sources.set(`${page.replace('.md', '')}-${String((index += 1))}.ts`, text)
  }
  return sources
}

function eslintFindings(sources: ReadonlyMap<string, string>): string[] {
  const linter = new Linter({ cwd: folder })
  return [...sources].flatMap(([file, text]) =>
    linter
      .verify(text, [plugin.configs.recommended, { languageOptions: { parser: parser } }], join(folder, file))
      .map(({ column, line, ruleId }) => `${file} ${ruleId ?? 'error'} ${String(line)}:${String(column)}`),
  )
}

function oxlintFindings(sources: ReadonlyMap<string, string>): string[] {
  for (const [file, text] of sources) writeFileSync(join(folder, file), text)
  const specifier = fileURLToPath(new URL('../src/index.ts', import.meta.url))
  writeFileSync(
    join(folder, '.oxlintrc.json'),
    JSON.stringify({
      plugins: [],
      categories: {},
      jsPlugins: [{ name: 'pooler-safe', specifier }],
      rules: oxlintConfig().rules,
    }),
  )
  const manifest = createRequire(import.meta.url).resolve('oxlint/package.json')
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', join(dirname(manifest), 'bin/oxlint'), '--format', 'json', '.'],
    { cwd: folder, encoding: 'utf8', maxBuffer: 64 * 2 ** 20 },
  )
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number; column: number } }[] }[]
  }
  // Only our rules: oxlint brings rules of its own along.
  const ours = diagnostics.filter(({ code }) => code.startsWith('pooler-safe('))
  return ours.map(({ code, filename, labels }) => {
    const { column = 0, line = 0 } = labels[0]?.span ?? {}
    return `${filename.replace(/^.*\//, '')} ${code.replace(/^(.*)\((.*)\)$/, '$1/$2')} ${String(line)}:${String(column)}`
  })
}

test('ESLint and oxlint find the same at the same places, in all fixtures and all rule pages', () => {
  const sources = corpus()
  const eslint = eslintFindings(sources).sort()
  const oxlint = oxlintFindings(sources).sort()
  expect(eslint.length).toBeGreaterThan(25)
  expect(oxlint).toEqual(eslint)
})
