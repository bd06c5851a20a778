import {
  findPgBouncer,
  profileNames,
  startPgBouncer,
  startPooler,
  type PgBouncer,
  type ProfileName,
} from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

test('PostgreSQL itself is found to be direct', async () => {
  await using db = createDatabase({ url: database.directUrl, max: 1 })
  expect(await db.verify()).toMatchObject({
    mode: 'direct',
    pooled: false,
    pooler: undefined,
    accepts: { failingBatch: true, startupParameters: true },
    serverVersion: expect.stringMatching(/^\d+/),
  })
})

test('the rotating pooler is found to be in transaction mode, idle or with one backend', async () => {
  await using db = createDatabase({ url: database.pooledUrl, max: 1 })
  for (let turn = 0; turn < 5; turn += 1) expect(await db.verify()).toMatchObject({ mode: 'transaction', pooled: true })
  await using single = await startPooler({ upstream: database.directUrl, poolSize: 1 })
  await using small = createDatabase({ url: single.url })
  expect(await small.verify()).toMatchObject({ mode: 'transaction' })
})

test('a direct URL where a transaction-mode one is expected is an error that says what to do', async () => {
  await using db = createDatabase({ url: database.directUrl })
  const error = await caught(db.verify({ pooled: 'transaction' }))
  expect(error).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'wrong-port', outcome: 'not-executed' })
  expect(error.message).toMatch(/url should be a transaction endpoint, but is a direct one/)
  expect(error.hint).toMatch(/6543/)
})

test('a transaction-mode URL given as directUrl is an error that says what to do', async () => {
  await using db = createDatabase({ url: database.pooledUrl, directUrl: database.pooledUrl })
  for (const direct of ['direct', 'session'] as const) {
    const error = await caught(db.verify({ pooled: 'transaction', direct }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT' })
    expect(error.message).toMatch(new RegExp(`directUrl should be a ${direct} endpoint, but is a transaction one`))
  }
  await using right = createDatabase({ url: database.pooledUrl, directUrl: database.directUrl })
  expect(await right.verify({ pooled: 'transaction', direct: 'session' })).toMatchObject({ mode: 'transaction' })
  await using none = createDatabase({ url: database.pooledUrl })
  expect(await caught(none.verify({ direct: 'direct' }))).toMatchObject({ hint: expect.stringContaining('directUrl') })
})

test('a pooler that loses the client connection of a batch that fails in the middle is found out, and batches leave one by one', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  proxy.onAnswer = (chunk, { client }) => {
    if (!chunk.includes('22012')) return true
    client.end(chunk)
    return false
  }
  await using db = createDatabase({ url: proxy.url, max: 1, batchMode: 'auto' })
  const report = await db.verify()
  expect(report.accepts.failingBatch).toBe(false)
  expect(report.evidence).toContain('a batch that failed in the middle lost its client connection')
  proxy.forget()
  await db.batch(['select 1', 'select 2'])
  expect(proxy.writes()).toEqual(['PBES', 'PBDES', 'PBDES', 'Q'])
})

test('batchMode "auto" finds out once, before the first batch, and keeps one round trip where that is safe', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1, batchMode: 'auto' })
  await Promise.all([db.batch(['select 1', 'select 2']), db.transaction((tx) => tx.query('select 3'))])
  // The probe alone, on a client connection of its own.
  expect(proxy.connections[0]!.writes).toEqual(['PBEPBEPBES', 'Q', 'X'])
  proxy.forget()
  await db.batch(['select 1', 'select 2'])
  expect(proxy.writes()).toEqual(['PBDEPBDES'])
})

const judged = {
  'pgbouncer-1.18': ['PgBouncer', 'before 1.20', false],
  'pgbouncer-1.25': ['PgBouncer', '1.20 or newer', false],
  'supavisor-2.9': ['Supavisor', undefined, true],
  'supavisor-named': ['Supavisor', undefined, true],
  odyssey: ['Odyssey', undefined, true],
  pgagroal: ['pgagroal', undefined, true],
  // Nothing of its own: what it does it has from PgBouncer.
  strict: ['PgBouncer', 'before 1.20', false],
  'pgbouncer-statement': undefined,
} as const satisfies Record<ProfileName, unknown>

test('every profile of the test pooler is judged', () => {
  expect(Object.keys(judged).toSorted()).toEqual([...profileNames].toSorted())
})

test.each(Object.entries(judged))(
  '%s is recognised by what it does, with one backend and with three',
  async (name, what) => {
    for (const poolSize of [1, 3]) {
      await using pooler = await startPooler({ upstream: database.directUrl, poolSize, profile: name as ProfileName })
      await using db = createDatabase({ url: pooler.url, max: 1 })
      if (!what) {
        expect(await caught(db.verify())).toMatchObject({
          code: 'POOLER_SAFE_WRONG_ENDPOINT',
          hazard: 'statement-mode',
        })
        continue
      }
      const [named, poolerVersion, startupParameters] = what
      expect(await db.verify()).toMatchObject({
        mode: 'transaction',
        pooled: true,
        pooler: named,
        poolerVersion,
        accepts: { failingBatch: true, startupParameters },
      })
    }
  },
)

test('a proxy that tells nothing of itself stays unnamed', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, profile: 'odyssey' })
  await using proxy = await startTcpProxy(pooler.url)
  proxy.onAnswer = (chunk, { client }) => {
    const at = chunk.indexOf('odyssey:')
    if (at < 0) return true
    client.write(Buffer.concat([chunk.subarray(0, at), Buffer.from('rdsprox:'), chunk.subarray(at + 8)]))
    return false
  }
  await using db = createDatabase({ url: proxy.url })
  expect(await db.verify()).toMatchObject({ mode: 'transaction', pooled: true, pooler: undefined })
})

describe.skipIf(!findPgBouncer())('PgBouncer (needs pgbouncer)', () => {
  const modes = ['transaction', 'session', 'statement'] as const
  const poolers = new Map<string, PgBouncer>()
  beforeAll(async () => {
    for (const poolMode of modes) {
      poolers.set(poolMode, await startPgBouncer({ upstream: database.directUrl, poolMode, poolSize: 3 }))
    }
  })
  afterAll(async () => {
    for (const pooler of poolers.values()) await pooler.stop()
  })

  test.each(['transaction', 'session'] as const)('PgBouncer in %s mode is recognised', async (mode) => {
    await using db = createDatabase({ url: poolers.get(mode)!.url })
    for (let turn = 0; turn < 3; turn += 1) expect(await db.verify()).toMatchObject({ mode, pooled: true })
    const [major = 0, minor = 0] = poolers.get(mode)!.version.split('.').map(Number)
    expect(await db.verify()).toMatchObject({
      pooler: 'PgBouncer',
      poolerVersion: major > 1 || minor >= 20 ? '1.20 or newer' : 'before 1.20',
      accepts: { failingBatch: true, startupParameters: false },
    })
  })

  test('a session-mode URL where a transaction-mode one is expected is an error, and the reverse', async () => {
    await using session = createDatabase({ url: poolers.get('session')!.url })
    expect(await caught(session.verify({ pooled: 'transaction' }))).toMatchObject({
      code: 'POOLER_SAFE_WRONG_ENDPOINT',
    })
    await using transaction = createDatabase({ url: poolers.get('transaction')!.url })
    expect(await caught(transaction.verify({ pooled: 'session' }))).toMatchObject({
      code: 'POOLER_SAFE_WRONG_ENDPOINT',
    })
    expect((await transaction.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('statement mode is an error that says what to do', async () => {
    await using db = createDatabase({ url: poolers.get('statement')!.url })
    const error = await caught(db.verify())
    expect(error).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'statement-mode' })
    expect(error.hint).toMatch(/pool_mode = transaction/)
  })
})
