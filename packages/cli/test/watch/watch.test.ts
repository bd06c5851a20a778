import { profileNames, scheduleNames } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { environmentFor } from '../../src/watch/environment.ts'
import { watchCommand } from '../../src/watch/watch-command.ts'
import { makeFolder, runProgram, type Ran } from '../support/run-program.ts'

const database = useTestDatabase()
const works = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0
const python = ['/usr/bin/python3', 'python3'].find((name) => works(name, '-c', 'import psycopg2'))

function watch(options: readonly string[], ...command: string[]): Promise<Ran> {
  return runProgram(['watch', ...options, '--', ...command], {
    env: { PATH: process.env['PATH'], DATABASE_URL: database.directUrl },
    cwd: import.meta.dirname,
  })
}

interface Report {
  readonly seed: number
  readonly profile: string
  readonly hazards: readonly { readonly hazard: string }[]
  readonly counts: { readonly allowed: number }
}

async function watchJson(
  options: readonly string[],
  ...command: string[]
): Promise<{ readonly ran: Ran; readonly report: Report; readonly hazards: readonly string[] }> {
  const folder = makeFolder()
  const ran = await watch([...options, '--format', 'json', '--output', `${folder.path}/report.json`], ...command)
  const report = JSON.parse(folder.read('report.json')) as Report
  return { ran, report, hazards: report.hazards.map(({ hazard }) => hazard) }
}

test('the options name what the test pooler has', () => {
  expect(watchCommand.options['profile']?.choices).toEqual(profileNames)
  expect(watchCommand.options['schedule']?.choices).toEqual(scheduleNames)
})

test('a program that leaves nothing behind ends with 0, and its output is its own', async () => {
  const ran = await watch([], 'psql', '-XAtc', `select 'hello'`)
  expect(ran).toMatchObject({ code: 0, out: 'hello\n' })
  expect(ran.err).toMatch(/No violations\./)
  expect(ran.err).toMatch(/seed \d+/)
})

test('psql that sets a setting is found out', async () => {
  const { ran, hazards, report } = await watchJson(
    ['--seed', '7', '--profile', 'pgbouncer-1.25'],
    'psql',
    '-XAtc',
    `set work_mem to '9MB'`,
  )
  expect(ran.code).toBe(1)
  expect(hazards).toContain('session-set')
  expect(report).toMatchObject({ seed: 7, profile: 'pgbouncer-1.25' })
})

test('a Node program with named statements and settings is found out', async () => {
  const { ran, hazards } = await watchJson([], process.execPath, 'programs/named.ts')
  expect(ran.err).toMatch(/pooler-safe: behind a pooler/)
  expect(ran.code).toBe(1)
  expect(hazards).toEqual(expect.arrayContaining(['named-parse', 'session-set']))
})

test.skipIf(python === undefined)('a Python program is found out (needs psycopg2)', async () => {
  const { ran, hazards } = await watchJson([], python ?? '', 'programs/lock.py')
  expect(ran.code).toBe(1)
  expect(hazards).toEqual(expect.arrayContaining(['advisory-session-lock', 'session-set']))
})

test('what is allowed with a reason is no finding, and the reason is needed', async () => {
  const allow = [{ hazard: 'session-set', residue: 'work_mem', reason: 'the nightly report runs alone' }]
  const folder = makeFolder({ 'allow.json': JSON.stringify(allow), 'wrong.json': '[{"hazard":"session-set"}]' })
  const command = ['psql', '-XAtc', `set work_mem to '9MB'`]
  const allowed = await watchJson(['--allow', `${folder.path}/allow.json`], ...command)
  expect(allowed.hazards).not.toContain('session-set')
  expect(allowed.report.counts.allowed).toBeGreaterThan(0)
  const wrong = await watch(['--allow', `${folder.path}/wrong.json`], ...command)
  expect(wrong).toMatchObject({ code: 2, err: expect.stringMatching(/has to say why/) })
})

test('--fail-on none reports and ends with 0', async () => {
  const ran = await watch(['--fail-on', 'none'], 'psql', '-XAtc', `set work_mem to '9MB'`)
  expect(ran.code).toBe(0)
  expect(ran.err).toMatch(/work_mem/)
})

test('a command that fails or is not there ends with 2', async () => {
  expect(await watch([], process.execPath, '-e', 'process.exit(3)')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/ended with 3/),
  })
  expect(await watch([], 'no-such-program')).toMatchObject({ code: 2, err: expect.stringMatching(/not found/) })
  expect(await runProgram(['watch'])).toMatchObject({ code: 2, err: expect.stringMatching(/needs a command/) })
})

test('the command is led to the pooler by every usual variable, and past it by none', () => {
  const pooler = {
    url: 'postgres://u:p@127.0.0.1:7/d',
    host: '127.0.0.1',
    port: 7,
    user: 'u',
    password: 'p',
    database: 'd',
  }
  const env = environmentFor(pooler, { PGSERVICE: 'x', PGSSLMODE: 'require', PGHOST: 'db', HOME: '/h' }, ['APP_DB'])
  expect(env).toEqual({
    HOME: '/h',
    DATABASE_URL: pooler.url,
    APP_DB: pooler.url,
    PGHOST: '127.0.0.1',
    PGPORT: '7',
    PGUSER: 'u',
    PGPASSWORD: 'p',
    PGDATABASE: 'd',
  })
})
