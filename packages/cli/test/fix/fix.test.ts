import { execFileSync } from 'node:child_process'
import { chmodSync, lstatSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder, type Folder } from '../support/run-program.ts'

const head = `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', console.error)\n`
const named = `${head}await pool.query({ name: 'x', text: 'select 1', values: [] })\n`
const unnamed = `${head}await pool.query({ text: 'select 1', values: [] })\n`
const suggested = `${head}await pool.query("select pg_advisory_lock(1)")\n`

function git(folder: Folder, ...args: string[]): string {
  return execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
    cwd: folder.path,
    encoding: 'utf8',
  })
}

function committed(files: Readonly<Record<string, string | Uint8Array>>): Folder {
  const folder = makeFolder(files)
  git(folder, 'init', '-q')
  git(folder, 'config', 'core.autocrlf', 'false')
  git(folder, 'add', '.')
  git(folder, 'commit', '-qm', 'one')
  return folder
}

test('the safe fixes are written, and a second run has nothing to do', async () => {
  const folder = committed({ 'src/a.ts': named, 'b.ts': 'export {}\n' })
  expect(await folder.run('fix')).toEqual({
    code: 0,
    out: '',
    err: 'src/a.ts:4: fixed: no-named-statement (name)\n1 file changed.\n',
  })
  expect(folder.read('src/a.ts')).toBe(unnamed)
  expect(await folder.run('fix', '--allow-dirty')).toEqual({ code: 0, out: '', err: 'Nothing to fix.\n' })
  expect(folder.read('src/a.ts')).toBe(unnamed)
})

test('a comment that allows nothing goes, with its line', async () => {
  const comment = '// pooler-safe: allow no-listen because this pool is the direct one\n'
  const folder = committed({ 'a.ts': `${head}${comment}await pool.query('select 1')\n` })
  expect((await folder.run('fix')).code).toBe(0)
  expect(folder.read('a.ts')).toBe(`${head}await pool.query('select 1')\n`)
})

test('what a directive allows is left alone', async () => {
  const text = named.replace('await', '// pooler-safe: allow no-named-statement because it is the direct pool\nawait')
  const folder = committed({ 'a.ts': text })
  expect((await folder.run('fix')).code).toBe(0)
  expect(folder.read('a.ts')).toBe(text)
})

test('suggestions are a patch that git applies, and are not written', async () => {
  const folder = committed({ 'a.ts': suggested, 'b c.ts': named.replace('\n', '\n\n') + suggested.slice(head.length) })
  const { code, err, out } = await folder.run('fix')
  expect(code).toBe(1)
  expect(err).toMatch(/2 changes in the patch may change what the code means/)
  expect(folder.read('a.ts')).toBe(suggested)
  expect(out).toContain('# a.ts:4 no-session-lock: ')
  folder.write('review.patch', out)
  git(folder, 'apply', '--check', 'review.patch')
  git(folder, 'apply', 'review.patch')
  expect(folder.read('a.ts')).toContain('pg_advisory_xact_lock(1)')
  expect(folder.read('b c.ts')).toContain('pg_advisory_xact_lock(1)')
})

test('--patch writes the patch to a file, and says so when that is not possible', async () => {
  const folder = committed({ 'a.ts': suggested })
  expect((await folder.run('fix', '--patch', 'out.patch')).out).toBe('')
  git(folder, 'apply', '--check', 'out.patch')
  expect(await folder.run('fix', '--patch', 'no/such/folder.patch')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/could not be written: its folder does not exist/),
  })
})

test('--dry-run changes no file and prints the fixes and the suggestions as one patch', async () => {
  const text = named + suggested.slice(head.length)
  const folder = committed({ 'a.ts': text })
  const { code, out } = await folder.run('fix', '--dry-run')
  expect([code, folder.read('a.ts')]).toEqual([1, text])
  folder.write('all.patch', out)
  git(folder, 'apply', 'all.patch')
  expect(folder.read('a.ts')).toBe(
    unnamed + suggested.slice(head.length).replace('advisory_lock', 'advisory_xact_lock'),
  )
})

test('--check changes nothing and fails while there is something to fix', async () => {
  const folder = committed({ 'a.ts': named, 'b.ts': suggested })
  expect(await folder.run('fix', '--check')).toEqual({
    code: 1,
    out: '',
    err: 'a.ts:4: can be fixed: no-named-statement (name)\n',
  })
  expect(folder.read('a.ts')).toBe(named)
  await folder.run('fix')
  expect((await folder.run('fix', '--check')).code).toBe(0)
  expect(await folder.run('fix', '--check', '--dry-run')).toMatchObject({ code: 2 })
})

test('files that differ from the last commit, new ones and ignored ones are refused, and nothing is written', async () => {
  const folder = committed({ 'a.ts': 'export {}\n', 'b.ts': named, '.gitignore': 'gen/\n' })
  folder.write('a.ts', named)
  const changed = await folder.run('fix')
  expect(changed).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Nothing was changed[\s\S]*\n {2}a\.ts\n[\s\S]*--allow-dirty/),
  })
  expect([folder.read('a.ts'), folder.read('b.ts')]).toEqual([named, named])
  git(folder, 'checkout', '-q', 'a.ts')
  folder.write('new.ts', named)
  folder.write('gen/c.ts', named)
  expect((await folder.run('fix')).err).toMatch(/ {2}new\.ts\n/)
  expect((await folder.run('fix', 'gen')).err).toMatch(/ {2}gen\/c\.ts\n/)
  // Staged is not committed.
  git(folder, 'add', 'new.ts')
  expect((await folder.run('fix', 'new.ts')).code).toBe(2)
  expect((await folder.run('fix', '--allow-dirty')).code).toBe(0)
  expect([folder.read('new.ts'), folder.read('b.ts')]).toEqual([unnamed, unnamed])
})

test('outside of git it works, and says that there is no copy', async () => {
  const folder = makeFolder({ 'a.ts': named })
  expect(await folder.run('fix')).toMatchObject({ code: 0, err: expect.stringMatching(/not a git work tree/) })
  expect(folder.read('a.ts')).toBe(unnamed)
})

test('mode, line ends, byte order mark and encoding stay', async () => {
  const windows = named.replaceAll('\n', '\r\n')
  const utf16 = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`\n${named}`, 'utf16le')])
  const bigEndian = Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(named, 'utf16le').swap16()])
  const latin = Buffer.from(`// Größe\n${named}`, 'latin1')
  const folder = committed({
    'crlf.ts': windows,
    'bom.ts': `\uFEFF${named}`,
    'utf16.ts': utf16,
    'big.ts': bigEndian,
    'latin.ts': latin,
    'no-end.ts': named.trimEnd(),
  })
  chmodSync(join(folder.path, 'crlf.ts'), 0o775)
  git(folder, 'commit', '-qam', 'two')
  const bytes = (name: string) => readFileSync(join(folder.path, name))
  expect((await folder.run('fix')).code).toBe(0)
  expect(folder.read('crlf.ts')).toBe(unnamed.replaceAll('\n', '\r\n'))
  expect(statSync(join(folder.path, 'crlf.ts')).mode & 0o777).toBe(0o775)
  expect(bytes('bom.ts').toString()).toBe(`\uFEFF${unnamed}`)
  expect(bytes('utf16.ts')).toEqual(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(`\n${unnamed}`, 'utf16le')]))
  expect(bytes('big.ts')).toEqual(Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(unnamed, 'utf16le').swap16()]))
  expect(bytes('latin.ts')).toEqual(Buffer.from(`// Größe\n${unnamed}`, 'latin1'))
  expect(folder.read('no-end.ts')).toBe(unnamed.trimEnd())
})

test('a file behind a link is changed, and the link stays', async () => {
  const folder = makeFolder({ 'real/a.ts': named })
  symlinkSync('real/a.ts', join(folder.path, 'link.ts'))
  await folder.run('fix', 'link.ts')
  expect(lstatSync(join(folder.path, 'link.ts')).isSymbolicLink()).toBe(true)
  expect(folder.read('real/a.ts')).toBe(unnamed)
})

test('a read-only file is left, said, and the others are written', async () => {
  const folder = committed({ 'a.ts': named, 'b.ts': named })
  chmodSync(join(folder.path, 'a.ts'), 0o444)
  const { code, err } = await folder.run('fix')
  expect(code).toBe(2)
  expect(err).toMatch(/a\.ts was not changed: it is read-only\./)
  expect([folder.read('a.ts'), folder.read('b.ts')]).toEqual([named, unnamed])
})

test('excluded files and those of settings are left out', async () => {
  const folder = committed({ 'a.ts': named, 'b.ts': named, 'pooler-safe.config.json': '{"exclude":["b.ts"]}' })
  await folder.run('fix', '--exclude', 'a.ts')
  expect([folder.read('a.ts'), folder.read('b.ts')]).toEqual([named, named])
})

test('files that cannot be read, do not parse, or were bundled are notes', async () => {
  const bundle = `var pool=require("pg");${'x=pool.query({name:"a",text:"select 1"});'.repeat(4_000)}`
  const folder = committed({
    'broken.ts': `${named}const x = {`,
    'bundle.js': bundle,
    'binary.ts': Buffer.from([0, 1, 2, 3]),
    'huge.ts': `${named}/* ${'x'.repeat(9 * 1024 * 1024)} */`,
    'a.ts': named,
  })
  const { code, err } = await folder.run('fix')
  expect(code).toBe(0)
  expect(err).toMatch(/note: broken\.ts:\d+: not read: /)
  expect(err).toMatch(/note: bundle\.js: not changed: written by a bundler/)
  expect(err).toMatch(/note: huge\.ts: not read: 9 MB/)
  expect(folder.read('a.ts')).toBe(unnamed)
  expect(folder.read('bundle.js')).toBe(bundle)
})

test('a loop of links ends, and nothing to do is no failure', async () => {
  const folder = makeFolder({ 'sub/a.ts': 'export {}\n' })
  symlinkSync('..', join(folder.path, 'sub/up'))
  expect(await folder.run('fix')).toMatchObject({ code: 0, err: 'Nothing to fix.\n' })
})

test('wrong use ends with 2 and says what to write', async () => {
  const folder = makeFolder({ 'a.ts': named })
  expect(await folder.run('fix', 'nowhere.ts')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no file or folder nowhere/),
  })
  expect(await folder.run('fix', '--codemod', 'create-databse')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/Did you mean create-database\?/),
  })
  expect((await folder.run('fix', '--changed-since', 'HEAD')).code).toBe(2)
  folder.write('pooler-safe.config.json', '{"wraper": []}')
  expect((await folder.run('fix')).err).toMatch(/no option "wraper"/)
  expect(folder.read('a.ts')).toBe(named)
})
