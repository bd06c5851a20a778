import { setTimeout as delay } from 'node:timers/promises'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database, type DatabaseOptions } from 'pooler-safe'
import { expect, test } from 'vitest'
import { RetryBudget } from '../../src/session/retry-budget.ts'
import { caught, thrown } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

async function withDatabase<T>(
  options: Partial<DatabaseOptions>,
  work: (db: Database, warnings: Error[]) => Promise<T>,
): Promise<T> {
  const warnings: Error[] = []
  await using db = createDatabase({
    url: database.pooledUrl,
    onWarning: (warning) => warnings.push(warning),
    ...options,
  })
  return await work(db, warnings)
}

test('a transaction that runs no statement for longer than its idle budget is reported once, and goes on', () =>
  withDatabase({ idleBudgetMs: 40 }, async (db, warnings) => {
    await db.transaction(async (tx) => {
      await tx.query('select 1')
      await delay(120)
      await tx.query('select 1')
      await delay(120)
    })
    expect(warnings).toEqual([
      expect.objectContaining({ code: 'POOLER_SAFE_IDLE_IN_TRANSACTION', hazard: 'idle-in-tx' }),
    ])
    expect(warnings[0]!.message).toMatch(/40 ms/)
  }))

test('statements that take long, and time before the first one, are not idle', () =>
  withDatabase({ idleBudgetMs: 60 }, async (db, warnings) => {
    await db.transaction(async (tx) => {
      await delay(150)
      await tx.query('select pg_sleep(0.2)')
      await tx.transaction((inner) => inner.query('select pg_sleep(0.2)'))
    })
    await delay(100)
    expect(warnings).toEqual([])
  }))

test('onIdle "abort" rolls back, and its client is free before the callback is done', () =>
  withDatabase({ max: 1 }, async (db, warnings) => {
    let finish = (): void => undefined
    const stuck = db.transaction(
      async (tx) => {
        await tx.query('create table never (id int)')
        await new Promise<void>((resolve) => (finish = resolve))
      },
      { idleBudgetMs: 40, onIdle: 'abort', retries: 3 },
    )
    expect(await caught(stuck)).toMatchObject({ code: 'POOLER_SAFE_IDLE_IN_TRANSACTION', outcome: 'not-executed' })
    expect((await db.query(`select to_regclass('never')::text as name`)).rows).toEqual([{ name: null }])
    expect(warnings).toEqual([])
    finish()
  }))

test('the loop over a stream counts as idle, because the backend waits for it', () =>
  withDatabase({ idleBudgetMs: 40 }, async (db, warnings) => {
    for await (const row of db.stream('select 1 as n')) {
      expect(row).toEqual({ n: 1 })
      await delay(120)
    }
    expect(warnings).toHaveLength(1)
  }))

test('I8: in an outage, units share their retries; what succeeds puts them back', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await withDatabase({ url: proxy.url, max: 20, retryBudget: { tokens: 5, perSuccess: 0.5 } }, async (db) => {
    await proxy.goDown()
    let attempts = 0
    const unit = (): Promise<unknown> =>
      db.transaction(
        async (tx) => {
          await tx.query('select 1')
        },
        { retries: 1 },
      )
    const connect = db.pool.connect.bind(db.pool) as (...given: unknown[]) => unknown
    db.pool.connect = ((...given: unknown[]) => {
      attempts += 1
      return connect(...given)
    }) as typeof db.pool.connect
    const failed = await Promise.allSettled(Array.from({ length: 20 }, unit))
    expect(failed.every(({ status }) => status === 'rejected')).toBe(true)
    expect(attempts).toBe(25)
    expect(await caught(unit())).toMatchObject({ code: 'POOLER_SAFE_CONNECT_FAILED', outcome: 'not-executed' })
    expect(attempts).toBe(26)
    await proxy.comeBack()
    await unit()
    await unit()
    await proxy.goDown()
    attempts = 0
    await caught(unit())
    expect(attempts).toBe(2)
    await proxy.comeBack()
  })
})

test('conflicts cost no token: they come from a server that works', () =>
  withDatabase({ retryBudget: { tokens: 0 } }, async (db) => {
    let attempts = 0
    await db.transaction(
      async (tx) => {
        attempts += 1
        const text = attempts < 4 ? `do $$ begin raise sqlstate '40001'; end $$` : 'select 1'
        await tx.query(text)
      },
      { retries: 5 },
    )
    expect(attempts).toBe(4)
  }))

test('a budget never holds more than its tokens, and its options are checked', () => {
  const budget = new RetryBudget({ tokens: 2, perSuccess: 1 })
  for (let success = 0; success < 10; success += 1) budget.putBack()
  expect([budget.take(), budget.take(), budget.take()]).toEqual([true, true, false])
  for (const retryBudget of [{ tokens: -1 }, { tokens: 1.5 }, { perSuccess: Infinity }, { token: 1 }, 7]) {
    const options = { url: database.pooledUrl, retryBudget } as DatabaseOptions
    expect(thrown(() => createDatabase(options))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
  }
  const idle = { url: database.pooledUrl, idleBudgetMs: 0 }
  expect(thrown(() => createDatabase(idle))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
})
