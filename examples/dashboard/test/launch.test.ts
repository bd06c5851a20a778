import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capabilities, descendantsOf, stillAlive, useTestDatabase } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openLink, startLauncher, takePort } from './launch-process.ts'

const database = useTestDatabase()
const empty = useTestDatabase()
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'launch '))
  // PostgreSQL runs as another account when this is root.
  chmodSync(folder, 0o755)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))

/** What was said under a name, with the lines below it. */
const lineOf = (text: string, name: string): string =>
  new RegExp(`^ {2}${name} .*(?:\n {10}.*)*`, 'm').exec(text)?.[0] ?? ''

/** Waits until none of them is there any more; answers those that still are. */
async function untilGone(processes: ReadonlyMap<number, string>, ms: number): Promise<string[]> {
  for (const end = Date.now() + ms; stillAlive(processes).length > 0 && Date.now() < end;) await pause(100)
  return stillAlive(processes)
}

const seededWorkEnded = /backends asked: (.*)\./
const nothingLeft = '0 prepared statements, 0 settings, 0 locks, 0 channels, 0 temporary objects'

describe('with a PostgreSQL of its own', () => {
  test('the first run works, Ctrl-C leaves nothing running, and the data survive that and kill -9', async () => {
    const dataDir = join(folder, 'data')
    let batch: string
    {
      await using run = startLauncher(['--data-dir', dataDir])
      const visit = await openLink(run)
      expect(await run.said(seededWorkEnded)).toBe(nothingLeft)
      for (const [service, result] of [
        ['Jobs', '12 files measured, '],
        ['Batch', 'partial: 41 of 50 sites read, 9 failed '],
        ['Domain scans', '5 sites read, '],
        ['Sitemaps', 'stadtanzeiger.example: partial, 84 URLs in 7 sitemaps, 1 could not be read'],
        ['Places', '“Zahnarzt in Graz”: succeeded, 60 places '],
      ] as const) {
        expect(lineOf(run.stdout(), service)).toContain(result)
      }
      expect((await visit.get('/')).status).toBe(200)
      batch = /href="(\/batches\/[0-9a-f-]{36})"/.exec((await visit.get('/batches')).text)?.[1] ?? ''
      const page = await visit.get(batch)
      expect(page.status).toBe(200)
      for (const text of ['kaputt.example', 'http_5xx', 'innen.example', 'ssrf', 'firma-1.example']) {
        expect(page.text).toContain(text)
      }
      expect(run.stdout() + run.stderr()).not.toContain('pst_')

      await using second = startLauncher(['--data-dir', dataDir])
      expect(await second.exited).toBe(2)
      expect(second.stderr()).toMatch(/is in use by another running instance \(process \d+\).*--data-dir/)

      const processes = descendantsOf(run.child.pid!)
      expect(processes.size).toBeGreaterThanOrEqual(4)
      run.child.kill('SIGINT')
      expect(await run.exited, run.stderr()).toBe(0)
      expect(await untilGone(processes, 2_000)).toEqual([])
    }
    {
      await using run = startLauncher(['--data-dir', dataDir])
      const visit = await openLink(run)
      expect((await visit.get(batch)).text).toContain('firma-40.example')

      // A worker that is lost is replaced.
      const worker = Number(await run.said(/Workers +2 processes \((\d+)/))
      process.kill(worker, 'SIGKILL')
      await run.said(/worker-1 was ended by SIGKILL; it is started again/)

      const processes = descendantsOf(run.child.pid!)
      run.child.kill('SIGKILL')
      await run.exited
      expect(await untilGone(processes, 10_000)).toEqual([])
    }
    await using run = startLauncher(['--data-dir', dataDir, '--once'])
    expect(await run.exited, run.stdout() + run.stderr()).toBe(0)
    expect(run.stdout()).toContain('partial: 41 of 50 sites read')
  }, 180_000)

  test('another major version, another cluster, no directory and no permission are one sentence each', async () => {
    const refused = async (dataDir: string, sentence: RegExp): Promise<void> => {
      await using run = startLauncher(['--data-dir', dataDir])
      expect(await run.exited, run.stdout()).toBe(2)
      expect(run.stderr()).toMatch(sentence)
      expect(run.stderr().trim().split('\n')).toHaveLength(1)
      expect(existsSync(join(dataDir, 'lock'))).toBe(false)
    }
    const old = join(folder, 'old')
    mkdirSync(join(old, 'postgres'), { recursive: true })
    writeFileSync(join(old, 'postgres', 'PG_VERSION'), '9\n')
    await refused(old, /PostgreSQL 9.*--data-dir/)

    const foreign = join(folder, 'foreign')
    mkdirSync(join(foreign, 'postgres'), { recursive: true })
    writeFileSync(join(foreign, 'postgres', 'notes.txt'), 'mine')
    await refused(foreign, /is not empty and holds no PostgreSQL cluster\..*--data-dir/)

    const file = join(folder, 'file')
    writeFileSync(file, '')
    await refused(file, /cannot be written \(E\w+\): give another directory with --data-dir/)
  })
})

describe('with a server that is there already', () => {
  test('the tables are made on the direct URL, and everything runs through the given pooler', async () => {
    const args = ['--database-url', database.pooledUrl, '--direct-url', database.directUrl]
    await using run = startLauncher([...args, '--workers', '1', '--once'])
    expect(await run.exited, run.stdout() + run.stderr()).toBe(0)
    expect(run.stdout()).toMatch(/Tables +made on the direct URL by \d+ migrations/)
    expect(run.stdout()).toContain('partial: 41 of 50 sites read')
    expect(run.stdout()).toContain(nothingLeft)
    const { rows } = await database.query<{ open: number }>(
      'select count(*)::int as open from api_tokens where revoked_at is null',
    )
    expect(rows).toEqual([{ open: 0 }])
  }, 60_000)

  test('without a demo there is an empty dashboard of the usual tenant', async () => {
    await using run = startLauncher(['--database-url', database.pooledUrl, '--no-demo', '--workers', '1'])
    const visit = await openLink(run)
    const page = await visit.get('/pooler')
    expect(page.status).toBe(200)
    expect(page.text).toContain('transaction mode')
    expect(page.text).not.toContain(new URL(database.pooledUrl).password)
    run.child.kill('SIGTERM')
    expect(await run.exited, run.stderr()).toBe(0)
  })
})

describe('what cannot be started is one sentence and exit code 2', () => {
  async function expectRefused(args: readonly string[], sentence: RegExp): Promise<void> {
    await using run = startLauncher(args)
    expect(await run.exited, run.stdout()).toBe(2)
    expect(run.stderr()).toMatch(sentence)
    expect(run.stderr().trim().split('\n')).toHaveLength(1)
    expect(run.stderr()).not.toMatch(/hunter22|^\s+at /)
  }

  test('an option that is not known', () => expectRefused(['--colour'], /'--colour'.*npm start -- --help/))

  test('a port that is taken', async () => {
    await using taken = await takePort()
    await expectRefused(
      ['--port', String(taken.port)],
      new RegExp(`Port ${taken.port} of 127\\.0\\.0\\.1 is taken.*--port`),
    )
  })

  test('a server that does not answer', () =>
    expectRefused(['--database-url', 'postgres://nobody:hunter22@127.0.0.1:1/none'], /127\.0\.0\.1:1/))

  test('a password that is wrong', async () => {
    const url = new URL(database.pooledUrl)
    url.password = 'hunter22'
    await expectRefused(['--database-url', url.href], /password|authentication/i)
  })

  test('PostgreSQL itself where a transaction-mode pooler is expected', () =>
    expectRefused(['--database-url', database.directUrl], /should be a transaction endpoint, but is a direct one/))

  test('a database without the tables', () =>
    expectRefused(['--database-url', empty.pooledUrl], /not migrated.*--direct-url/))

  test('a transaction-mode pooler where the direct URL is expected', async () => {
    const args = ['--database-url', empty.pooledUrl, '--direct-url', empty.pooledUrl]
    await expectRefused(args, /--direct-url leads to a transaction-mode pooler.*session-mode/)
  })

  test.skipIf(!capabilities.pgbouncer)('PgBouncer that is not there', async () => {
    await using run = startLauncher(['--pooler', 'pgbouncer', '--direct-url', empty.directUrl], {
      POOLER_SAFE_PGBOUNCER: '/nowhere/pgbouncer',
    })
    expect(await run.exited).toBe(2)
    expect(run.stderr()).toMatch(/^PgBouncer is not installed\./)
  })
})
