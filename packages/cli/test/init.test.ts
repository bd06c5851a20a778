import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder, sample, type Folder } from './support/run-program.ts'

const manifest = '{\n  "name": "shop",\n  "type": "module",\n  "scripts": {\n    "test": "vitest"\n  }\n}\n'

/** The plugin and ESLint as if they were installed. */
function installed(folder: Folder): Folder {
  symlinkSync(resolve(import.meta.dirname, '../node_modules'), join(folder.path, 'node_modules'))
  return folder
}

function lint(folder: Folder, ...files: string[]) {
  const bin = join(folder.path, 'node_modules/eslint/bin/eslint.js')
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', bin, '--format', 'json', ...files],
    {
      cwd: folder.path,
      encoding: 'utf8',
    },
  )
  const results = JSON.parse(stdout) as { messages: { ruleId: string; line: number }[] }[]
  return results.flatMap(({ messages }) => messages.map(({ line, ruleId }) => `${ruleId}:${line}`))
}

test('an empty package gets a configuration of ESLint that works, settings and scripts', async () => {
  const folder = installed(
    makeFolder({ 'package.json': manifest, 'a.js': sample.replaceAll(/: (?:string|number)/g, '') }),
  )
  const { code, err, out } = await folder.run('init')
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain('eslint.config.mjs: made')
  expect(out).toContain('npm install --save-dev @pooler-safe/cli eslint-plugin-pooler-safe eslint')
  expect(lint(folder, 'a.js')).toEqual(['pooler-safe/no-session-state:6'])
  expect(JSON.parse(folder.read('package.json'))).toMatchObject({
    name: 'shop',
    scripts: { test: 'vitest', 'pooler:audit': 'pooler-safe audit', 'pooler:fix': 'pooler-safe fix' },
  })
  // Its own settings are ones that the audit takes.
  expect((await folder.run('audit', '--quiet', 'a.js')).code).toBe(1)
})

test('a second run changes nothing', async () => {
  const folder = makeFolder({ 'package.json': manifest })
  await folder.run('init', '--ci', 'github')
  const files = ['package.json', 'eslint.config.mjs', 'pooler-safe.config.json', '.github/workflows/pooler-safe.yml']
  const before = files.map((name) => folder.read(name))
  const { code, out } = await folder.run('init', '--ci', 'github')
  expect(code).toBe(0)
  expect(out.match(/: unchanged, /g)).toHaveLength(4)
  expect(files.map((name) => folder.read(name))).toEqual(before)
})

test('--dry-run writes nothing and shows all of it', async () => {
  const folder = makeFolder({ 'package.json': manifest, 'eslint.config.js': 'export default [{}]\n' })
  const { code, out } = await folder.run('init', '--ci', 'github', '--dry-run')
  expect(code).toBe(0)
  expect(out).toContain('+    "pooler:audit": "pooler-safe audit",')
  expect(out).toContain("+import poolerSafe from 'eslint-plugin-pooler-safe'")
  expect(out).toContain('actions/checkout')
  expect(folder.read('package.json')).toBe(manifest)
  expect(folder.read('eslint.config.js')).toBe('export default [{}]\n')
  expect(existsSync(join(folder.path, 'pooler-safe.config.json'))).toBe(false)
})

test('what is there is never overwritten', async () => {
  const files = {
    'package.json': manifest,
    'pooler-safe.config.js': 'export default {}\n',
    '.github/workflows/pooler-safe.yml': 'mine\n',
  }
  const folder = makeFolder(files)
  await folder.run('init', '--ci', 'github')
  expect(folder.read('.github/workflows/pooler-safe.yml')).toBe('mine\n')
  expect(existsSync(join(folder.path, 'pooler-safe.config.json'))).toBe(false)
})

test.each([
  ['eslint.config.js', `export default [{ rules: {} }]\n`],
  [
    'eslint.config.mjs',
    `import js from '@eslint/js'\n\nexport default [\n  js.configs.recommended,\n  { rules: {} },\n]\n`,
  ],
  ['eslint.config.mjs', `import { defineConfig } from 'eslint/config'\nexport default defineConfig([\n  {}\n])\n`],
  [
    'eslint.config.ts',
    `import tseslint from 'typescript-eslint';\n\nexport default tseslint.config(\n  tseslint.configs.base,\n  {},\n);\n`,
  ],
  ['eslint.config.js', `const config = [\n  {},\n]\nexport default config\n`],
  ['eslint.config.cjs', `const js = require('@eslint/js');\n\nmodule.exports = [js.configs.recommended];\n`],
  ['eslint.config.js', `export default []\r\n`],
])('%s gets the presets at the end of its list: %j', async (name, text) => {
  const folder = makeFolder({ 'package.json': manifest, [name]: text })
  expect((await folder.run('init')).code).toBe(0)
  const now = folder.read(name)
  expect(now).toMatch(/poolerSafe\.configs\.recommended,\s+poolerSafe\.configs\.sql,?\s*[\])]/)
  expect(now).toMatch(
    name.endsWith('.cjs') || text.includes('require')
      ? /= require\('eslint-plugin-pooler-safe'\)/
      : /import poolerSafe from 'eslint-plugin-pooler-safe'/,
  )
  expect(now.includes('\r\n')).toBe(text.includes('\r\n'))
  // Every line of before is there.
  for (const line of text.split(/\r?\n/)) expect(now).toContain(line.replace(/[\s\])};,]*$/, ''))
})

test('a configuration whose edited form ESLint loads', async () => {
  const text = `export default [\n  { rules: { 'no-var': 'error' } },\n]\n`
  const folder = installed(
    makeFolder({
      'package.json': manifest,
      'eslint.config.js': text,
      'a.js': `var a = 1\n${sample.replaceAll(/: (?:string|number)/g, '')}`,
    }),
  )
  await folder.run('init')
  expect(lint(folder, 'a.js')).toEqual(['no-var:1', 'pooler-safe/no-session-state:7'])
})

test.each([
  ['eslint.config.js', `import make from './make.js'\nexport default make()\n`],
  ['eslint.config.js', `export default [\n`],
  ['.eslintrc.json', `{}\n`],
  ['.oxlintrc.json', `{ "rules": {} }\n`],
])('%s that cannot be edited safely is left, and shown what to add', async (name, text) => {
  const folder = makeFolder({ 'package.json': manifest, [name]: text })
  const { code, out } = await folder.run('init')
  expect([code, folder.read(name)]).toEqual([1, text])
  expect(out).toMatch(/put in by hand, because /)
  expect(out).toContain('eslint-plugin-pooler-safe')
})

test('folders of migrations run on the direct URL, in both settings', async () => {
  const folder = makeFolder({ 'package.json': manifest, 'db/migrations/1.sql': 'select 1;' })
  await folder.run('init')
  expect(JSON.parse(folder.read('pooler-safe.config.json'))).toMatchObject({
    sessionMode: { files: ['db/migrations/**'] },
  })
  expect(folder.read('eslint.config.mjs')).toContain("sessionMode: { files: ['db/migrations/**'] }")
})

test.each([
  ['pnpm-lock.yaml', 'pnpm add --dev', 'pnpm install --frozen-lockfile'],
  ['yarn.lock', 'yarn add --dev', 'yarn install --immutable'],
  ['bun.lock', 'bun add --dev', 'bun install --frozen-lockfile'],
])('%s says which package manager', async (name, add, install) => {
  const folder = makeFolder({ 'package.json': manifest, [name]: '' })
  expect((await folder.run('init', '--ci', 'github')).out).toContain(add)
  expect(folder.read('.github/workflows/pooler-safe.yml')).toContain(install)
})

test.each([
  ['{"name":"a"}', '"scripts"'],
  ['{}', '"scripts"'],
  ['{"scripts":{}}', '"pooler:audit"'],
  ['{"scripts": {"a": "b"}, "x": [1,   2]}', '"x": [1,   2]'],
  [
    '\uFEFF{\r\n\t"name": "a",\r\n\t"scripts": {\r\n\t\t"a": "b"\r\n\t}\r\n}\r\n',
    '\r\n\t\t"pooler:audit": "pooler-safe audit",\r\n',
  ],
])('scripts are put into %j, and nothing else changes', async (text, expected) => {
  const folder = makeFolder({ 'package.json': text })
  await folder.run('init')
  const now = folder.read('package.json')
  expect(now).toContain(expected)
  expect(now.startsWith('\uFEFF')).toBe(text.startsWith('\uFEFF'))
  const { scripts, ...rest } = JSON.parse(now.replace(/^\uFEFF/, '')) as { scripts: Record<string, string> }
  const old = JSON.parse(text.replace(/^\uFEFF/, '')) as { scripts?: Record<string, string> }
  expect(scripts).toEqual({ 'pooler:audit': 'pooler-safe audit', 'pooler:fix': 'pooler-safe fix', ...old.scripts })
  expect({ ...rest, scripts: old.scripts }).toEqual({ ...old, scripts: old.scripts })
})

test('without a package, or with a broken one, it says so', async () => {
  expect(await makeFolder().run('init')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no package\.json in this folder/),
  })
  expect(await makeFolder({ 'package.json': '{' }).run('init')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/package\.json is no JSON/),
  })
  expect(await makeFolder({ 'package.json': '[]' }).run('init')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/holds no object/),
  })
  expect(await makeFolder({ 'package.json': '{}' }).run('init', 'src')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/takes no path/),
  })
})

test('a manifest that may not be written is said', async () => {
  const folder = makeFolder({ 'package.json': manifest })
  chmodSync(join(folder.path, 'package.json'), 0o444)
  expect(await folder.run('init')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/could not be changed: it is read-only/),
  })
})

test('the workflow is YAML that says what to run', async () => {
  const folder = makeFolder({ 'package.json': manifest })
  await folder.run('init', '--ci', 'github')
  const text = folder.read('.github/workflows/pooler-safe.yml')
  expect(text).not.toMatch(/\t/)
  expect(text).toContain('--changed-since "origin/${{ github.base_ref }}"')
  const python = spawnSync('python3', ['-c', 'import yaml'])
  if (python.status === 0)
    execFileSync('python3', [
      '-c',
      'import sys, yaml; yaml.safe_load(open(sys.argv[1]))',
      join(folder.path, '.github/workflows/pooler-safe.yml'),
    ])
})
