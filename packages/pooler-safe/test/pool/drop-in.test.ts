import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { SafeClient, SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

const database = useTestDatabase()

/** Runs the same on pg's own pool and on ours: what they return has to be equal. */
async function onBoth<T>(work: (pool: pg.Pool) => Promise<T>): Promise<[T, T]> {
  const raw = new pg.Pool({ connectionString: database.directUrl, max: 2 })
  const safe = new SafePool({ connectionString: database.directUrl, max: 2 })
  try {
    return [await work(raw), await work(safe)]
  } finally {
    await Promise.all([raw.end(), safe.end()])
  }
}

test('I11: SafePool is a pg.Pool and SafeClient a pg.Client, by class and by name', async () => {
  const pool = new SafePool({ connectionString: database.directUrl })
  const client = await pool.connect()
  expect(pool).toBeInstanceOf(pg.Pool)
  expect(client).toBeInstanceOf(pg.Client)
  // rate-limiter-flexible and others go by these names.
  expect([pool.constructor.name, client.constructor.name]).toEqual([pg.Pool.name, pg.Client.name])
  client.release()
  await pool.end()
})

test('I11: results are those of pg: types, arrays, several statements, fields, commands', async () => {
  const texts: [string, (unknown[] | undefined)?][] = [
    ['select 1 as int, 2::bigint as big, 1.5::numeric as num, true as yes, null as nothing'],
    [
      `select now()::timestamptz(0) is not null as t, '{1,2}'::int[] as list, '{"a":1}'::jsonb as doc, '\\x00ff'::bytea as raw`,
    ],
    ['select $1::text as a, $2::int[] as b, $3::jsonb as c', ['x', [1, 2], { d: 3 }]],
    ['select 1 as a; select 2 as b', undefined],
    ['', undefined],
    ['values (1), (2)'],
  ]
  for (const [text, values] of texts) {
    const [raw, safe] = await onBoth((pool) => pool.query(text, values) as Promise<pg.QueryResult | pg.QueryResult[]>)
    expect(strip(safe)).toEqual(strip(raw))
  }
  const [raw, safe] = await onBoth((pool) => pool.query({ text: 'select 1, 2', rowMode: 'array' as const }))
  expect(strip(safe)).toEqual(strip(raw))
})

function strip(result: pg.QueryResult | pg.QueryResult[]): unknown {
  if (Array.isArray(result)) return result.map((one) => strip(one))
  const { command, rowCount, rows, fields, oid } = result
  return { command, rowCount, rows, oid, fields }
}

test('I11: errors are those of pg', async () => {
  const [raw, safe] = await onBoth((pool) => caught(pool.query('select * from nowhere')))
  expect(safe).toBeInstanceOf(pg.DatabaseError)
  expect({ ...safe, stack: '' }).toEqual({ ...raw, stack: '' })
  expect(safe.message).toBe(raw.message)
  expect(Object.keys(safe)).toEqual(Object.keys(raw))
  expect(safe.stack).toContain('drop-in.test.ts')
})

test('I11: callbacks work as with pg, for query and for connect', async () => {
  const [raw, safe] = await onBoth(async (pool) => {
    const seen: unknown[] = []
    const called = (take: (done: (...args: unknown[]) => void) => unknown): Promise<void> =>
      new Promise((resolve) => {
        const returned = take((error, result) => {
          const { message } = (error ?? {}) as Error
          seen.push([message, (result as pg.QueryResult | undefined)?.rows])
          resolve()
        })
        seen.push(returned)
      })
    await called((done) => pool.query('select 1 as n', done))
    await called((done) => pool.query('select $1::int as n', [2], done))
    await called((done) => pool.query('select 1 / 0', done))
    await new Promise<void>((resolve, reject) => {
      pool.connect((error, client, release) => {
        if (error || !client) {
          reject(error ?? new Error('no client'))
          return
        }
        client.query('select 3 as n', (failure: unknown, result: pg.QueryResult) => {
          seen.push(failure, result.rows)
          release()
          resolve()
        })
      })
    })
    return seen
  })
  expect(safe).toEqual(raw)
})

test('I11: events are those of pg, in the same order', async () => {
  const [raw, safe] = await onBoth(async (pool) => {
    const events: string[] = []
    for (const event of ['connect', 'acquire', 'release', 'remove'] as const) pool.on(event, () => events.push(event))
    await pool.query('select 1')
    const client = await pool.connect()
    client.on('notice', (notice) => events.push(`notice ${notice.message ?? ''}`))
    await client.query(`do $$ begin raise notice 'hello'; end $$`)
    client.release()
    await pool.query('select 2')
    return events
  })
  expect(safe).toEqual(raw)
})

test('I11: row events of a pg.Query arrive, and its end', async () => {
  const [raw, safe] = await onBoth(async (pool) => {
    const client = await pool.connect()
    const rows: unknown[] = []
    const query = client.query(new pg.Query('select n from generate_series(1, 3) n'))
    query.on('row', (row) => rows.push(row))
    const result = await new Promise<pg.ResultBuilder>((resolve) => query.on('end', resolve))
    client.release()
    return [rows, result.rowCount, result.command]
  })
  expect(safe).toEqual(raw)
})

test('I11: the counters of the pool are those of pg', async () => {
  const [raw, safe] = await onBoth(async (pool) => {
    const counts: number[][] = []
    const count = (): unknown => counts.push([pool.totalCount, pool.idleCount, pool.waitingCount])
    count()
    const [one, two] = await Promise.all([pool.connect(), pool.connect()])
    count()
    const third = pool.connect()
    count()
    one.release()
    ;(await third).release()
    two.release()
    count()
    return counts
  })
  expect(safe).toEqual(raw)
})

test('I11: SafeClient can be given to any pg.Pool', async () => {
  const pool = new pg.Pool({ connectionString: database.directUrl, max: 1, Client: SafeClient })
  try {
    const client = await pool.connect()
    expect(client).toBeInstanceOf(SafeClient)
    expect(await caught(client.query(`set search_path to nowhere`))).toMatchObject({
      code: 'POOLER_SAFE_SESSION_STATE',
    })
    expect((await client.query({ name: 'n', text: 'select $1::int as n', values: [1] })).rows).toEqual([{ n: 1 }])
    client.release()
  } finally {
    await pool.end()
  }
})

test('I11: the password stays hidden and still reaches every client', async () => {
  const { username, password, hostname, port, pathname } = new URL(database.directUrl)
  const pool = new SafePool({
    user: username,
    password: decodeURIComponent(password),
    host: hostname,
    port: Number(port),
    database: pathname.slice(1),
  })
  try {
    expect(Object.keys(pool.options)).not.toContain('password')
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await pool.end()
  }
})

test('I11: a null query throws at once, a callback that is none too, as with pg', async () => {
  const client = new SafeClient(database.directUrl)
  await client.connect()
  try {
    expect(() => client.query(null as never)).toThrow(TypeError)
    expect(() => client.query('select 1', [], 'callback' as never)).toThrow('callback is not a function')
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test('I11: a reused and frozen query config is not changed', async () => {
  const pool = new SafePool({ connectionString: database.directUrl, max: 1 })
  try {
    const config: pg.QueryConfig = Object.freeze({
      text: 'select $1::int as n',
      values: Object.freeze([1]) as number[],
    })
    for (let turn = 0; turn < 2; turn += 1) expect((await pool.query(config)).rows).toEqual([{ n: 1 }])
    expect(Object.keys(config)).toEqual(['text', 'values'])
  } finally {
    await pool.end()
  }
})
