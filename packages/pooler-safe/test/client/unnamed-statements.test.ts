import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, SafeClient, SafePool } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy, statementNames } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

test('I1: no statement name reaches the socket, whatever form the query has', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  class Named {
    readonly name = 'from_a_class'
    readonly values = [3]
    get text(): string {
      return `select $${this.values.length}::int as n`
    }
  }
  try {
    const frozen: pg.QueryConfig = Object.freeze({
      name: 'frozen',
      text: 'select $1::int as n',
      values: Object.freeze([2]) as number[],
    })
    for (let turn = 0; turn < 2; turn += 1) {
      const plain = await pool.query<{ n: number }>({ name: 'plain', text: 'select $1::int as n', values: [1] })
      expect(plain.rows).toEqual([{ n: 1 }])
      expect((await pool.query(frozen)).rows).toEqual([{ n: 2 }])
      expect((await pool.query(new Named())).rows).toEqual([{ n: 3 }])
    }
    const client = await pool.connect()
    const query = client.query(new pg.Query({ name: 'submitted', text: 'select $1::int as n', values: [4] }))
    const rows: unknown[] = []
    query.on('row', (row) => rows.push(row))
    await new Promise((resolve) => query.on('end', resolve))
    client.release()
    expect(rows).toEqual([{ n: 4 }])
  } finally {
    await pool.end()
  }
  const names = statementNames(proxy.connections)
  expect(names.length).toBeGreaterThan(10)
  expect(new Set(names)).toEqual(new Set(['']))
})

test('I1: two texts under one name both run, because nothing is remembered about names', async () => {
  const pool = new SafePool({ connectionString: database.pooledUrl, max: 1 })
  try {
    expect((await pool.query({ name: 'same', text: 'select 1 as n' })).rows).toEqual([{ n: 1 }])
    expect((await pool.query({ name: 'same', text: 'select 2 as n' })).rows).toEqual([{ n: 2 }])
  } finally {
    await pool.end()
  }
})

test('I1: names: "reject" refuses a named query before it is sent, and the client goes on working', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient({ connectionString: proxy.url, names: 'reject' })
  await client.connect()
  try {
    const query = { name: 'job_by_id', text: 'select $1::int', values: [1] }
    expect(await caught(client.query(query))).toMatchObject({
      code: 'POOLER_SAFE_NAMED_STATEMENT',
      hazard: 'named-parse',
      outcome: 'not-executed',
    })
    const submitted = client.query(new pg.Query(query))
    expect(await new Promise((resolve) => submitted.on('error', resolve))).toMatchObject({
      code: 'POOLER_SAFE_NAMED_STATEMENT',
    })
    expect(proxy.writes()).toEqual([])
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test('I1: the connection itself refuses names, for code that goes around the client', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient(proxy.url)
  await client.connect()
  try {
    const around = (action: (connection: pg.Connection) => void): Promise<Error> => {
      const query = {
        submit: (connection: pg.Connection) => {
          action(connection)
        },
        handleError: (error: Error) => {
          failed(error)
        },
        handleReadyForQuery: () => undefined,
      }
      let failed: (error: Error) => void = () => undefined
      const failure = new Promise<Error>((resolve) => (failed = resolve))
      client.query(query)
      return failure
    }
    const named = { code: 'POOLER_SAFE_NAMED_STATEMENT' }
    expect(await around((c) => c.parse({ name: 'x', text: 'select 1', types: [] }, true))).toMatchObject(named)
    expect(await around((c) => c.bind({ statement: 'x' }, true))).toMatchObject(named)
    expect(await around((c) => c.describe({ type: 'S', name: 'x' }, true))).toMatchObject(named)
    expect(await around((c) => c.close({ type: 'S', name: 'x' }, true))).toMatchObject(named)
    expect(proxy.writes()).toEqual([])
    expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await client.end()
  }
})

test('a query that has only a name is refused with what to do', async () => {
  await using db = createDatabase({ url: database.directUrl })
  expect(await caught(db.pool.query({ name: 'prepared_elsewhere' } as never))).toMatchObject({
    code: 'POOLER_SAFE_INVALID_QUERY',
    outcome: 'not-executed',
    hint: expect.stringContaining('text'),
  })
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})
