import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, outcomeOf, SafeClient, SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

async function connected(url = database.directUrl): Promise<SafeClient> {
  const client = new SafeClient(url)
  await client.connect()
  return client
}

test('I6: a failing query rejects only after ReadyForQuery, when the transaction status is known', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = await connected(proxy.url)
  try {
    await client.query('begin')
    let released: (() => void) | undefined
    const held = new Promise<void>((resolve) => (released = resolve))
    let order = ''
    proxy.onAnswer = (chunk, { client: socket }) => {
      const ready = chunk.indexOf('Z\0\0\0\x05')
      if (ready < 0) return true
      socket.write(chunk.subarray(0, ready))
      void held.then(() => {
        order += 'Z'
        socket.write(chunk.subarray(ready))
      })
      return false
    }
    const failing = caught(client.query('select 1 / 0')).then((error) => {
      order += 'rejected'
      expect(client.getTransactionStatus()).toBe('E')
      return error
    })
    // A full turn of the event loop with the ErrorResponse there and ReadyForQuery not.
    await new Promise((resolve) => setTimeout(resolve, 50))
    released!()
    expect(await failing).toMatchObject({ code: '22012' })
    expect(order).toBe('Zrejected')
    proxy.onAnswer = undefined
    await client.query('rollback')
  } finally {
    await client.end()
  }
})

test('I2: a value whose serialisation throws: one callback, nothing sent, client usable', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = await connected(proxy.url)
  try {
    const value = {
      toPostgres() {
        throw new RangeError('no such money')
      },
    }
    const calls: unknown[][] = []
    await new Promise<void>((resolve) => {
      client.query('select $1::int, $2::text', [1, value], (...args: unknown[]) => {
        calls.push(args)
        setTimeout(resolve, 50)
      })
    })
    expect(calls).toHaveLength(1)
    expect(calls[0]![0]).toMatchObject({
      code: 'POOLER_SAFE_BAD_VALUE',
      outcome: 'not-executed',
      message: expect.stringContaining('$2'),
      cause: expect.objectContaining({ message: 'no such money' }),
    })
    // pg itself catches the exception of Bind in its own Query: that must not slip a Close and Sync through either.
    const raw = new pg.Query('select $1::text', [value])
    const failures: unknown[] = []
    raw.on('error', (error) => failures.push(error))
    client.query(raw)
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    expect(failures).toEqual([expect.objectContaining({ code: 'POOLER_SAFE_BAD_VALUE' })])
    expect(proxy.writes()).toEqual(['Q'])
  } finally {
    await client.end()
  }
})

test('I2: more than 65535 parameters are refused before a byte is sent; 65535 work', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  const text = (count: number): string => `select ${count} as n where 1 in (${list(count)})`
  const list = (count: number): string => Array.from({ length: count }, (_, index) => `$${index + 1}::int`).join(',')
  const { rows } = await db.query<{ n: number }>(text(65_535), new Array<number>(65_535).fill(1))
  expect(rows).toEqual([{ n: 65_535 }])
  proxy.forget()
  for (const count of [65_536, 131_073]) {
    expect(await caught(db.query('select 1', new Array<number>(count).fill(1)))).toMatchObject({
      code: 'POOLER_SAFE_TOO_MANY_PARAMETERS',
      outcome: 'not-executed',
      hint: expect.stringContaining('unnest'),
    })
  }
  expect(proxy.writes()).toEqual([])
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('a type parser look-up that throws rejects the query and leaves the client usable', async () => {
  const client = await connected()
  try {
    const throwing = {
      getTypeParser: () => {
        throw new Error('no parser for you')
      },
    }
    const error = await caught(client.query({ text: 'select 1 as n, 2 as m', types: throwing }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_BAD_RESULT', message: expect.stringContaining('no parser') })
    expect(outcomeOf(error)).toBe('executed')
    expect(await caught(client.query({ text: 'select $1', values: [1], types: [23] as never }))).toMatchObject({
      code: 'POOLER_SAFE_INVALID_QUERY',
      outcome: 'not-executed',
    })
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test('a type parser that throws rejects the query, which was executed', async () => {
  const client = await connected()
  try {
    client.setTypeParser(pg.types.builtins.INT4, () => {
      throw new Error('not a number')
    })
    const error = await caught(client.query('select 1 as n'))
    expect(error.message).toBe('not a number')
    expect(outcomeOf(error)).toBe('executed')
    expect((await client.query(`select 'x' as x`)).rows).toEqual([{ x: 'x' }])
  } finally {
    await client.end()
  }
})

test('a submittable whose submit throws is told, and the client goes on', async () => {
  const client = await connected()
  try {
    const errors: unknown[] = []
    const throwing = {
      submit: () => {
        throw new Error('submit failed')
      },
      handleError: (error: unknown) => errors.push(error),
      handleReadyForQuery: () => undefined,
    }
    client.query(throwing)
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    expect(errors).toEqual([expect.objectContaining({ message: 'submit failed' })])
  } finally {
    await client.end()
  }
})

test('a submittable that throws with bytes already sent ends the client connection instead of hanging it', async () => {
  const pool = new SafePool({ connectionString: database.directUrl, max: 1 })
  try {
    const client = await pool.connect()
    const told = new Promise((resolve) => {
      client.query({
        submit: (connection: pg.Connection) => {
          connection.parse({ name: '', text: 'select 1', types: [] }, true)
          connection.flush()
          throw new Error('half-way')
        },
        handleError: resolve,
      } as never)
    })
    expect(await told).toMatchObject({ message: 'half-way' })
    client.release()
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await pool.end()
  }
})

test('G1: a client connection that ends with nobody listening does not crash the process', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const errors: Error[] = []
  const client = new SafeClient({ connectionString: proxy.url, onError: (error) => errors.push(error) })
  await client.connect()
  const ended = new Promise((resolve) => client.once('end', () => resolve(undefined)))
  proxy.only().client.destroy()
  await ended
  expect(errors).toHaveLength(1)
  const error = await caught(client.query('select 1'))
  expect(error.message).toMatch(/not queryable/)
  expect(outcomeOf(error)).toBe('not-executed')
})

test('I8: one lost client connection has another outcome for the query that was sent than for those that were not', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = await connected(proxy.url)
  const sent = caught(client.query('select pg_sleep(5)'))
  const queued = caught(client.query('select 1'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  proxy.only().client.destroy()
  expect([outcomeOf(await sent), outcomeOf(await queued)]).toEqual(['unknown', 'not-executed'])
  expect((await queued).message).toBe((await sent).message)
})

test('J2: FATAL ends the client connection, and the pool replaces it', async () => {
  for (const url of [database.directUrl, database.pooledUrl]) {
    const pool = new SafePool({ connectionString: url, max: 1 })
    try {
      const client = await pool.connect()
      const { rows } = await client
        .query<{ pid: number }>('begin')
        .then(() => client.query('select pg_backend_pid() as pid'))
      const sleeping = caught(client.query('select pg_sleep(10)'))
      await database.query('select pg_terminate_backend($1)', [rows[0]!.pid])
      const error = await sleeping
      expect(error).toMatchObject({ code: '57P01' })
      expect(outcomeOf(error)).toBe('not-executed')
      client.release()
      expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      expect(pool.totalCount).toBe(1)
    } finally {
      await pool.end()
    }
  }
})

test('query_timeout cancels what runs instead of leaving it behind', async () => {
  const pool = new SafePool({ connectionString: database.pooledUrl, max: 1, query_timeout: 150 })
  try {
    const error = await caught(pool.query(`select pg_sleep(20), 'query_timeout_probe'`))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    expect(error.message).toBe('Query read timeout')
    const { rows } = await database.query(
      `select count(*)::int as n from pg_stat_activity where query like '%query_timeout_probe%' and state = 'active' and pid <> pg_backend_pid()`,
    )
    expect(rows).toEqual([{ n: 0 }])
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await pool.end()
  }
})
