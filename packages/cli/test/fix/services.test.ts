import * as parser from '@typescript-eslint/parser'
import { startPooler } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { ESLint } from 'eslint'
import plugin from 'eslint-plugin-pooler-safe'
import { spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { runProgram } from '../support/run-program.ts'

const fixtures = fileURLToPath(new URL('../../fixtures/services/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'pooler-safe-services-'))
const raw = join(folder, 'raw')
const fixed = join(folder, 'fixed')
const database = useTestDatabase({
  prepare: async (url) => {
    const { Client } = (await import('pg')).default
    const client = new Client(url)
    await client.connect()
    await client.query(`
      create table batch (id text, status text);
      create table domain (name text, status text);
      create table sitemap (job_id text, status text, total int);
      create table sitemap_url (job_id text, url text);
      create table place (search_id text, name text, primary key (search_id, name));
      create table job (id text, status text);
      insert into batch values ('b1', 'done');
      insert into sitemap values ('j1', 'queued', 0);
      insert into job values ('j1', 'queued')`)
    await client.end()
  },
})

beforeAll(async () => {
  for (const copy of [raw, fixed]) {
    cpSync(fixtures, copy, { recursive: true })
    symlinkSync(resolve(import.meta.dirname, '../../node_modules'), join(copy, 'node_modules'))
  }
  const ran = await runProgram(['fix', '--codemod', 'create-database'], { cwd: fixed })
  expect(ran).toMatchObject({ code: 0, out: '' })
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true }))

/** Lines below or at which the six raw calls stand. */
function rawCalls(): readonly string[] {
  return readdirSync(raw)
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) =>
      readFileSync(join(raw, file), 'utf8')
        .split('\n')
        .flatMap((line, index) => (/^\s*\/\/ raw$/.test(line) ? [`${file}:${String(index + 2)}`] : [])),
    )
    .sort()
}

async function byEslint(cwd: string): Promise<readonly string[]> {
  const eslint = new ESLint({
    cwd,
    overrideConfigFile: true,
    overrideConfig: [plugin.configs.recommended, { files: ['**/*.ts'], languageOptions: { parser } }],
  })
  const results = await eslint.lintFiles(['*.ts'])
  return results
    .flatMap(({ filePath, messages }) =>
      messages.map(
        ({ column, line, ruleId }) => `${filePath.slice(cwd.length + 1)}:${line}:${column} ${ruleId ?? 'error'}`,
      ),
    )
    .sort()
}

function byOxlint(cwd: string): readonly string[] {
  const specifier = fileURLToPath(import.meta.resolve('eslint-plugin-pooler-safe'))
  writeFileSync(
    join(cwd, '.oxlintrc.json'),
    JSON.stringify({
      plugins: [],
      categories: {},
      jsPlugins: [{ name: 'pooler-safe', specifier }],
      rules: plugin.configs.recommended.rules,
    }),
  )
  const manifest = createRequire(import.meta.url).resolve('oxlint/package.json')
  // It would follow the link to the dependencies.
  const files = readdirSync(cwd).filter((file) => file.endsWith('.ts'))
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', join(dirname(manifest), 'bin/oxlint'), '--format', 'json', ...files],
    { cwd, encoding: 'utf8' },
  )
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; filename: string; labels: { span: { line: number; column: number } }[] }[]
  }
  return diagnostics
    .filter(({ code }) => code.startsWith('pooler-safe('))
    .map(({ code, filename, labels }) => {
      const { line, column } = labels[0]!.span
      return `${filename}:${line}:${column} ${code.replace(/^(.*)\((.*)\)$/, '$1/$2')}`
    })
    .sort()
}

async function byAudit(cwd: string): Promise<readonly string[]> {
  const { out } = await runProgram(['audit', '--format', 'json'], { cwd })
  const { findings } = JSON.parse(out) as AuditReport
  return findings.map(({ column, file, line, rule }) => `${file}:${line}:${column} pooler-safe/${rule}`).sort()
}

/** Runs the services behind a pooler that gives every transaction another backend. */
async function behindPooler(cwd: string): Promise<Record<string, string>> {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 3, seed: 7 })
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', join(cwd, 'run.ts')], {
    env: { ...process.env, DATABASE_URL: pooler.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => void (out += text))
  await new Promise((done) => child.once('close', done))
  return JSON.parse(out) as Record<string, string>
}

test('ESLint, oxlint and audit find all six raw calls, and the same besides', async () => {
  const expected = rawCalls()
  expect(expected).toHaveLength(6)
  const [eslint, oxlint, audit] = [await byEslint(raw), byOxlint(raw), await byAudit(raw)]
  const calls = new Set(eslint.filter((one) => one.endsWith('no-raw-execute')).map((one) => one.replace(/:\d+ .*/, '')))
  expect(expected.filter((place) => !calls.has(place))).toEqual([])
  expect(audit).toEqual(eslint)
  expect(oxlint).toEqual(eslint)
})

test('behind the rotating pooler every raw service fails on its prepared statement', async () => {
  const outcome = await behindPooler(raw)
  expect(Object.keys(outcome)).toHaveLength(5)
  for (const code of Object.values(outcome)) expect(['26000', '42P05', '25P02']).toContain(code)
})

test('after fix with the codemod nobody finds anything', async () => {
  expect(await byEslint(fixed)).toEqual([])
  expect(byOxlint(fixed)).toEqual([])
  expect(await byAudit(fixed)).toEqual([])
})

test('the fixed services work behind the same pooler', async () => {
  const outcome = await behindPooler(fixed)
  expect(Object.keys(outcome)).toHaveLength(5)
  expect([...new Set(Object.values(outcome))]).toEqual(['works'])
  const { rows } = await database.query<{ pages: string; job: string; urls: string }>(
    `select (select count(*) from domain where name like 'example-%') as pages,
            (select status from job) as job, (select count(*) from sitemap_url) as urls`,
  )
  expect(rows[0]).toMatchObject({ job: 'turn 5' })
  expect(Number(rows[0]?.urls)).toBeGreaterThanOrEqual(12)
  expect(Number(rows[0]?.pages)).toBeGreaterThanOrEqual(6)
})

test('a second run changes nothing', async () => {
  const before = readdirSync(fixed).map((file) => (file.endsWith('.ts') ? readFileSync(join(fixed, file), 'utf8') : ''))
  const ran = await runProgram(['fix', '--codemod', 'create-database'], { cwd: fixed })
  expect(ran).toMatchObject({ code: 0, out: '', err: expect.stringMatching(/Nothing to fix\./) })
  expect(
    readdirSync(fixed).map((file) => (file.endsWith('.ts') ? readFileSync(join(fixed, file), 'utf8') : '')),
  ).toEqual(before)
})
