import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@pooler-safe/example-foundation'
import { startPgBouncer } from '@pooler-safe/testkit'
import { capabilities, descendantsOf, stillAlive, useTestDatabase, type ProgramRun } from '@pooler-safe/tests/support'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { migrateJobService } from '../src/index.ts'
import { isPlain, startDemo } from './demo-process.ts'

const database = useTestDatabase()
const empty = useTestDatabase()
const runs: ProgramRun[] = []
let folder = ''

const contents: Readonly<Record<string, string | Buffer>> = {
  'one line.txt': 'no line feed at the end',
  'empty.txt': '',
  'deep/er/spaces and ünïcödé.md': '# Straße\n\n  two   words\t\n',
  'large.bin': Buffer.alloc(300_000, 'word and\nline '),
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'demo folder '))
  for (const [name, content] of Object.entries(contents)) {
    mkdirSync(join(folder, name, '..'), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  mkdirSync(join(folder, 'node_modules'))
  writeFileSync(join(folder, 'node_modules', 'skipped.txt'), 'not measured')
  writeFileSync(join(folder, '.hidden'), 'not measured')
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

afterEach(async () => {
  for (const { child, exited } of runs.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
    await exited
  }
})

function start(args: readonly string[], env?: NodeJS.ProcessEnv): ProgramRun {
  const run = startDemo(args, env)
  runs.push(run)
  return run
}

interface Result {
  readonly ok: boolean
  readonly problems: readonly string[]
  readonly counts: Readonly<Record<string, number>>
  readonly files: readonly Readonly<Record<string, unknown>>[]
  readonly retriedJobEvents: readonly { readonly at: string; readonly toState: string; readonly reason: string }[]
  readonly failedJobEvents: readonly { readonly at: string; readonly toState: string; readonly reason: string }[]
  readonly backends: readonly { readonly pid: number; readonly clients: Readonly<Record<string, number>> }[]
  readonly namedStatements?: number
  readonly audit: { readonly backends: number; readonly clean: boolean; readonly residue: readonly unknown[] }
}

/** Measured by other means than the job does. */
function measured(name: string): Readonly<Record<string, unknown>> {
  const content = readFileSync(join(folder, name))
  const text = content.toString('latin1')
  return {
    name,
    sha256: createHash('sha256').update(content).digest('hex'),
    bytes: content.length,
    lines: text === '' ? 0 : text.replace(/\n$/, '').split('\n').length,
    words: text.match(/[^ \t\n\v\f\r]+/g)?.length ?? 0,
    state: 'succeeded',
    attempts: 1,
  }
}

async function expectAsPromised(args: readonly string[]): Promise<Result> {
  const run = start([...args, '--folder', folder, '--json'])
  expect(await run.exited, run.stderr()).toBe(0)
  const result = JSON.parse(run.stdout()) as Result
  expect(result).toMatchObject({ ok: true, problems: [], counts: { total: 6, succeeded: 5, failed: 1 } })

  const regular = result.files.filter(({ role }) => role === 'regular')
  const names = Object.keys(contents).sort()
  expect(regular).toMatchObject(names.map(measured))

  // The file that arrives late: a failed attempt, a retry, and then what its content says.
  const list = names.map((name) => `${name}\n`).join('')
  expect(result.files.find(({ role }) => role === 'late')).toMatchObject({
    state: 'succeeded',
    sha256: createHash('sha256').update(list).digest('hex'),
  })
  const reasons = result.retriedJobEvents.map(({ reason }) => reason)
  expect(reasons.slice(0, 4)).toEqual(['created', 'claimed', 'retry', 'claimed'])
  expect(reasons.at(-1)).toBe('succeeded')

  // The file that never comes: three attempts, pauses between them, and the end.
  expect(result.files.find(({ role }) => role === 'missing')).toMatchObject({
    state: 'failed',
    attempts: 3,
    errorCode: 'ENOENT',
  })
  const failed = result.failedJobEvents
  expect(failed.map(({ reason }) => reason)).toEqual([
    'created',
    ...['claimed', 'retry', 'claimed', 'retry', 'claimed', 'no attempts left'],
  ])
  const pause = (from: number): number => Date.parse(failed[from + 1]!.at) - Date.parse(failed[from]!.at)
  expect(Math.min(pause(2), pause(4))).toBeGreaterThan(400)

  expect(result.audit).toMatchObject({ clean: true, residue: [] })
  expect(result.audit.backends).toBeGreaterThanOrEqual(4)
  return result
}

describe('what it shows is so', () => {
  test('through the rotating pooler, in front of a given PostgreSQL', async () => {
    const result = await expectAsPromised(['--pooler', 'rotating', '--direct-url', database.directUrl])
    expect(result.namedStatements).toBe(0)
    expect(result.backends.length).toBeGreaterThanOrEqual(4)
    for (const { clients } of result.backends.slice(0, 4)) expect(clients['worker-1']).toBeGreaterThan(0)
  })

  test.skipIf(!capabilities.pgbouncer)('through PgBouncer, with two workers (needs pgbouncer)', async () => {
    const args = ['--pooler', 'pgbouncer', '--workers', '2', '--direct-url', database.directUrl]
    const result = await expectAsPromised(args)
    expect(result.backends.length).toBeGreaterThanOrEqual(2)
    expect(new Set(result.backends.flatMap(({ clients }) => Object.keys(clients)))).toContain('worker-2')
  })

  test('through a given pooler, with the direct URL for its tables', async () => {
    await expectAsPromised(['--database-url', database.pooledUrl, '--direct-url', database.directUrl])
  })

  test('as plain text where there is no terminal', async () => {
    const run = start(['--folder', folder, '--all', '--pooler', 'rotating', '--direct-url', database.directUrl])
    expect(await run.exited, run.stderr()).toBe(0)
    const text = run.stdout()
    expect(isPlain(text)).toBe(true)
    for (const name of Object.keys(contents)) {
      const { sha256, bytes } = measured(name) as { sha256: string; bytes: number }
      const row = text.split('\n').find((line) => line.startsWith(`  ${name} `) && line.includes('succeeded'))
      expect(row).toContain(sha256.slice(0, 12))
      expect(row).toContain(bytes.toLocaleString('en'))
    }
    expect(text).toMatch(/late\.txt: attempt 1 failed \(ENOENT\), queued again/)
    expect(text).toMatch(/never\.txt: attempt 3 failed \(ENOENT\), given up/)
    expect(text).toMatch(
      /\d backends asked: 0 prepared statements, 0 settings, 0 locks, 0 channels, 0 temporary objects\./,
    )
    expect(text).toContain('As expected: ')
    expect(run.stderr()).toBe('')
  })

  test('a backend that is left dirty is named, and the exit code says so', async () => {
    const names = Object.keys(contents).length
    await migrateJobService(database.directUrl, silentLogger())
    // What a trigger does on the server, no guard of a client can see: the audit must.
    await database.query(
      `create or replace function leave_lock() returns trigger language plpgsql as
       $$ begin perform pg_advisory_lock(42); return new; end $$`,
    )
    await database.query('create trigger leave_lock after insert on batches for each row execute function leave_lock()')
    try {
      const run = start(['--folder', folder, '--json', '--pooler', 'rotating', '--direct-url', database.directUrl])
      expect(await run.exited, run.stderr()).toBe(1)
      const result = JSON.parse(run.stdout()) as Result
      expect(result).toMatchObject({ ok: false, counts: { total: names + 2 } })
      expect(result.problems).toEqual([
        expect.stringMatching(/^Backend \d+ was left with something: advisory-lock 42\.$/),
      ])
    } finally {
      await database.query('drop function leave_lock cascade')
    }
  })
})

describe('what cannot be run is one sentence and exit code 2', () => {
  async function expectRefused(args: readonly string[], sentence: RegExp): Promise<void> {
    const run = start(args)
    expect(await run.exited, run.stdout()).toBe(2)
    expect(run.stderr()).toMatch(sentence)
    expect(run.stderr().trimEnd().split('\n')).toHaveLength(1)
    expect(run.stderr()).not.toMatch(/hunter22|^\s+at /)
  }

  test.each([
    [['--colour'], /'--colour'.*--help/],
    [['--folder', join(tmpdir(), 'there is no such folder')], /There is no folder .*no such folder/],
    [['--folder', import.meta.filename], /is a file/],
    [['--direct-url', 'mysql://root:hunter22@127.0.0.1/x'], /postgres:\/\//],
    [['--database-url', 'not a URL'], /not a URL/],
    [['--direct-url', 'postgres://nobody:hunter22@127.0.0.1:1/none'], /127\.0\.0\.1:1/],
    [['--database-url', 'postgres://nobody:hunter22@127.0.0.1:1/none'], /127\.0\.0\.1:1/],
  ])('%j', async (args, sentence) => {
    await expectRefused(args, sentence)
  })

  test('a folder without files', async () => {
    const bare = mkdtempSync(join(tmpdir(), 'demo-empty-'))
    await expectRefused(['--folder', bare], /holds no files/)
    rmSync(bare, { recursive: true })
  })

  test('PostgreSQL itself where a transaction-mode pooler is expected', async () => {
    await expectRefused(['--database-url', database.directUrl], /should be a transaction endpoint, but is a direct one/)
  })

  test.skipIf(!capabilities.pgbouncer)('a session-mode pooler where a transaction-mode one is expected', async () => {
    await using pooler = await startPgBouncer({ upstream: database.directUrl, poolMode: 'session' })
    await expectRefused(['--database-url', pooler.url], /should be a transaction endpoint, but is a session one/)
  })

  test('a transaction-mode pooler where the direct URL is expected', async () => {
    const args = ['--pooler', 'rotating', '--direct-url', database.pooledUrl]
    await expectRefused(args, /Migrations cannot run through a transaction-mode pooler/)
  })

  test('a database without the tables', async () => {
    await expectRefused(['--database-url', empty.pooledUrl], /not migrated.*--direct-url/)
  })

  test('a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    try {
      for (const pooler of ['rotating', ...(capabilities.pgbouncer ? ['pgbouncer'] : [])]) {
        const args = ['--pooler', pooler, '--port', String(port), '--direct-url', database.directUrl]
        await expectRefused(args, new RegExp(`Port ${port} of 127\\.0\\.0\\.1 is taken`))
      }
    } finally {
      server.close()
    }
  })

  test('PgBouncer that is not installed', async () => {
    const run = start(['--pooler', 'pgbouncer', '--direct-url', database.directUrl], {
      POOLER_SAFE_PGBOUNCER: '/nowhere/pgbouncer',
    })
    expect(await run.exited).toBe(2)
    expect(run.stderr()).toMatch(/^PgBouncer is not installed\. .*install pgbouncer/)
  })
})

describe('however it ends, nothing is left', () => {
  let temporary = ''
  const inTheMiddle = ['--pace', '1000', '--concurrency', '1']

  beforeAll(() => {
    temporary = mkdtempSync(join(tmpdir(), 'demo-tmp-'))
    // PostgreSQL runs as another account when this is root.
    chmodSync(temporary, 0o777)
  })

  afterAll(() => rmSync(temporary, { recursive: true, force: true }))

  test.each([
    ['SIGINT', 'in the middle of jobs', 'queued in one transaction'],
    ['SIGTERM', 'in the middle of jobs', 'queued in one transaction'],
    ['SIGINT', 'while it starts', 'PostgreSQL'],
  ] as const)('%s %s: exit code 130, no process, no file', async (signal, _when, text) => {
    const run = start(['--folder', folder, ...inTheMiddle], { TMPDIR: temporary })
    await run.said(text)
    const processes = descendantsOf(run.child.pid!)
    expect([...processes.values()].join('\n')).toMatch(/postgres/)
    if (text !== 'PostgreSQL') expect([...processes.values()].join('\n')).toMatch(/file-worker/)
    run.child.kill(signal)
    expect(await run.exited, run.stderr()).toBe(130)
    expect(stillAlive(processes)).toEqual([])
    expect(readdirSync(temporary).filter((name) => !name.startsWith('node-compile-cache'))).toEqual([])
  })

  test('SIGKILL: workers, PostgreSQL and PgBouncer end by themselves', async () => {
    const run = start(['--folder', folder, ...inTheMiddle], { TMPDIR: temporary })
    await run.said('queued in one transaction')
    const processes = descendantsOf(run.child.pid!)
    expect([...processes.values()].filter((command) => /file-worker|postgres/.test(command)).length).toBeGreaterThan(2)
    run.child.kill('SIGKILL')
    const end = Date.now() + 25_000
    while (stillAlive(processes).length > 0 && Date.now() < end) await new Promise((done) => setTimeout(done, 100))
    expect(stillAlive(processes)).toEqual([])
  })
}, 60_000)
