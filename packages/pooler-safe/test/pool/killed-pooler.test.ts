import { startPgBouncer, startPooler } from '@pooler-safe/testkit'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, isPoolerSafeError, outcomeOf, type Database } from 'pooler-safe'
import { beforeEach, describe, expect, test } from 'vitest'

const clients = 12

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table item (id int)')
    await client.end()
  },
})
beforeEach(() => database.query('truncate item'))

/** A pooler that can be killed. Started again it listens on the same port. */
interface MortalPooler {
  readonly url: string
  readonly port: number
  kill(): Promise<void>
  stop(): Promise<unknown>
}

async function rotating(port?: number): Promise<MortalPooler> {
  const pooler = await startPooler({ upstream: database.directUrl, ...(port === undefined ? {} : { port }) })
  const { url } = pooler
  return { url, port: pooler.port, kill: () => pooler.stop({ drainMs: 0 }), stop: () => pooler.stop() }
}

async function pgbouncer(port?: number): Promise<MortalPooler> {
  const pooler = await startPgBouncer({ upstream: database.directUrl, ...(port === undefined ? {} : { port }) })
  const { pid, url } = pooler
  const stop = (): Promise<void> => pooler.stop()
  if (pid === undefined) throw new Error('PgBouncer has no process id.')
  const kill = (): Promise<void> => {
    process.kill(pid, 'SIGKILL')
    return stop()
  }
  return { url, port: pooler.port, kill, stop }
}

/** What the clients were told about their inserts, by id. */
interface Told {
  readonly confirmed: Set<number>
  readonly undone: Set<number>
  readonly unknown: Set<number>
  readonly untyped: unknown[]
}

/** Keeps inserting with many clients, half of them in transactions, until told to stop. */
function insertForever(db: Database): { readonly told: Told; stop(): Promise<unknown> } {
  const told: Told = { confirmed: new Set(), undone: new Set(), unknown: new Set(), untyped: [] }
  const text = 'insert into item (id) values ($1)'
  let running = true
  let last = 0
  const insert = async (id: number): Promise<void> => {
    try {
      if (id % 2 === 0) await db.query(text, [id])
      else await db.transaction((tx) => tx.query(text, [id]))
      told.confirmed.add(id)
    } catch (error) {
      const outcome = outcomeOf(error)
      if (!(isPoolerSafeError(error) || error instanceof pg.DatabaseError) || outcome === undefined) {
        told.untyped.push(error)
      }
      if (outcome === 'not-executed') told.undone.add(id)
      else told.unknown.add(id)
      // Nobody listens: knocking without a pause would only burn the processor.
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const lane = async (): Promise<void> => {
    while (running) await insert((last += 1))
  }
  const lanes = Promise.all(Array.from({ length: clients }, lane))
  return {
    told,
    stop: () => {
      running = false
      return lanes
    },
  }
}

function outages(start: (port?: number) => Promise<MortalPooler>): void {
  test('I8: killed under load and started again: what was confirmed is there once, what was not executed is not', async () => {
    let pooler = await start()
    try {
      await using db = createDatabase({ url: pooler.url, max: clients, onError: () => undefined })
      const load = insertForever(db)
      const { told } = load
      try {
        await expect.poll(() => told.confirmed.size, { timeout: 10_000 }).toBeGreaterThan(200)
        await pooler.kill()
        await expect.poll(() => told.undone.size, { timeout: 10_000 }).toBeGreaterThan(clients)
        const before = told.confirmed.size
        pooler = await start(pooler.port)
        await expect.poll(() => told.confirmed.size, { timeout: 10_000 }).toBeGreaterThan(before + 200)
      } finally {
        await load.stop()
      }
      expect(told.untyped).toEqual([])
      const { rows } = await database.query<{ id: number; times: number }>(
        'select id, count(*)::int as times from item group by id',
      )
      const stored = new Map(rows.map(({ id, times }) => [id, times]))
      expect([...stored.values()].filter((times) => times !== 1)).toEqual([])
      expect([...told.confirmed].filter((id) => !stored.has(id))).toEqual([])
      expect([...told.undone].filter((id) => stored.has(id))).toEqual([])
      expect(db.pool.totalCount).toBeLessThanOrEqual(clients)
    } finally {
      await pooler.stop()
    }
  })

  test('I8: a unit with retries outlives the kill, and is executed once', async () => {
    let pooler = await start()
    try {
      await using db = createDatabase({ url: pooler.url, max: 1, onError: () => undefined })
      let attempts = 0
      await db.transaction(
        async (tx) => {
          attempts += 1
          await tx.query('insert into item (id) values (1)')
          if (attempts > 1) return
          await pooler.kill()
          pooler = await start(pooler.port)
          await tx.query('insert into item (id) values (2)')
        },
        { retries: 10 },
      )
      expect(attempts).toBe(2)
      expect((await database.query('select id from item')).rows).toEqual([{ id: 1 }])
    } finally {
      await pooler.stop()
    }
  })
}

describe('the rotating pooler', () => outages(rotating))
describe.skipIf(!capabilities.pgbouncer)('PgBouncer, by kill -9 (needs pgbouncer)', () => outages(pgbouncer))
