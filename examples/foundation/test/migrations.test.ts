import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  createTenant,
  ensureTenant,
  foundationMigrations,
  migrate,
  openDatabase,
  pendingMigrations,
  requireMigrated,
  silentLogger,
} from '../src/index.ts'
import type { Database } from 'pooler-safe'

const database = useTestDatabase()
const logger = silentLogger()
const folders: string[] = []
let pooled: Database

beforeAll(() => {
  pooled = openDatabase({ url: database.pooledUrl, applicationName: 'foundation', max: 4, wireGuard: true, logger })
})
afterAll(async () => {
  await pooled.close()
  for (const folder of folders) rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  await database.query('drop schema public cascade')
  await database.query('create schema public')
})

/** A set of migrations made of these texts. */
function setOf(name: string, steps: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'migrations-'))
  folders.push(folder)
  for (const [step, sql] of Object.entries(steps)) {
    writeFileSync(join(folder, `${step}.sql`), `-- Up Migration\n${sql}\n-- Down Migration\n`)
  }
  return { name, folder }
}

test('migrations run once, in their order, and are named', async () => {
  const set = setOf('one', { '1_first': 'create table a (n int);', '2_second': 'alter table a add column m int;' })
  const sets = [foundationMigrations, set]
  expect(await pendingMigrations(pooled, sets)).toEqual([
    'foundation/1700000000000_tenants',
    'foundation/1700000010000_api_tokens',
    'one/1_first',
    'one/2_second',
  ])
  const first = await migrate({ directUrl: database.directUrl, sets, logger })
  expect(first).toEqual([
    'foundation/1700000000000_tenants',
    'foundation/1700000010000_api_tokens',
    'one/1_first',
    'one/2_second',
  ])
  expect(await migrate({ directUrl: database.directUrl, sets, logger })).toEqual([])
  expect(await pendingMigrations(pooled, sets)).toEqual([])
  await requireMigrated(pooled, sets, 'pnpm migrate')
})

test('processes that migrate at once take turns: each step is run by one of them', async () => {
  const set = setOf('turns', { '1_slow': 'select pg_sleep(0.2); create table b (n int);' })
  const all = [1, 2, 3, 4].map(() => migrate({ directUrl: database.directUrl, sets: [set], logger }))
  expect((await Promise.all(all)).flat()).toEqual(['turns/1_slow'])
})

test('a migration that fails leaves nothing of its set behind, says why, and can be repaired', async () => {
  const steps = { '1_good': 'create table c (n int);', '2_bad': 'create table c (n int);' }
  const broken = migrate({ directUrl: database.directUrl, sets: [setOf('repair', steps)], logger })
  await expect(broken).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining('already exists'),
    hint: expect.stringContaining('migrate again'),
  })
  const { rows } = await database.query(`select to_regclass('public.c')::text as c`)
  expect(rows).toEqual([{ c: null }])
  const repaired = setOf('repair', { ...steps, '2_bad': 'create table d (n int);' })
  expect(await migrate({ directUrl: database.directUrl, sets: [repaired], logger })).toHaveLength(2)
})

test('a database that lacks a migration is refused with the command; one that is ahead is not', async () => {
  const now = setOf('ahead', { '1_first': 'create table e (n int);' })
  const newer = setOf('ahead', { '1_first': 'create table e (n int);', '2_newer': 'create table f (n int);' })
  await migrate({ directUrl: database.directUrl, sets: [now], logger })
  await expect(requireMigrated(pooled, [newer], 'pnpm migrate')).rejects.toMatchObject({
    code: 'DATABASE_NOT_MIGRATED',
    message: 'The database is not migrated: it lacks ahead/2_newer.',
    hint: 'Run "pnpm migrate" with DIRECT_DATABASE_URL set.',
  })
  await migrate({ directUrl: database.directUrl, sets: [newer], logger })
  await requireMigrated(pooled, [now], 'pnpm migrate')
})

test('a transaction-mode pooler is refused before anything is changed', async () => {
  for (const url of [database.pooledUrl, database.pgbouncerUrl].filter((one) => one !== undefined)) {
    await expect(migrate({ directUrl: url, sets: [foundationMigrations], logger })).rejects.toMatchObject({
      code: 'MIGRATION_NEEDS_DIRECT_URL',
      hint: expect.stringContaining('DIRECT_DATABASE_URL'),
    })
  }
  expect(await pendingMigrations(pooled, [foundationMigrations])).toHaveLength(2)
})

test('the name of a set cannot leave the name of its table', async () => {
  const set = { ...foundationMigrations, name: 'x; drop table tenants' }
  await expect(pendingMigrations(pooled, [set])).rejects.toMatchObject({ code: 'MIGRATION_SET_INVALID' })
})

test('a server that is not there is one error without the password', async () => {
  const directUrl = 'postgres://nobody:hunter22@127.0.0.1:1/none'
  const failed: unknown = await migrate({ directUrl, sets: [], logger }).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(Error)
  expect((failed as Error).message).toContain('127.0.0.1:1')
  expect((failed as Error).message).not.toContain('hunter22')
})

test('a tenant of a name is added once, however many ask at once', async () => {
  await migrate({ directUrl: database.directUrl, sets: [foundationMigrations], logger })
  const ids = await Promise.all(Array.from({ length: 12 }, () => ensureTenant(pooled, 'first')))
  expect(new Set(ids).size).toBe(1)
  const other = await createTenant(pooled, 'second')
  expect(await ensureTenant(pooled, 'second')).toBe(other)
  await expect(createTenant(pooled, 'second')).rejects.toMatchObject({ code: '23505' })
  await expect(createTenant(pooled, '')).rejects.toMatchObject({ code: '23514' })
})
