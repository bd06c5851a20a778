import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, outcomeOf, type Database } from 'pooler-safe'
import { expect, test } from 'vitest'
import { caught, thrown } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: prepared('create table line (id int primary key, name text); create table big (body text)'),
})

const into = 'copy line (id, name) from stdin (format csv)'
const count = async (): Promise<number> =>
  (await database.query<{ n: number }>('select count(*)::int as n from line')).rows[0]!.n

function* lines(from: number, to: number): Generator<string> {
  for (let id = from; id <= to; id += 1) yield `${id},"name, ${id}"\n`
}

async function text(bytes: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = []
  for await (const one of bytes) all.push(one)
  return Buffer.concat(all).toString()
}

forEachPooler(database, (pooler) => {
  async function withDatabase<T>(work: (db: Database) => Promise<T>, max = 2): Promise<T> {
    await database.query('truncate line, big')
    await using db = createDatabase({ url: pooler.url, max, wireGuard: true })
    const result = await work(db)
    expect(db.pool.idleCount).toBe(db.pool.totalCount)
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    return result
  }

  test('copyFrom takes texts, bytes and streams, and says how many rows it copied', () =>
    withDatabase(async (db) => {
      expect(await db.copyFrom(into, lines(1, 5_000))).toBe(5_000)
      expect(await db.copyFrom(into, Readable.from(lines(5_001, 5_010)))).toBe(10)
      expect(await db.copyFrom(into, [Buffer.from('6001,'), new Uint8Array([0x22]), 'ä"\n'])).toBe(1)
      expect(await db.copyFrom(into, [])).toBe(0)
      expect(await count()).toBe(5_011)
      expect(db.pool.totalCount).toBe(1)
    }))

  test('copyTo yields every byte, also when the loop is slower than the server', () =>
    withDatabase(async (db) => {
      await database.query(`insert into big select repeat(md5(n::text), 1000) from generate_series(1, 400) n`)
      const expected = (await database.query<{ all: string }>(`select string_agg(body, E'\\n') as all from big`))
        .rows[0]!
      let bytes = ''
      for await (const some of db.copyTo('copy big to stdout')) {
        if (bytes === '') await delay(100)
        bytes += some.toString('latin1')
      }
      expect(bytes === `${expected.all}\n`).toBe(true)
      expect(db.pool.totalCount).toBe(1)
    }))

  test('inside a transaction COPY sees and is part of it', () =>
    withDatabase(async (db) => {
      await db.transaction(async (tx) => {
        await tx.query(`insert into line values (1, 'by hand')`)
        expect(await tx.copyFrom(into, lines(2, 3))).toBe(2)
        expect(await text(tx.copyTo('copy line (id) to stdout'))).toBe('1\n2\n3\n')
        expect(await count()).toBe(0)
      })
      expect(await count()).toBe(3)
      const undone = db.transaction(async (tx) => {
        await tx.copyFrom(into, lines(4, 5))
        throw new Error('undo')
      })
      expect(await caught(undone)).toMatchObject({ message: 'undo' })
      expect(await count()).toBe(3)
    }))

  test('a COPY that fails inside a transaction undoes only itself', () =>
    withDatabase(async (db) => {
      await db.transaction(async (tx) => {
        await tx.copyFrom(into, lines(1, 2))
        const late = new Error('of the source')
        const source = (function* () {
          yield '3,c\n'
          throw late
        })()
        expect(await caught(tx.copyFrom(into, source))).toBe(late)
        expect((await tx.query('select count(*)::int as n from line')).rows).toEqual([{ n: 2 }])
      })
      expect(await count()).toBe(2)
    }))

  test('a source that fails rejects with its own error, and nothing of it stays', () =>
    withDatabase(async (db) => {
      const late = new Error('of the source')
      const source = (function* () {
        yield* lines(1, 3_000)
        throw late
      })()
      const error = await caught(db.copyFrom(into, source))
      expect(error).toBe(late)
      expect(outcomeOf(error)).toBe('not-executed')
      expect(await count()).toBe(0)
      expect(db.pool.totalCount).toBe(1)
      expect(await caught(db.copyFrom(into, [7 as unknown as string]))).toMatchObject({
        code: 'POOLER_SAFE_INVALID_QUERY',
      })
    }))

  test('I6: data that the server refuses in the middle rejects, and the client is not handed on with bytes on their way', () =>
    withDatabase(async (db) => {
      let yielded = 0
      const source = (function* () {
        for (const line of ['1,a\n', '1,b\n', ...lines(2, 300_000)]) {
          yielded += 1
          yield line
        }
      })()
      const error = await caught(db.copyFrom(into, source))
      expect(error).toMatchObject({ code: '23505' })
      expect(outcomeOf(error)).toBe('not-executed')
      expect(yielded).toBeLessThan(300_001)
      expect(db.pool.totalCount).toBe(0)
      expect(await count()).toBe(0)
    }))

  test('leaving the loop of copyTo early cancels it, and the client is usable or gone', () =>
    withDatabase(async (db) => {
      const endless = `copy (select repeat('x', 10000), generate_series(1, 1000000)) to stdout`
      for await (const bytes of db.copyTo(endless)) {
        expect(bytes.length).toBeGreaterThan(0)
        break
      }
      expect(
        (
          await database.query(
            `select 1 from pg_stat_activity where state = 'active' and query like 'copy (select repeat%' and datname = current_database()`,
          )
        ).rows,
      ).toEqual([])
    }))

  test('I8: a deadline and an AbortSignal end COPY in both directions, also when the source waits', () =>
    withDatabase(async (db) => {
      const never = (async function* () {
        yield '1,a\n'
        await new Promise(() => undefined)
      })()
      expect(await caught(db.copyFrom(into, never, { timeoutMs: 100 }))).toMatchObject({
        code: 'POOLER_SAFE_TIMEOUT',
        outcome: 'not-executed',
      })
      const controller = new AbortController()
      const slow = text(db.copyTo('copy (select pg_sleep(20)) to stdout', { signal: controller.signal }))
      setTimeout(() => controller.abort(), 50)
      expect(await caught(slow)).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
      const stuck = db.copyTo(`copy (select repeat('x', 10000), generate_series(1, 1000000)) to stdout`, {
        timeoutMs: 500,
      })
      await stuck.next()
      await expect.poll(() => db.pool.idleCount === db.pool.totalCount, { timeout: 10_000 }).toBe(true)
      expect(await caught(stuck.next())).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT' })
      expect(await count()).toBe(0)
    }))

  test('I7: COPY runs under the settings of its session', () =>
    withDatabase(async (db) => {
      const out = `copy (select current_setting('app.tenant', true)) to stdout`
      expect(await text(db.withSettings({ 'app.tenant': 'acme' }).copyTo(out))).toBe('acme\n')
      await db.transaction(async (tx) => {
        expect(await text(tx.withSettings({ 'app.tenant': 'other' }).copyTo(out))).toBe('other\n')
        expect(await text(tx.copyTo(out))).toBe('\n')
      })
    }))

  test('while a COPY runs, its transaction refuses other statements instead of waiting for ever', () =>
    withDatabase(async (db) => {
      await db.transaction(async (tx) => {
        const source = (async function* () {
          const error = await caught(tx.query('select 1'))
          expect(error).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_BUSY' })
          yield '1,a\n'
        })()
        expect(await tx.copyFrom(into, source)).toBe(1)
      })
    }))

  test('the source may use the database itself: it is not inside the transaction', () =>
    withDatabase(async (db) => {
      const source = (async function* () {
        for await (const { n } of db.stream<{ n: number }>('select n from generate_series(1, 3) n')) yield `${n},x\n`
      })()
      expect(await db.copyFrom(into, source)).toBe(3)
    }))
})

test('I8: a COPY that is cancelled before the server answered ends when it does', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  const [running] = proxy.connections
  let answer: (() => void) | undefined
  proxy.onRequest = (chunk, connection) => {
    if (connection === running && chunk.includes('copy line')) {
      answer = () => connection.server.write(chunk)
      return false
    }
    // The CancelRequest has come and gone when the COPY arrives.
    return connection === running
  }
  const controller = new AbortController()
  const never = (async function* () {
    yield '1,a\n'
    await new Promise(() => undefined)
  })()
  const copying = caught(db.copyFrom(into, never, { signal: controller.signal }))
  await expect.poll(() => answer).toBeDefined()
  controller.abort()
  answer?.()
  const started = performance.now()
  expect(await copying).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
  expect(performance.now() - started).toBeLessThan(9_000)
})

test('I3: only a COPY in the right direction is taken, and only alone', async () => {
  await using db = createDatabase({ url: database.pooledUrl })
  for (const wrong of [
    'copy line to stdout',
    'select 1',
    `copy line from '/etc/passwd'`,
    `${into}; drop table line`,
    '',
  ]) {
    expect(await caught(db.copyFrom(wrong, []))).toMatchObject({
      code: expect.stringMatching(/COPY|INVALID/) as string,
    })
  }
  for (const wrong of [
    into,
    'select 1',
    'copy line to stdout; set role x',
    `copy (select set_config('a.b', 'c', false)) to stdout`,
  ]) {
    expect(thrown(() => db.copyTo(wrong))).toMatchObject({ outcome: 'not-executed' })
  }
  expect(await caught(db.copyFrom(into, 'a,b\n'))).toMatchObject({ code: 'POOLER_SAFE_INVALID_QUERY' })
  expect(db.pool.totalCount).toBe(0)
})

test('I5: a COPY whose COMMIT is lost has an unknown outcome, one that is lost in the middle was not executed', async () => {
  await database.query('truncate line')
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  const cut = (async function* () {
    yield '1,a\n'
    for (const { client } of proxy.connections) client.destroy()
    await new Promise(() => undefined)
  })()
  expect(await caught(db.copyFrom(into, cut))).toMatchObject({ outcome: 'not-executed' })
  proxy.onRequest = (chunk, { client }) => {
    if (!chunk.includes('commit')) return true
    client.destroy()
    return true
  }
  expect(await caught(db.copyFrom(into, ['2,b\n']))).toMatchObject({ outcome: 'unknown' })
})
