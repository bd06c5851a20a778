import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, isPoolerSafeError, outcomeOf, SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

test('J8: a pooler that dies and comes back: typed errors with outcome meanwhile, then work goes on', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  const lost: Error[] = []
  await using db = createDatabase({ url: proxy.url, max: 3, onError: (error) => lost.push(error) })
  await Promise.all([1, 2, 3].map((n) => db.query('select pg_sleep(0.05), $1::int', [n])))
  const inFlight = caught(db.query('select pg_sleep(5)'))
  const inTransaction = caught(
    db.transaction(async (tx) => {
      await tx.query('select 1')
      await tx.query('select pg_sleep(5)')
    }),
  )
  await new Promise((resolve) => setTimeout(resolve, 100))
  await proxy.goDown()

  expect(await inFlight).toMatchObject({ code: 'POOLER_SAFE_OUTCOME_UNKNOWN', outcome: 'unknown' })
  expect(await inTransaction).toMatchObject({ code: 'POOLER_SAFE_CONNECTION_LOST', outcome: 'not-executed' })
  await expect.poll(() => db.pool.totalCount).toBe(0)
  for (const attempt of [() => db.query('select 1'), () => db.transaction((tx) => tx.query('select 1'))]) {
    const error = await caught(attempt())
    expect(isPoolerSafeError(error)).toBe(true)
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_CONNECT_FAILED',
      outcome: 'not-executed',
      hint: expect.stringContaining('host and port'),
    })
  }
  // The third client connection was idle: its end is reported, and did not crash the process.
  expect(lost).toHaveLength(1)

  await proxy.comeBack()
  const results = await Promise.all([1, 2, 3, 4].map((n) => db.query<{ n: number }>('select $1::int as n', [n])))
  expect(results.map(({ rows }) => rows[0]!.n)).toEqual([1, 2, 3, 4])
  expect(db.pool.totalCount).toBeLessThanOrEqual(3)
})

test('J8: a unit with retries outlives a short outage', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  await proxy.goDown()
  const back = new Promise((resolve) => setTimeout(resolve, 300)).then(() => proxy.comeBack())
  const { rows } = await db.transaction((tx) => tx.query('select 1 as n'), { retries: 20 })
  expect(rows).toEqual([{ n: 1 }])
  await back
})

test('I11: a SafePool rejects with pg’s own connection errors, and tells what they mean', async () => {
  const pool = new SafePool({ connectionString: 'postgres://app@127.0.0.1:1/shop' })
  const error = await caught(pool.query('select 1'))
  expect(error).toMatchObject({ code: 'ECONNREFUSED' })
  expect(outcomeOf(error)).toBe('not-executed')
  expect(outcomeOf(await caught(pool.connect()))).toBe('not-executed')
  await pool.end()
})

test('G1: an idle client connection that ends reaches those who listen on the pool, as with pg', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  await pool.query('select 1')
  const heard = new Promise((resolve) => pool.on('error', (error, client) => resolve([error, client])))
  proxy.only().client.destroy()
  expect(await heard).toEqual([expect.any(Error), expect.anything()])
  expect(pool.totalCount).toBe(0)
  await pool.end()
})

test('a wrong password, database or host are typed errors, and nothing was executed', async () => {
  const url = new URL(database.directUrl)
  const wrong = (change: (target: URL) => void): string => {
    const target = new URL(url)
    change(target)
    return target.href
  }
  const urls = [
    wrong((target) => (target.password = 'wrong')),
    wrong((target) => (target.pathname = '/nowhere')),
    wrong((target) => (target.hostname = 'nowhere.invalid')),
    wrong((target) => (target.port = '1')),
  ]
  for (const one of urls) {
    await using db = createDatabase({ url: one })
    const error = await caught(db.query('select 1'))
    expect(outcomeOf(error), one).toBe('not-executed')
    expect(error.code).toMatch(/^(28P01|3D000|POOLER_SAFE_CONNECT_FAILED)$/)
    expect(JSON.stringify([error.message, error.hint])).not.toContain(url.password)
  }
})

test('G5: no client connection in time is a typed error', async () => {
  await using db = createDatabase({ url: database.pooledUrl, max: 1, connectionTimeoutMs: 50 })
  const held = db.transaction(async (tx) => {
    await tx.query('select pg_sleep(0.3)')
  })
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await caught(db.query('select 1'))).toMatchObject({
    code: 'POOLER_SAFE_CHECKOUT_TIMEOUT',
    outcome: 'not-executed',
  })
  await held
})

test('a database that was closed says so, and can be closed again', async () => {
  const db = createDatabase({ url: database.pooledUrl })
  await db.query('select 1')
  await db.close()
  await db.close()
  expect(await caught(db.query('select 1'))).toMatchObject({ code: 'POOLER_SAFE_CLOSED', outcome: 'not-executed' })
  expect(await caught(db.transaction(() => Promise.resolve()))).toMatchObject({ code: 'POOLER_SAFE_CLOSED' })
})
