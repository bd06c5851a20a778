import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { makeFolder, runProgram, sample, type Folder } from '../support/run-program.ts'

async function report(folder: Folder, ...argv: string[]): Promise<AuditReport> {
  const { out, err } = await folder.run('audit', '--format', 'json', ...argv)
  if (out === '') throw new Error(err)
  return JSON.parse(out) as AuditReport
}

test('every operation is listed with its verdict, whether or not there is something wrong with it', async () => {
  const folder = makeFolder({ 'package.json': '{"name":"shop","dependencies":{"pg":"8"}}', 'src/db.ts': sample })
  const { operations, summary } = await report(folder)
  expect(operations.map(({ line, verdict, certain, hazards }) => [line, verdict, certain, hazards])).toEqual([
    [6, 'session', true, ['session-set', 'dangerous-guc']],
    [7, 'safe', true, []],
    [8, 'safe', true, []],
    [9, 'unknown', false, []],
    [11, 'session', true, ['advisory-session-lock']],
  ])
  expect(operations[0]).toMatchObject({
    file: 'src/db.ts',
    package: 'shop',
    driver: 'pg',
    method: 'query',
    receiver: 'pool',
    cure: expect.stringMatching(/SET LOCAL/),
  })
  expect(operations[4]?.directive).toEqual({
    allows: 'no-session-lock',
    reason: 'only one worker runs here',
  })
  expect(summary).toMatchObject({ operations: 5, findings: 1, allowed: 1, dynamic: 1, files: 1 })
})

test('texts that differ only in constants have one fingerprint', async () => {
  const folder = makeFolder({ 'a.ts': sample })
  const { operations } = await report(folder)
  const [, bound, constant] = operations
  expect(bound?.fingerprint).toMatch(/^[0-9a-f]{16}$/)
  expect(bound?.fingerprint).toBe(constant?.fingerprint)
  expect(bound?.fingerprint).not.toBe(operations[0]?.fingerprint)
})

test('the exit code is 0 without findings, 1 with some, 2 for a path that does not exist', async () => {
  const folder = makeFolder({ 'a.ts': sample, 'b.ts': 'export const one = 1\n' })
  expect((await folder.run('audit', 'b.ts')).code).toBe(0)
  expect((await folder.run('audit', 'a.ts')).code).toBe(1)
  const missing = await folder.run('audit', 'c')
  expect(missing).toMatchObject({ code: 2, out: '' })
  expect(missing.err).toMatch(/There is no file or folder c/)
})

test.each([
  ['finding', 1],
  ['none', 0],
  ['error', 1],
  ['leak', 1],
  ['hang', 0],
  ['session', 1],
  ['unknown', 1],
  ['opaque', 0],
  ['no-session-state', 1],
  ['no-listen', 0],
  ['session-set,hang', 1],
])('--fail-on %s makes the exit code %i', async (words, code) => {
  const folder = makeFolder({ 'a.ts': sample })
  expect((await folder.run('audit', '--fail-on', words)).code).toBe(code)
})

test('--fail-on names the word that it does not know, and the likely one', async () => {
  const { code, err } = await makeFolder().run('audit', '--fail-on', 'no-sesion-state')
  expect(code).toBe(2)
  expect(err).toBe('pooler-safe: --fail-on knows no "no-sesion-state".\nDid you mean no-session-state?\n')
})

test('what a directive allows does not fail on its verdict', async () => {
  const folder = makeFolder({
    'a.ts': `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', f)\n// pooler-safe: allow no-session-lock because only one worker runs here\nawait pool.query('select pg_advisory_lock(1)')\n`,
  })
  expect((await folder.run('audit', '--fail-on', 'session')).code).toBe(0)
})

test('a baseline hides what was there, wherever it moves, and nothing that is new', async () => {
  const folder = makeFolder({ 'a.ts': sample })
  const known = ['--baseline', 'known.json']
  expect((await folder.run('audit', ...known)).err).toMatch(/There is no baseline.*\n.*--update-baseline/)
  expect((await folder.run('audit', ...known, '--update-baseline')).code).toBe(0)
  expect((await folder.run('audit', ...known)).code).toBe(0)
  folder.write('a.ts', `\n\n${sample}`)
  expect(await report(folder, ...known)).toMatchObject({ findings: [], summary: { known: 1 } })
  // The same line once more is one finding more than is known.
  folder.write('a.ts', sample.replace(/( {2}await pool\.query\('set search_path.*\n)/, '$1$1'))
  expect((await report(folder, ...known)).findings.map(({ line }) => line)).toEqual([7])
  folder.write('a.ts', 'export {}\n')
  const gone = await folder.run('audit', ...known)
  expect(gone).toMatchObject({ code: 0, err: expect.stringMatching(/1 known findings are gone/) })
})

test('a baseline that is none is an error that says so', async () => {
  const folder = makeFolder({ 'a.ts': sample, 'known.json': '{"findings":[{}]}', 'broken.json': '{' })
  for (const name of ['known.json', 'broken.json']) {
    expect(await folder.run('audit', '--baseline', name)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/no baseline/),
    })
  }
  expect(await folder.run('audit', '--update-baseline')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/needs a file/),
  })
})

test('ignored files are left out, in a git work tree and without git', async () => {
  const files = { '.gitignore': 'gen/\n', 'src/a.ts': sample, 'gen/b.ts': sample, 'node_modules/c/c.ts': sample }
  const names = async (folder: Folder) => [...new Set((await report(folder)).findings.map(({ file }) => file))]
  const plain = makeFolder(files)
  expect(await names(plain)).toEqual(['src/a.ts'])
  const tracked = makeFolder(files)
  execFileSync('git', ['init', '-q'], { cwd: tracked.path })
  expect(await names(tracked)).toEqual(['src/a.ts'])
  // Whoever names an ignored folder means it.
  expect((await report(tracked, 'gen')).findings).toHaveLength(1)
})

test('--changed-since reads what differs from a revision, and what is new', async () => {
  const folder = makeFolder({ 'old.ts': sample, 'edited.ts': 'export {}\n' })
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: folder.path })
  git('init', '-q')
  git('add', '.')
  git('commit', '-qm', 'one')
  folder.write('edited.ts', sample)
  folder.write('new.ts', sample)
  const { findings } = await report(folder, '--changed-since', 'HEAD')
  expect(findings.map(({ file }) => file)).toEqual(['edited.ts', 'new.ts'])
  const unknown = await folder.run('audit', '--changed-since', '--output=x')
  expect(unknown).toMatchObject({ code: 2, err: expect.stringMatching(/no revision|needs a value|ambiguous/) })
  expect((await folder.run('audit', '--changed-since', 'nowhere')).err).toMatch(/git knows no revision "nowhere"/)
})

test('one file may come from standard input', async () => {
  const folder = makeFolder()
  const { code, out } = await runProgram(['audit', '--stdin', '--stdin-path', 'src/x.ts', '--format', 'json'], {
    cwd: folder.path,
    input: sample,
  })
  expect(code).toBe(1)
  expect((JSON.parse(out) as AuditReport).findings[0]).toMatchObject({ file: 'src/x.ts', line: 6 })
})

test('settings come from pooler-safe.config.json, or else from the ESLint configuration', async () => {
  const settings = { sessionMode: { files: ['**/jobs/**'] } }
  const own = makeFolder({
    'pooler-safe.config.json': JSON.stringify({ ...settings, exclude: ['b.ts'] }),
    'jobs/a.ts': sample,
    'b.ts': sample,
  })
  expect((await report(own)).findings.map(({ rule }) => rule)).toEqual(['require-directive'])
  const eslint = makeFolder({
    'eslint.config.mjs': `export default [{}, [{ settings: { 'pooler-safe': ${JSON.stringify(settings)} } }]]`,
    'jobs/a.ts': sample,
    'b.ts': sample,
  })
  expect((await report(eslint)).findings.map(({ file, rule }) => [file, rule])).toEqual([
    ['b.ts', 'no-session-state'],
    ['jobs/a.ts', 'require-directive'],
  ])
  const wrong = makeFolder({ 'pooler-safe.config.json': '{"wraper":[]}', 'a.ts': sample })
  expect(await wrong.run('audit')).toMatchObject({ code: 2, err: expect.stringMatching(/no option "wraper"/) })
  const broken = makeFolder({ 'eslint.config.mjs': `import 'not-there' // pooler-safe`, 'a.ts': sample })
  expect(await broken.run('audit')).toMatchObject({ code: 1, err: expect.stringMatching(/settings not read/) })
})

test('files of SQL are operations, statement by statement', async () => {
  const folder = makeFolder({ 'db/1.sql': 'create table t (a int);\n-- note\nset role app;\nselect 1;\n' })
  const { operations, findings } = await report(folder)
  expect(operations.map(({ line, method, verdict }) => [line, method, verdict])).toEqual([
    [1, 'create', 'safe'],
    [3, 'set', 'session'],
    [4, 'select', 'safe'],
  ])
  expect(findings).toMatchObject([{ rule: 'no-session-state', line: 3, operation: 1, verdict: 'session' }])
})

test('--quiet is quiet', async () => {
  const folder = makeFolder({ 'a.ts': 'const pool = {' })
  const loud = await folder.run('audit')
  expect(loud.out).toMatch(/note: a\.ts:1: not read/)
  const quiet = await folder.run('audit', '--quiet')
  expect(quiet.out).not.toMatch(/note/)
  expect(quiet.err).toBe('')
})

test('progress is shown where somebody looks, and wiped away', async () => {
  const folder = makeFolder({ 'a.ts': sample })
  const { err } = await runProgram(['audit'], { cwd: folder.path, isErrTerminal: true })
  expect(err).toMatch(/0 of 1 files/)
  expect(err.endsWith('\r\u001B[K')).toBe(true)
})
