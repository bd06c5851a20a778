import parser from '@typescript-eslint/parser'
import { ESLint } from 'eslint'
import plugin from 'eslint-plugin-pooler-safe'
import { analyzeFile, createProject } from 'eslint-plugin-pooler-safe/analysis'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { listFiles } from '../../src/audit/file-list.ts'
import { parseModule } from '../../src/audit/parse-module.ts'
import type { AuditReport } from '../../src/audit/report.ts'
import { makeFolder, runProgram } from '../support/run-program.ts'

const root = resolve(import.meta.dirname, '../../../..')
/** Drivers, fakes of drivers, and services that take their database from other packages. */
const folders = ['packages/testkit/src/judge', 'packages/pooler-safe/src', 'packages/cli/src/doctor', 'examples']
const files = listFiles(folders, root, []).filter((path) => path.endsWith('.ts') && !path.includes('/test/'))
// No exceptions: what they hide has to be the same, too.
const settings = { wrapper: ['pooler-safe'] }

test('the audit and ESLint say the same about this repository without its exceptions', async () => {
  const folder = makeFolder({ 'config.json': JSON.stringify(settings) })
  const { out } = await runProgram(
    ['audit', '--format', 'json', '--quiet', '--config', `${folder.path}/config.json`, ...files],
    { cwd: root },
  )
  const byAudit = (JSON.parse(out) as AuditReport).findings.map(
    ({ column, file, line, rule }) => `${file}:${line}:${column} ${rule}`,
  )
  const eslint = new ESLint({
    cwd: root,
    overrideConfigFile: true,
    allowInlineConfig: false,
    overrideConfig: [
      { files: ['**/*.ts'], languageOptions: { parser }, settings: { 'pooler-safe': settings } },
      plugin.configs.recommended,
    ],
  })
  // ESLint reads all of them, also those that the audit leaves out by their text.
  const results = await eslint.lintFiles(files.filter((_, index) => index % 3 === 0 || hasFinding(files[index])))
  const byEslint = results.flatMap(({ filePath, messages }) =>
    messages.map(({ column, line, ruleId }) => {
      const name = relative(root, filePath).replaceAll('\\', '/')
      return `${name}:${line}:${column} ${String(ruleId).replace('pooler-safe/', '')}`
    }),
  )
  expect(byEslint.sort()).toEqual(byAudit.sort())
  expect(byAudit.length).toBeGreaterThan(5)

  function hasFinding(path: string | undefined): boolean {
    return byAudit.some((said) => said.startsWith(`${relative(root, path ?? '').replaceAll('\\', '/')}:`))
  }
}, 120_000)

test('an inventory, which looks at more, finds no more', () => {
  const [wide, narrow] = [createProject(), createProject()]
  for (const path of files) {
    const source = readFileSync(path, 'utf8')
    const look = (host: ReturnType<typeof wide.hostFor>, always: boolean) =>
      analyzeFile({ path, source, ...parseModule(path, source), settings, host, always }).findings.map(
        ({ range, rule, subject }) => `${path}:${range[0]} ${rule} ${subject}`,
      )
    expect(look(wide.hostFor(path, settings), true)).toEqual(look(narrow.hostFor(path, settings), false))
  }
}, 120_000)

test('a session that comes from a package of the workspace built on the wrapper is no raw call', () => {
  const folder = makeFolder({
    'package.json':
      '{"name":"service","dependencies":{"@acme/platform":"*","@acme/other":"*","pooler-safe":"1","pg":"8"}}',
    'context.ts': `import type { Platform } from '@acme/platform'\nexport interface Context { platform: Platform }`,
    'other.ts': `import type { Platform } from '@acme/other'\nexport interface Context { platform: Platform }`,
  })
  const places = ['platform', 'other']
  for (const place of places)
    folder.write(
      `packages/${place}/package.json`,
      JSON.stringify({ name: `@acme/${place}`, dependencies: place === 'platform' ? { 'pooler-safe': '1' } : {} }),
    )
  mkdirSync(`${folder.path}/node_modules/@acme`, { recursive: true })
  for (const place of places)
    symlinkSync(`../../packages/${place}`, `${folder.path}/node_modules/@acme/${place}`, 'dir')
  const rulesOf = (name: string): readonly string[] => {
    const path = `${folder.path}/route.ts`
    const source = `import type { Context } from '${name}'\nexport const f = (api: Context) => api.platform.database.query('select 1')`
    const host = createProject().hostFor(path, {})
    return analyzeFile({ path, source, ...parseModule(path, source), host }).findings.map(({ rule }) => rule)
  }
  expect(rulesOf('./context.ts')).toEqual([])
  expect(rulesOf('./other.ts')).toEqual(['no-raw-execute'])
})
