import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, outcomeOf, type Database, type Session } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught, thrown } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: prepared(`
    create table number (n int primary key);
    insert into number select generate_series(1, 2500);
    create table tenant_note (tenant text, note text);
    insert into tenant_note values ('acme', 'a'), ('other', 'b'), ('acme', 'c');
    alter table tenant_note enable row level security;
    alter table tenant_note force row level security;
    create policy mine on tenant_note using (tenant = current_setting('app.tenant', true));
    do $$ begin create role stream_reader nologin; exception when duplicate_object then null; end $$;
    grant stream_reader to current_user;
    grant select on tenant_note to stream_reader;
  `),
})

async function collect<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const row of rows) all.push(row)
  return all
}

const numbers = 'select n from number order by n'

forEachPooler(database, (pooler) => {
  async function withDatabase<T>(work: (db: Database) => Promise<T>, max = 2): Promise<T> {
    await using db = createDatabase({ url: pooler.url, max, wireGuard: true })
    return await work(db)
  }

  function held(db: Database): number {
    expect(db.pool.idleCount).toBe(db.pool.totalCount)
    return db.pool.totalCount
  }

  test('I4: a stream reads all rows in order, whatever the size of its portions', () =>
    withDatabase(async (db) => {
      const expected = Array.from({ length: 2_500 }, (_, at) => ({ n: at + 1 }))
      for (const fetchSize of [1_000, 2_500, 500, 4_000]) {
        expect(await collect(db.stream(numbers, [], { fetchSize }))).toEqual(expected)
      }
      expect(await collect(db.stream({ text: 'select $1::int as n where false', values: [1] }))).toEqual([])
      held(db)
    }))

  test('I4: many streams at once, with more clients than backends, mix nothing up', () =>
    withDatabase(async (db) => {
      const lanes = Array.from({ length: 10 }, async (_, lane) => {
        const text = 'select $1::int as lane, pg_backend_pid() as pid, n from generate_series(1, 60) n'
        const rows = await collect(db.stream<{ lane: number; pid: number; n: number }>(text, [lane], { fetchSize: 7 }))
        expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 60 }, (_unused, at) => at + 1))
        expect(new Set(rows.map((row) => row.lane))).toEqual(new Set([lane]))
        expect(new Set(rows.map(({ pid }) => pid)).size).toBe(1)
      })
      await Promise.all(lanes)
    }, 10))

  test('I6: leaving the loop early closes the cursor, and gives the client back usable', () =>
    withDatabase(async (db) => {
      const seen: number[] = []
      for await (const { n } of db.stream<{ n: number }>(numbers, [], { fetchSize: 10 })) {
        seen.push(n)
        if (n === 15) break
      }
      expect(seen).toHaveLength(15)
      expect(held(db)).toBe(1)
      expect((await db.query(`select count(*)::int as n from pg_cursors where name <> ''`)).rows).toEqual([{ n: 0 }])
      expect(db.pool.totalCount).toBe(1)
    }))

  test('I6: what the loop throws ends the stream, and comes out as it is', () =>
    withDatabase(async (db) => {
      const failing = async (): Promise<void> => {
        for await (const row of db.stream(numbers)) throw new Error(`of the loop, at ${JSON.stringify(row)}`)
      }
      expect(await caught(failing())).toMatchObject({ message: 'of the loop, at {"n":1}' })
      held(db)
    }))

  test('a statement that fails in the middle rejects behind the rows before it, and the client stays usable', () =>
    withDatabase(async (db) => {
      const seen: unknown[] = []
      const reading = async (): Promise<void> => {
        const text = 'select 1 / (25 - n) as q from generate_series(1, 100) n'
        for await (const row of db.stream(text, [], { fetchSize: 10 })) seen.push(row)
      }
      expect(await caught(reading())).toMatchObject({ code: '22012' })
      expect(seen).toHaveLength(20)
      expect(held(db)).toBe(1)
    }))

  test('an error of the text points into the text of the caller', () =>
    withDatabase(async (db) => {
      const error = await caught(collect(db.stream('select 1, nonsense')))
      expect(error).toMatchObject({ code: '42703', position: '11' })
      expect(outcomeOf(error)).toBe('not-executed')
    }))

  test('I8: an AbortSignal ends a stream that waits for rows, and one whose loop is waiting', () =>
    withDatabase(async (db) => {
      const controller = new AbortController()
      const slow = db.stream('select pg_sleep(20)', [], { signal: controller.signal })
      const waiting = caught(collect(slow))
      setTimeout(() => controller.abort(), 50)
      expect(await waiting).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })

      const second = new AbortController()
      const rows = db.stream(numbers, [], { fetchSize: 1, signal: second.signal })
      await rows.next()
      second.abort()
      expect(await caught(rows.next())).toMatchObject({ code: 'POOLER_SAFE_ABORTED' })
      expect(await rows.next()).toEqual({ done: true, value: undefined })
      held(db)
      expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    }))

  test('a loop that takes longer than the budget of its stream loses it, and holds no backend any more', () =>
    withDatabase(async (db) => {
      const rows = db.stream(numbers, [], { fetchSize: 1, timeoutMs: 150 })
      await rows.next()
      await expect.poll(() => db.pool.idleCount === db.pool.totalCount).toBe(true)
      expect(await caught(rows.next())).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT' })
    }))

  test('in a transaction, other statements run between two rows', () =>
    withDatabase(async (db) => {
      const total = await db.transaction(async (tx) => {
        let sum = 0
        for await (const { n } of tx.stream<{ n: number }>(numbers, [], { fetchSize: 100 })) {
          if (n % 500 !== 0) continue
          const { rows } = await tx.query<{ twice: number }>('select $1::int * 2 as twice', [n])
          sum += rows[0]!.twice
          if (n === 2_000) break
        }
        const { rows } = await tx.query<{ cursors: number }>(
          `select count(*)::int as cursors from pg_cursors where name <> ''`,
        )
        expect(rows).toEqual([{ cursors: 0 }])
        return sum
      })
      expect(total).toBe(2 * (500 + 1_000 + 1_500 + 2_000))
    }))

  test('two streams of one transaction take turns, and one of a savepoint ends with it', () =>
    withDatabase(async (db) => {
      await db.transaction(async (tx) => {
        const left = tx.stream<{ n: number }>(numbers, [], { fetchSize: 3 })
        const right = tx.stream<{ n: number }>(numbers, [], { fetchSize: 2 })
        for (let turn = 1; turn <= 8; turn += 1) {
          expect([(await left.next()).value?.n, (await right.next()).value?.n]).toEqual([turn, turn])
        }
        let inner: AsyncIterableIterator<unknown> | undefined
        const undone = tx.transaction(async (nested) => {
          inner = nested.stream(numbers, [], { fetchSize: 2 })
          await inner.next()
          throw new Error('undo')
        })
        await caught(undone)
        await inner?.return?.()
        expect((await tx.query('select 1 as n')).rows).toEqual([{ n: 1 }])
      })
    }))

  test('I7: each portion is fetched under the settings of its session', () =>
    withDatabase(async (db) => {
      const read = (session: Session): Promise<unknown[]> =>
        collect(session.stream('select note from tenant_note order by note', [], { fetchSize: 1 }))
      const settings = { role: 'stream_reader', 'app.tenant': 'acme' }
      expect(await read(db.withSettings(settings))).toEqual([{ note: 'a' }, { note: 'c' }])
      await db.transaction(async (tx) => {
        expect(await read(tx.withSettings(settings))).toEqual([{ note: 'a' }, { note: 'c' }])
        expect((await tx.query(`select current_setting('app.tenant', true) as tenant`)).rows).toEqual([{ tenant: '' }])
      })
    }))

  test('I3: a stream refuses at once what a query refuses, and options it does not know', () =>
    withDatabase((db) => {
      expect(thrown(() => db.stream('set search_path = other'))).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE' })
      expect(thrown(() => db.stream('select 1; select 2'))).toMatchObject({ code: 'POOLER_SAFE_MULTIPLE_STATEMENTS' })
      expect(thrown(() => db.stream(numbers, [], { fetchSize: 0 }))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
      const unknown = { batchSize: 3 } as object
      expect(thrown(() => db.stream(numbers, [], unknown))).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION' })
      return Promise.resolve()
    }))
})

test('I10: a stream is one round trip per portion and one for COMMIT, and fetches no row before it is asked for', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  proxy.forget()
  const rows = db.stream(numbers, [], { fetchSize: 1_000 })
  expect(proxy.writes()).toEqual([])
  for (let n = 0; n < 1_000; n += 1) await rows.next()
  // BEGIN, its settings, DECLARE, FETCH.
  expect(proxy.writes()).toEqual(['PBEPBEPBEPBDES'])
  await rows.next()
  expect(proxy.writes().slice(1)).toEqual(['PBDES'])
  await rows.return?.()
  expect(proxy.writes().slice(2)).toEqual(['Q'])
})

test('a stream whose client connection is lost rejects, and the next one gets another', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  const rows = db.stream(numbers, [], { fetchSize: 1 })
  await rows.next()
  for (const { client } of proxy.connections) client.destroy()
  expect(await caught(rows.next())).toMatchObject({ outcome: 'not-executed' })
  expect(await collect(db.stream('select 1 as n'))).toEqual([{ n: 1 }])
})
