import { findPgBouncer, startPgBouncer, startPooler } from '@pooler-safe/testkit'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, SafePool } from 'pooler-safe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const clients = 12
const transactionsPerClient = 25
const backends = 4

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`
      create table batch (id int primary key, done int not null default 0);
      create table batch_item (batch_id int not null references batch, client int not null, turn int not null);
      insert into batch (id) select generate_series(0, ${clients - 1});
    `)
    await client.end()
  },
})

/**
 * What the five services of the work order do all day: named statements in short transactions, many at a time. Each
 * client has names of its own, as drivers that count or hash their statements do.
 */
async function work(pool: Pick<pg.Pool, 'connect'>): Promise<unknown[]> {
  const failures: unknown[] = []
  const lane = async (client: number): Promise<void> => {
    for (let turn = 0; turn < transactionsPerClient; turn += 1) {
      const connection = await pool.connect()
      let broken: Error | undefined
      try {
        await connection.query('begin')
        await connection.query({
          name: `batch_status_${client}`,
          text: 'select done from batch where id = $1',
          values: [client],
        })
        await connection.query({
          name: `batch_item_insert_${client}`,
          text: 'insert into batch_item (batch_id, client, turn) values ($1, $2, $3)',
          values: [client, client, turn],
        })
        await connection.query({
          name: `batch_progress_${client}`,
          text: 'update batch set done = done + 1 where id = $1',
          values: [client],
        })
        await connection.query('commit')
      } catch (error) {
        failures.push(error)
        await connection.query('rollback').catch((lost: unknown) => (broken = lost as Error))
      } finally {
        connection.release(broken)
      }
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => lane(client)))
  return failures
}

async function stored(): Promise<{ items: number; done: number }> {
  const { rows } = await database.query<{ items: number; done: number }>(
    'select (select count(*)::int from batch_item) as items, (select sum(done)::int from batch) as done',
  )
  return rows[0]!
}

async function clear(): Promise<void> {
  await database.query('truncate batch_item')
  await database.query('update batch set done = 0')
}

/** Tests that dirty backends on purpose have poolers of their own. */
function workOrder(start: () => Promise<{ url: string; stop: () => Promise<unknown> }>): void {
  let url: string
  let stop: () => Promise<unknown>

  beforeAll(async () => {
    const pooler = await start()
    url = pooler.url
    stop = () => pooler.stop()
  })
  afterAll(async () => {
    await stop()
  })

  test(`I1: ${clients} clients × ${transactionsPerClient} transactions over ${backends} backends: 0 failures`, async () => {
    await clear()
    const pool = new SafePool({ connectionString: url, max: clients })
    try {
      expect(await work(pool)).toEqual([])
    } finally {
      await pool.end()
    }
    const expected = clients * transactionsPerClient
    expect(await stored()).toEqual({ items: expected, done: expected })
  })

  test('the same through the Session API', async () => {
    await clear()
    const db = createDatabase({ url, max: clients })
    try {
      await Promise.all(
        Array.from({ length: clients }, async (_, client) => {
          for (let turn = 0; turn < transactionsPerClient; turn += 1) {
            await db.transaction(async (tx) => {
              await tx.query('select done from batch where id = $1', [client])
              await tx.query('insert into batch_item (batch_id, client, turn) values ($1, $1, $2)', [client, turn])
              await tx.query('update batch set done = done + 1 where id = $1', [client])
            })
          }
        }),
      )
    } finally {
      await db.close()
    }
    const expected = clients * transactionsPerClient
    expect(await stored()).toEqual({ items: expected, done: expected })
  })

  test('without the guard the same run fails with the error of the work order', async () => {
    await clear()
    const pool = new pg.Pool({ connectionString: url, max: clients })
    pool.on('error', () => undefined)
    let failures: unknown[]
    try {
      failures = await work(pool)
    } finally {
      await pool.end()
    }
    const texts = failures.map((failure) => (failure as Error).message)
    expect(texts.length).toBeGreaterThan(0)
    expect(texts).toContainEqual(expect.stringMatching(/^prepared statement ".+" does not exist$/))
    const { items } = await stored()
    expect(items).toBeLessThan(clients * transactionsPerClient)
  })
}

describe('through the rotating pooler', () => {
  workOrder(() => startPooler({ upstream: database.directUrl, poolSize: backends }))
})

describe.skipIf(!capabilities.pgbouncer)('through PgBouncer (needs pgbouncer)', () => {
  workOrder(async () => {
    if (!findPgBouncer()) throw new Error('PgBouncer is not installed.')
    return startPgBouncer({
      upstream: database.directUrl,
      poolSize: backends,
      config: { server_round_robin: 1 },
    })
  })
})
