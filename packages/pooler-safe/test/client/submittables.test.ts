import { pipeline } from 'node:stream/promises'
import { Readable, Writable } from 'node:stream'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { SafePool } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy, statementNames } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const pool = new SafePool({ connectionString: url, max: 1 })
    await pool.query('create table copied (id int primary key, name text)')
    await pool.end()
  },
})

function compatible(url: () => string): void {
  async function withPool(work: (pool: SafePool) => Promise<void>, max = 2): Promise<void> {
    const pool = new SafePool({ connectionString: url(), max, wireGuard: true })
    await work(pool).catch((error: unknown) => {
      // A client that was not given back would keep end() waiting.
      void pool.end()
      throw error
    })
    await pool.end()
  }

  test('I11: pg-cursor reads in portions, closes early, and several at once', () =>
    withPool(async (pool) => {
      await Promise.all(
        Array.from({ length: 8 }, async (_, lane): Promise<void> => {
          const client = await pool.connect()
          const cursor = client.query(
            new Cursor<{ n: number }>('select n from generate_series(1, $1::int) n', [100 + lane]),
          )
          expect((await cursor.read(3)).map(({ n }) => n)).toEqual([1, 2, 3])
          if (lane % 2) expect(await cursor.read(1_000)).toHaveLength(97 + lane)
          await cursor.close()
          expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
          client.release()
        }),
      )
    }, 5))

  test('I11: a cursor that fails leaves its client usable', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      const late = client.query(new Cursor('select 1 / (50 - n) from generate_series(1, 100) n'))
      expect(await late.read(10)).toHaveLength(10)
      expect(await caught(late.read(1_000))).toMatchObject({ code: '22012' })
      const wrong = client.query(new Cursor('select nonsense'))
      expect(await caught(wrong.read(1))).toMatchObject({ code: '42703' })
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      client.release()
      expect(pool.totalCount).toBe(1)
    }))

  test('I3: a refused cursor is told, and no stray Sync answers the next query', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      const cursor = client.query(new Cursor(`set search_path to nowhere`))
      expect(await caught(cursor.read(1))).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE' })
      const results = await Promise.all([1, 2, 3].map((n) => client.query<{ n: number }>('select $1::int as n', [n])))
      expect(results.map(({ rows }) => rows[0]?.n)).toEqual([1, 2, 3])
      client.release()
    }))

  test('I11: pg-query-stream streams rows, and can be destroyed early', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      const stream = client.query(new QueryStream('select n from generate_series(1, 1000) n', [], { batchSize: 50 }))
      let sum = 0
      for await (const row of stream) sum += (row as { n: number }).n
      expect(sum).toBe(500_500)
      const early = client.query(new QueryStream('select n from generate_series(1, 1000) n'))
      for await (const row of early) if ((row as { n: number }).n === 10) break
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      const failing = client.query(new QueryStream('select 1 / (500 - n) from generate_series(1, 1000) n'))
      expect(
        await caught(pipeline(failing, new Writable({ objectMode: true, write: (_row, _, done) => done() }))),
      ).toMatchObject({ code: '22012' })
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      client.release()
    }))

  test('I11: pg-copy-streams copies in and out, and a bad row leaves the client usable', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      await client.query('truncate copied')
      const rows = Array.from({ length: 5_000 }, (_, id) => `${id}\tname ${id}\n`)
      await pipeline(Readable.from(rows), client.query(copyFrom('copy copied from stdin')))
      let out = ''
      const sink = new Writable({
        write(chunk: Buffer, _, done) {
          out += chunk.toString()
          done()
        },
      })
      await pipeline(client.query(copyTo('copy (select * from copied order by id) to stdout')), sink)
      expect(out).toBe(rows.join(''))
      const bad = client.query(copyFrom('copy copied from stdin'))
      expect(await caught(pipeline(Readable.from(['not a number\tx\n']), bad))).toMatchObject({ code: '22P02' })
      expect((await client.query('select count(*)::int as n from copied')).rows).toEqual([{ n: 5_000 }])
      client.release()
      expect(pool.totalCount).toBe(1)
    }))

  test('I3: a COPY that is refused leaves the socket as it was', () =>
    withPool(async (pool) => {
      const client = await pool.connect()
      const refused = client.query(copyTo(`set search_path to nowhere`))
      expect(await new Promise((resolve) => refused.on('error', resolve))).toMatchObject({
        code: 'POOLER_SAFE_SESSION_STATE',
      })
      expect((await client.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      client.release()
    }))
}

describe('directly', () => compatible(() => database.directUrl))
forEachPooler(database, (pooler) => compatible(() => pooler.url))

test('I2: a cursor is Parse, Bind, Describe, Flush in one write, then Execute and Flush, then Close and Sync', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  const client = await pool.connect()
  const cursor = client.query(new Cursor('select n from generate_series(1, 9) n'))
  await new Promise((resolve) => client.connection.once('rowDescription', resolve))
  await cursor.read(2)
  await cursor.read(2)
  await cursor.close()
  expect(proxy.writes()).toEqual(['PBDH', 'EH', 'EH', 'CS'])
  client.release()
  await pool.end()
  expect(new Set(statementNames(proxy.connections))).toEqual(new Set(['']))
})
