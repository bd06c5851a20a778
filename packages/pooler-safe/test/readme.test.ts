import { readmeExamples, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type * as Setting from './readme/setting.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`
      create table job (id int generated always as identity, state text not null);
      create table account (id int primary key, balance int not null);
      insert into job (state) values ('queued'), ('queued'), ('done');
      insert into account values (1, 100), (2, 0);
    `)
    await client.end()
  },
})
const { blocks, regions, docstrings } = readmeExamples(import.meta.dirname)
let setting: typeof Setting

beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', database.pooledUrl)
  vi.stubEnv('DIRECT_DATABASE_URL', database.directUrl)
  setting = await import('./readme/setting.ts')
  vi.unstubAllEnvs()
})
beforeEach(() => {
  vi.stubEnv('DATABASE_URL', database.pooledUrl)
  setting.reported.length = 0
})
afterAll(() => setting.db.close())

const states = async (): Promise<string[]> =>
  (await database.query<{ state: string }>('select state from job order by id')).rows.map(({ state }) => state)

test('every example of the README is one of the files that are type-checked and run here, and the reverse', () => {
  expect(new Set(blocks)).toEqual(new Set(regions.values()))
  expect([...regions.keys()].sort()).toEqual(
    [
      'start',
      'transaction',
      'session',
      'limits',
      'errors',
      'drop-in',
      'client-class',
      'wire-guard',
      'verify',
      'stream',
      'lock',
      'copy',
      'direct',
    ].sort(),
  )
})

test('every example of a docstring is an excerpt of one of them', () => {
  expect(docstrings.length).toBeGreaterThan(6)
  for (const example of docstrings) {
    expect(
      [...regions.values()].some((region) => region.includes(example)),
      example,
    ).toBe(true)
  }
})

test('start: the queued jobs are running afterwards', async () => {
  await import('./readme/start.ts')
  expect(await states()).toEqual(['running', 'running', 'done'])
})

test('transaction: the money has moved, although the savepoint failed', async () => {
  await import('./readme/transaction.ts')
  expect((await database.query('select balance from account order by id')).rows).toEqual([
    { balance: 70 },
    { balance: 30 },
  ])
})

test('session: the same function runs on a database and in a transaction', async () => {
  await import('./readme/session.ts')
  expect(setting.reported).toEqual([70, 70])
})

test('limits: nothing had to be reported', async () => {
  await import('./readme/limits.ts')
  expect(setting.reported).toEqual([])
})

test('errors: the comments say what the predicates answer', async () => {
  await import('./readme/errors.ts')
  expect(setting.reported).toEqual(['not-executed', '23505', 'session-set', expect.any(String)])
})

test('drop-in: a named statement in a transaction is committed', async () => {
  await import('./readme/drop-in.ts')
  expect(await states()).toEqual(['running', 'running', 'done', 'queued'])
})

test('client-class: a pool of pg works with SafeClient', async () => {
  await import('./readme/client-class.ts')
  expect(setting.reported).toEqual([[{ state: 'done' }, { state: 'queued' }, { state: 'running' }]])
})

test('wire-guard: the named statement did not leave', async () => {
  await import('./readme/wire-guard.ts')
  expect(setting.reported).toEqual([
    expect.objectContaining({
      code: 'POOLER_SAFE_WIRE_VIOLATION',
      message: 'Parse of the named statement "jobs" was about to be sent.',
    }),
  ])
})

test('verify: the endpoint is in transaction mode', async () => {
  await import('./readme/verify.ts')
  expect(setting.reported).toEqual(['transaction', expect.arrayContaining([expect.any(String)])])
})

test('stream: every row is seen, in order', async () => {
  await import('./readme/stream.ts')
  const { rows } = await database.query<{ id: number }>('select id from job order by id')
  expect(setting.reported).toEqual(rows.map(({ id }) => id))
})

test('lock: the account is changed under it, and a lock that somebody else holds is not waited for', async () => {
  await database.query('insert into account values (7, 70)')
  await using other = createDatabase({ url: database.pooledUrl })
  await other.lock('nightly report', async () => {
    await import('./readme/lock.ts')
  })
  expect(setting.reported).toEqual([false])
  expect((await database.query('select balance from account where id = 7')).rows).toEqual([{ balance: 0 }])
})

test('copy: what was copied in comes out again', async () => {
  await import('./readme/copy.ts')
  expect(setting.reported.join('')).toMatch(/,queued\n\d+,done\n$/)
})

test('direct: the notification arrives, and the session has made its table', async () => {
  await import('./readme/direct.ts')
  expect(setting.reported).toEqual(['7'])
  expect((await database.query(`select to_regclass('audit')::text as name`)).rows).toEqual([{ name: 'audit' }])
})
