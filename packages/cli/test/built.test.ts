import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll } from 'vitest'
import { makeFolder, sample } from './support/run-program.ts'

const source = resolve(import.meta.dirname, '..')
const place = mkdtempSync(join(tmpdir(), 'pooler-safe-packed-'))
const installed = join(place, 'node_modules/@pooler-safe/cli')
afterAll(() => rmSync(place, { recursive: true }))

/** The program as it would be installed: what `npm pack` takes along, beside its dependencies and nothing else. */
describe.skipIf(!existsSync(join(source, 'dist/bin.js')))('the packed program (needs pnpm build)', () => {
  beforeAll(() => {
    const name = execFileSync('npm', ['pack', '--silent', '--pack-destination', place], {
      cwd: source,
      encoding: 'utf8',
    })
    mkdirSync(installed, { recursive: true })
    execFileSync('tar', ['-xzf', join(place, name.trim()), '-C', installed, '--strip-components=1'])
    symlinkSync(join(source, 'node_modules'), join(installed, 'node_modules'))
  }, 60_000)

  const start = (argv: readonly string[], options: { readonly cwd?: string; readonly input?: string } = {}) =>
    spawnSync(process.execPath, [join(installed, 'dist/bin.js'), ...argv], { encoding: 'utf8', ...options })

  test('says its version and its commands', () => {
    const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string }
    expect(start(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n` })
    expect(start(['--help']).stdout).toMatch(/audit[\s\S]*doctor[\s\S]*watch[\s\S]*explain/)
  })

  test('audits, with the exit code of what it found', () => {
    const folder = makeFolder({ 'a.ts': sample, 'b.sql': 'select 1;' })
    const { status, stdout, stderr } = start(['audit', '--format', 'json'], { cwd: folder.path })
    expect([status, stderr]).toEqual([1, ''])
    expect(JSON.parse(stdout)).toMatchObject({ findings: [{ rule: 'no-session-state' }], summary: { operations: 6 } })
    expect(start(['audit', 'b.sql'], { cwd: folder.path }).status).toBe(0)
  })

  test('reads standard input to its end', () => {
    const { status, stdout } = start(['audit', '--stdin', '--format', 'github'], { input: sample })
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^::error file=stdin\.ts,line=6/)])
  })

  test('ends with 2 and a sentence for what it does not know', () => {
    expect(start(['nonsense'])).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/There is no command/),
    })
  })

  test('brings nothing of ESLint along', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: object
    }
    expect(Object.keys(dependencies)).not.toContain('eslint')
    expect(readFileSync(join(installed, 'dist/bin.js'), 'utf8')).not.toMatch(/from ?["']eslint/)
  })
})
