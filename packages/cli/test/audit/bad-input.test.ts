import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { makeFolder, sample, type Folder } from '../support/run-program.ts'

async function report(folder: Folder): Promise<AuditReport> {
  const { out, err, code } = await folder.run('audit', '--format', 'json')
  expect([code, err]).toEqual([expect.toBeOneOf([0, 1]), ''])
  return JSON.parse(out) as AuditReport
}

const notesOf = ({ notes }: AuditReport): readonly (readonly [string, string])[] =>
  notes.map(({ file, note }) => [file, note])

test('a file that does not parse is a note at its line, and the others are read', async () => {
  const found = await report(makeFolder({ 'a.ts': 'import pg from "pg"\nconst x = {', 'b.ts': sample }))
  expect(found.notes).toEqual([{ file: 'a.ts', line: 2, note: expect.stringMatching(/^not read: /) }])
  expect(found.findings).toMatchObject([{ file: 'b.ts' }])
})

test('a bundle is a note', async () => {
  const bundle = `var pool=require("pg");${'x=pool.query("set a = b");'.repeat(4_000)}`
  const found = await report(makeFolder({ 'app.js': bundle, 'lib.min.js': 'pool.query("set a = b")' }))
  expect(found.findings).toEqual([])
  expect(notesOf(found)).toEqual([
    ['app.js', 'not read: written by a bundler'],
    ['lib.min.js', 'not read: written by a bundler'],
  ])
})

test('other encodings are read, and said', async () => {
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(sample, 'utf16le')])
  const latin = Buffer.from(sample.replace('only one worker', 'nur ein tüchtiger Läufer'), 'latin1')
  const mark = Buffer.from(`\uFEFF${sample}`)
  const found = await report(
    makeFolder({ 'a.ts': utf16, 'b.ts': latin, 'c.ts': mark, 'd.ts': Buffer.from([0, 1, 2, 3]) }),
  )
  expect(found.findings.map(({ file, line, column }) => [file, line, column])).toEqual([
    ['a.ts', 6, 25],
    ['b.ts', 6, 25],
    ['c.ts', 6, 25],
  ])
  expect(found.allowed[1]?.directive.reason).toBe('nur ein tüchtiger Läufer runs here')
  expect(notesOf(found)).toEqual([
    ['a.ts', 'read as UTF-16'],
    ['b.ts', 'not UTF-8: read as Windows-1252'],
    ['d.ts', 'not read: binary'],
  ])
})

test('SQL of a megabyte is unknown, not safe', async () => {
  const long = `select '${'x'.repeat(1_100_000)}'`
  const code = `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', f)\nawait pool.query(\n\`${long}\`)\n`
  const found = await report(makeFolder({ 'a.ts': code, 'b.sql': long }))
  expect(found.operations).toMatchObject([{ file: 'a.ts', verdict: 'unknown' }])
  expect(found.operations[0]?.sql?.length).toBeLessThan(3_000)
  expect(notesOf(found)).toEqual([['b.sql', expect.stringMatching(/^not read: \d+ characters of SQL$/)]])
})

test('expressions that nobody can walk are a note', async () => {
  const deep = `const pool = ${'('.repeat(20_000)}1${')'.repeat(20_000)}`
  const sum = `import { Pool } from 'pg'\nnew Pool().query(${Array.from({ length: 30_000 }, () => "'a'").join(' + ')})`
  const found = await report(makeFolder({ 'deep.ts': deep, 'sum.ts': sum, 'z.ts': sample }))
  expect(found.findings.some(({ file }) => file === 'z.ts')).toBe(true)
  expect(found.notes.every(({ note }) => note.startsWith('not read: '))).toBe(true)
})

test('constants that lead to themselves end', async () => {
  const code = `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', f)\nlet a = b + 'x'\nlet b = a\nawait pool.query(a)\nconst t = (n) => \`\${t(n)}\`\nawait pool.query(t(1))\n`
  const found = await report(makeFolder({ 'a.ts': code }))
  expect(found.operations.length).toBeGreaterThan(0)
})

test('an empty file, a link to nowhere and a loop of links are no trouble', async () => {
  const { symlinkSync } = await import('node:fs')
  const folder = makeFolder({ 'a.ts': '', 'sub/b.ts': sample })
  symlinkSync('nowhere', `${folder.path}/c.ts`)
  symlinkSync('..', `${folder.path}/sub/up`)
  expect((await report(folder)).findings).toHaveLength(1)
})

test('a tool that refuses settings says so instead of dying', async () => {
  const folder = makeFolder({ 'pooler-safe.config.mjs': 'throw new Error("no such variable")', 'a.ts': sample })
  expect(await folder.run('audit')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/could not be read: no such variable/),
  })
})

test('a folder that may not be read is a note, and the others are read', () => {
  const folder = makeFolder({ 'closed/a.ts': sample, 'b.ts': sample })
  chmodSync(folder.path, 0o755)
  chmodSync(join(folder.path, 'closed'), 0o000)
  const bin = resolve(import.meta.dirname, '../../src/bin.ts')
  const { stdout } = spawnSync(
    process.execPath,
    ['--conditions=@pooler-safe/source', bin, 'audit', '--format', 'json'],
    // The superuser may read everything: nobody may not.
    { cwd: folder.path, encoding: 'utf8', ...(process.getuid?.() === 0 && { uid: 65534 }) },
  )
  chmodSync(join(folder.path, 'closed'), 0o755)
  const found = JSON.parse(stdout) as AuditReport
  expect(notesOf(found)).toEqual([['closed', 'not read: EACCES']])
  expect(found.findings).toHaveLength(1)
})

test('a file of a kind that is not looked at is said when it was named', async () => {
  const { code, out } = await makeFolder({ 'a.txt': 'hello' }).run('audit', 'a.txt')
  expect([code, out]).toEqual([0, expect.stringMatching(/note: a\.txt: not read: no kind of file/)])
})

test.each([
  [['audit', '--baseline', 'folder'], /The baseline .* could not be read: EISDIR/],
  [['audit', '--baseline', 'broken.json'], /is no baseline of this version/],
  [['audit', '--baseline', 'no/folder.json', '--update-baseline'], /could not be written: its folder does not exist/],
  [['audit', '--output', 'folder'], /could not be written: it is a folder/],
  [['audit', '--config', 'broken.json'], /broken\.json could not be read: /],
  [['audit', '--changed-since', 'HEAD'], /--changed-since needs a git work tree/],
  [['audit', 'a'.repeat(400)], /cannot be looked at: ENAMETOOLONG/],
  [
    ['watch', '--allow', 'nowhere.json', '--', 'true'],
    /nowhere\.json could not be read as JSON: there is no such file/,
  ],
  [['watch', '--allow', 'broken.json', '--', 'true'], /broken\.json could not be read as JSON: /],
  [['doctor', 'nonsense'], /This is not a connection URL/],
  [['explain'], /Nothing to explain/],
] as const)('%j is answered with a sentence and 2', async (argv, message) => {
  const folder = makeFolder({ 'broken.json': 'x{' })
  mkdirSync(join(folder.path, 'folder'))
  const { code, err } = await folder.run(...argv)
  expect([code, err]).toEqual([2, expect.stringMatching(message)])
  expect(err).not.toMatch(/pooler-safe failed|POOLER_SAFE_DEBUG/)
})
