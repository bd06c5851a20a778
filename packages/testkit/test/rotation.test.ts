import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

forEachPooler(database, (pooler) => {
  test('serves more clients than it has backends', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url, max: 12 })
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => pool.query<{ index: number }>('select $1::int as index', [index])),
    )
    await pool.end()
    expect(answers.map(({ rows }) => rows[0]?.index)).toEqual(Array.from({ length: 60 }, (_, index) => index))
  })

  test('keeps one backend for the length of a transaction', async () => {
    const pool = new pg.Pool({ connectionString: pooler.url, max: 8 })
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        const client = await pool.connect()
        for (let round = 0; round < 10; round += 1) {
          await client.query('begin')
          const pids = new Set<number>()
          for (let step = 0; step < 3; step += 1) {
            const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
            pids.add(rows[0]?.pid ?? 0)
          }
          await client.query('commit')
          expect(pids.size).toBe(1)
        }
        client.release()
      }),
    )
    await pool.end()
  })
})

/** How often a client's transaction ran on the backend of the same client's transaction before. */
function repetitions(pooler: Pooler): number {
  let count = 0
  const last = new Map<number, number>()
  for (const { client, backendPid } of pooler.recording.transactions()) {
    if (last.get(client) === backendPid) count += 1
    last.set(client, backendPid)
  }
  return count
}

describe('rotation', () => {
  test.for(['simple', 'extended'] as const)(
    'never gives a client the backend of its last transaction (%s)',
    async (protocol) => {
      await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
      const pool = new pg.Pool({ connectionString: pooler.url, max: 12 })
      await Promise.all(
        Array.from({ length: 12 }, async () => {
          const client = await pool.connect()
          const values = protocol === 'extended' ? [1] : undefined
          const text = protocol === 'extended' ? 'select $1::int' : 'select 1'
          for (let round = 0; round < 40; round += 1) {
            if (round % 4 === 3) await client.query('begin')
            await client.query(text, values)
            if (round % 4 === 3) await client.query('commit')
          }
          client.release()
        }),
      )
      await pool.end()
      expect(pooler.recording.transactions()).toHaveLength(12 * 40)
      expect(repetitions(pooler)).toBe(0)
    },
  )

  test('holds for one client alone, with two backends', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = await RawClient.connect(pooler.url)
    const seen: string[] = []
    for (let round = 0; round < 20; round += 1) seen.push((await client.value('select pg_backend_pid()')) ?? '')
    await client.end()
    expect(seen.slice(1).filter((pid, index) => pid === seen[index])).toEqual([])
  })

  test('holds while every other backend is held in a transaction', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 3 })
    const mover = await RawClient.connect(pooler.url)
    await mover.value('select 1')
    const holders = await Promise.all([RawClient.connect(pooler.url), RawClient.connect(pooler.url)])
    for (const holder of holders) await holder.ask(send.query('begin'))
    const seen: string[] = []
    for (let round = 0; round < 10; round += 1) seen.push((await mover.value('select pg_backend_pid()')) ?? '')
    expect(seen.slice(1).filter((pid, index) => pid === seen[index])).toEqual([])
    expect(pooler.backends().length).toBeLessThanOrEqual(4)
    for (const client of [mover, ...holders]) await client.end()
  })

  test('lets as many transactions run at once as the pool size says, and no more', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, queryWaitTimeoutMs: 50 })
    const [first, second, third] = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
    await first!.ask(send.query('begin'))
    await second!.ask(send.query('begin'))
    third!.write(send.query('select 1'))
    expect(await third!.closed).toMatchObject([{ severity: 'FATAL', code: '08P01', message: 'query_wait_timeout' }])
    await first!.end()
    await second!.end()
  })

  test('with a pool size of one there is one backend, for everybody', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
    const pids = await Promise.all(clients.map((client) => client.value('select pg_backend_pid()')))
    expect(new Set(pids).size).toBe(1)
    for (const client of clients) await client.end()
  })

  test('the same seed makes the same choices', async () => {
    const run = async (seed: number): Promise<number[]> => {
      await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 5, seed })
      expect(pooler.seed).toBe(seed)
      const client = await RawClient.connect(pooler.url)
      for (let round = 0; round < 30; round += 1) await client.value('select 1')
      await client.end()
      const order = new Map<number, number>()
      return pooler.recording.backendsOf(1).map((pid) => {
        if (!order.has(pid)) order.set(pid, order.size)
        return order.get(pid) ?? -1
      })
    }
    const first = await run(7)
    expect(await run(7)).toEqual(first)
    expect(await run(8)).not.toEqual(first)
  })

  test('waiting clients are served in the order they came', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const clients = await Promise.all(Array.from({ length: 6 }, () => RawClient.connect(pooler.url)))
    const [holder, ...waiters] = clients
    await holder!.ask(send.query('begin'))
    await holder!.ask(send.query('create table turn (nr serial, who int)'))
    const answers: Promise<unknown>[] = []
    for (const [who, client] of waiters.entries()) {
      answers.push(client.ask(send.query(`insert into turn (who) values (${who})`)))
      // The pooler reads sockets in any order: the next one asks when this one waits.
      await expect.poll(() => pooler.waiting()).toBe(who + 1)
    }
    await holder!.ask(send.query('commit'))
    await Promise.all(answers)
    const { rows } = await database.query<{ who: number }>('select who from turn order by nr')
    expect(rows.map(({ who }) => who)).toEqual([0, 1, 2, 3, 4])
    for (const client of clients) await client.end()
  })
})
