import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, lockKey, sqlStateOf, type Database } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: prepared('create table balance (id int primary key, amount int); insert into balance values (1, 0)'),
})

/** A promise and what settles it. */
function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open: () => open() }
}

forEachPooler(database, (pooler) => {
  async function withDatabase<T>(work: (db: Database) => Promise<T>, max = 3): Promise<T> {
    await using db = createDatabase({ url: pooler.url, max, wireGuard: true })
    return await work(db)
  }

  test('a lock admits one at a time: nothing of 40 unguarded increments is lost', () =>
    withDatabase(async (db) => {
      await database.query('update balance set amount = 0')
      let inside = 0
      const increment = (): Promise<void> =>
        db.lock(['balance', 1], async (tx) => {
          inside += 1
          expect(inside).toBe(1)
          const { rows } = await tx.query<{ amount: number }>('select amount from balance where id = 1')
          await tx.query('update balance set amount = $1 where id = 1', [rows[0]!.amount + 1])
          inside -= 1
        })
      await Promise.all(Array.from({ length: 40 }, increment))
      expect((await database.query('select amount from balance')).rows).toEqual([{ amount: 40 }])
    }, 8))

  test('the lock is held before the work starts, and let go with the transaction', () =>
    withDatabase(async (db) => {
      const started = gate()
      const done = gate()
      const first = db.lock('report', async () => {
        started.open()
        await done.opened
      })
      await started.opened
      const work = (): Promise<string> => Promise.resolve('mine')
      expect(await db.tryLock('report', work)).toEqual({ locked: false })
      expect(await db.tryLock('another report', work)).toEqual({ locked: true, result: 'mine' })
      done.open()
      await first
      expect(await db.tryLock('report', work)).toEqual({ locked: true, result: 'mine' })
    }))

  test('a lock that is not free in time rejects with its own code, and nothing was executed', () =>
    withDatabase(async (db) => {
      const started = gate()
      const done = gate()
      const first = db.lock('busy', async () => {
        started.open()
        await done.opened
      })
      await started.opened
      const late = await caught(db.lock('busy', () => Promise.reject(new Error('must not run')), { waitMs: 30 }))
      expect(late).toMatchObject({ code: 'POOLER_SAFE_LOCK_TIMEOUT', outcome: 'not-executed' })
      expect(sqlStateOf(late)).toBe('55P03')
      const own = db.lock('busy', () => Promise.resolve(), { lockTimeoutMs: 30 })
      expect(await caught(own)).toMatchObject({ code: 'POOLER_SAFE_LOCK_TIMEOUT' })
      const cancelled = db.lock('busy', () => Promise.resolve(), { timeoutMs: 60 })
      expect(await caught(cancelled)).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT' })
      done.open()
      await first
    }))

  test('in a transaction, the work runs behind a savepoint, and waiting too long undoes only that', () =>
    withDatabase(async (db) => {
      const started = gate()
      const done = gate()
      const first = db.lock('held', async () => {
        started.open()
        await done.opened
      })
      await started.opened
      await db.transaction(async (tx) => {
        await tx.query('select set_config($1, $2, true)', ['lock_timeout', '7s'])
        const late = await caught(tx.lock('held', () => Promise.resolve(), { waitMs: 30 }))
        expect(late).toMatchObject({ code: 'POOLER_SAFE_LOCK_TIMEOUT' })
        expect(await tx.tryLock('held', () => Promise.resolve(1))).toEqual({ locked: false })
        const inForce = `select current_setting('lock_timeout') as wait`
        await tx.lock(
          'free',
          async (inner) => {
            expect(inner.depth).toBe(1)
            expect((await inner.query(inForce)).rows).toEqual([{ wait: '7s' }])
          },
          { waitMs: 500 },
        )
        expect((await tx.query(inForce)).rows).toEqual([{ wait: '7s' }])
        expect(await db.pool.query(`select 1`)).toBeDefined()
      })
      done.open()
      await first
    }))

  test('locks of other keys and of settings sessions work alike', () =>
    withDatabase(async (db) => {
      const session = db.withSettings({ 'app.tenant': 'acme' })
      const text = `select current_setting('app.tenant') as tenant`
      const { rows } = await session.lock(42n, (tx) => tx.query(text))
      expect(rows).toEqual([{ tenant: 'acme' }])
    }))
})

test('the key of a name is the documented hash, the same as SQL computes', async () => {
  const inSql = `select (('x' || left(encode(sha256(convert_to($1, 'UTF8')), 'hex'), 16))::bit(64)::bigint)::text as key`
  for (const parts of [['invoice', 7], ['käse', -1, ''], ['"', '\\', '\n'], ['one name']]) {
    const { rows } = await database.query<{ key: string }>(inSql, [JSON.stringify(parts)])
    expect(String(lockKey(parts))).toBe(rows[0]!.key)
  }
  expect(lockKey('one name')).toBe(lockKey(['one name']))
  expect(lockKey(['a', 'b'])).not.toBe(lockKey('a,b'))
  expect(lockKey(['1'])).not.toBe(lockKey([1]))
  expect(lockKey(-5n)).toBe(-5n)
})

test('a key that names nothing is refused before a client is taken', async () => {
  await using db = createDatabase({ url: database.pooledUrl })
  for (const key of [[], [1.5], [{}], 7, undefined, [''.padEnd(2, '\ud800')], 2n ** 63n]) {
    const error = await caught(db.lock(key as unknown as string, () => Promise.resolve()))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION', outcome: 'not-executed' })
  }
  expect(db.pool.totalCount).toBe(0)
})

test('I10: BEGIN, the limit of the wait and the lock are one round trip', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  proxy.forget()
  await db.lock('trips', (tx) => tx.query('select 1'), { waitMs: 1_000 })
  expect(proxy.writes()).toEqual([expect.stringMatching(/^PBE.*S$/), 'PBDES', 'Q'])
})
