import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { outcomeOf, PoolerSafeError, SafePool } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table kept (id int)')
    await client.end()
  },
})

function releases(url: () => string): void {
  async function withPool(work: (pool: SafePool, warnings: Error[]) => Promise<void>): Promise<void> {
    const warnings: Error[] = []
    const pool = new SafePool({ connectionString: url(), max: 1, onWarning: (warning) => warnings.push(warning) })
    await work(pool, warnings).catch((error: unknown) => {
      void pool.end()
      throw error
    })
    await pool.end()
  }

  test('I6: a client released inside a transaction is never handed on, and the leak is reported', () =>
    withPool(async (pool, warnings) => {
      const emitted: unknown[] = []
      pool.on('warning', (warning) => emitted.push(warning))
      const leaking = await pool.connect()
      await leaking.query('begin')
      await leaking.query('insert into kept values (1)')
      leaking.release()
      const next = await pool.connect()
      expect(next).not.toBe(leaking)
      expect(next.getTransactionStatus()).toBe('I')
      expect((await next.query('select * from kept')).rows).toEqual([])
      next.release()
      expect(warnings).toEqual([
        expect.objectContaining({ code: 'POOLER_SAFE_LEAKED_TRANSACTION', hazard: 'leaked-open-tx' }),
      ])
      expect(warnings[0]).toBeInstanceOf(PoolerSafeError)
      expect(emitted).toEqual(warnings)
    }))

  test('I6: a client released in a failed transaction is never handed on', () =>
    withPool(async (pool, warnings) => {
      const leaking = await pool.connect()
      await leaking.query('begin')
      await caught(leaking.query('select 1 / 0'))
      leaking.release()
      const next = await pool.connect()
      expect(next).not.toBe(leaking)
      next.release()
      expect(warnings).toHaveLength(1)
    }))

  test('I6: a client released with a query unanswered waits for the answer before it is handed on', () =>
    withPool(async (pool, warnings) => {
      const first = await pool.connect()
      const slow = first.query('select pg_sleep(0.2), 1 as n')
      first.release()
      const second = await pool.connect()
      expect(second).toBe(first)
      expect((await second.query('select 2 as n')).rows).toEqual([{ n: 2 }])
      expect((await slow).rows).toEqual([expect.objectContaining({ n: 1 })])
      second.release()
      expect(warnings).toEqual([])
    }))

  test('I6: a client released in the turn in which it connected is handed on', () =>
    withPool(async (pool) => {
      await new Promise<void>((resolve) => {
        pool.connect((_error, _client, release) => {
          release()
          resolve()
        })
      })
      expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      expect(pool.totalCount).toBe(1)
    }))

  test('I6: a BEGIN that nobody awaited is a leak too', () =>
    withPool(async (pool, warnings) => {
      const leaking = await pool.connect()
      void leaking.query('begin')
      leaking.release()
      const next = await pool.connect()
      expect(next).not.toBe(leaking)
      next.release()
      expect(warnings).toHaveLength(1)
    }))

  test('I6: a listener of warnings that throws does not keep the leaking client in the pool', () =>
    withPool(async (pool) => {
      pool.on('warning', () => {
        throw new Error('of the listener')
      })
      const leaking = await pool.connect()
      await leaking.query('begin')
      expect(() => leaking.release()).toThrow('of the listener')
      const next = await pool.connect()
      expect(next).not.toBe(leaking)
      next.release()
    }))

  test('I6: a client whose query was cancelled is never handed on: a late CancelRequest would hit the next statement', () =>
    withPool(async (pool) => {
      const connected: unknown[] = []
      pool.on('connect', (client) => connected.push(client))
      const slow = { text: 'select pg_sleep(20)', query_timeout: 50 } as pg.QueryConfig
      expect(await caught(pool.query(slow))).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
      expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      expect(connected).toHaveLength(2)
    }))

  test('I6: a client that was released refuses further queries', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      client.release()
      const error = await caught(client.query('select 1'))
      expect(error).toMatchObject({ code: 'POOLER_SAFE_CLIENT_RELEASED', outcome: 'not-executed' })
      const again = await pool.connect()
      expect(again).toBe(client)
      expect((await again.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      again.release()
    }))

  test('a failing pool.query keeps its client connection', () =>
    withPool(async (pool) => {
      const connected: unknown[] = []
      pool.on('connect', (client) => connected.push(client))
      for (let turn = 0; turn < 20; turn += 1) {
        const error = await caught(pool.query('select 1 / $1::int', [0]))
        expect(error).toBeInstanceOf(pg.DatabaseError)
        expect(error).toMatchObject({ code: '22012' })
        expect(outcomeOf(error)).toBe('not-executed')
      }
      expect(connected).toHaveLength(1)
    }))

  test('a text that opens its own transaction and fails half-way leaves nothing open', () =>
    withPool(async (pool, warnings) => {
      const error = await caught(pool.query('begin; insert into kept values (2); select 1 / 0; commit'))
      expect(error).toMatchObject({ code: '22012' })
      expect(outcomeOf(error)).toBe('not-executed')
      expect((await pool.query('select * from kept')).rows).toEqual([])
      expect(pool.totalCount).toBe(1)
      expect(warnings).toEqual([])
    }))

  test('release(error) destroys the client, as with pg', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      const removed = new Promise((resolve) => pool.once('remove', resolve))
      client.release(new Error('do not use it again'))
      expect(await removed).toBe(client)
      expect(pool.totalCount).toBe(0)
    }))

  test('releasing twice throws, as with pg', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      client.release()
      expect(() => client.release()).toThrow(/already been released/)
    }))
}

describe('directly', () => releases(() => database.directUrl))
forEachPooler(database, (pooler) => releases(() => pooler.url))

test('a leak that nobody listens for is a process warning, not a crash and not silence', async () => {
  const pool = new SafePool({ connectionString: database.directUrl, max: 1 })
  const warned = new Promise<Error>((resolve) => process.once('warning', resolve))
  const client = await pool.connect()
  await client.query('begin')
  client.release()
  expect(await warned).toMatchObject({ code: 'POOLER_SAFE_LEAKED_TRANSACTION' })
  await pool.end()
})
