import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, isOutcomeUnknown, outcomeOf, sqlStateOf, type Database } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({ prepare: prepared('create table item (id int primary key)') })
const insert = (id: number) => ({ text: 'insert into item values ($1)', values: [id] })
const ids = async (): Promise<number[]> =>
  (await database.query<{ id: number }>('select id from item order by id')).rows.map(({ id }) => id)

function failures(url: () => string): void {
  let proxy: TcpProxy
  let db: Database
  beforeAll(async () => {
    proxy = await startTcpProxy(url())
    db = createDatabase({ url: proxy.url, max: 1, wireGuard: true })
  })
  beforeEach(async () => {
    await database.query('truncate item')
    await db.query('select 1')
    proxy.forget()
  })
  afterAll(async () => {
    await db.close()
    await proxy[Symbol.asyncDispose]()
  })
  const works = async (): Promise<void> => {
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  }

  test('I5: the socket lost after Sync was sent: outcome unknown, and both inserts are there', async () => {
    for (const options of [{}, { isolation: 'serializable' as const }]) {
      proxy.onAnswer = (_chunk, { client }) => {
        client.destroy()
        return false
      }
      const error = await caught(db.batch([insert(1), insert(2)], { ...options, retries: 3 }))
      proxy.onAnswer = undefined
      expect(error).toMatchObject({
        name: 'BatchError',
        code: 'POOLER_SAFE_OUTCOME_UNKNOWN',
        phase: 'commit',
        index: undefined,
        outcome: 'unknown',
        cause: { name: 'OutcomeUnknownError' },
      })
      expect(isOutcomeUnknown(error)).toBe(true)
      await expect.poll(ids).toEqual([1, 2])
      await database.query('truncate item')
      await works()
    }
  })

  test('I5: COMMIT of an explicit batch that was confirmed before the socket was cut is a success', async () => {
    proxy.onAnswer = (chunk, { client }) => {
      const ready = chunk.indexOf('Z\0\0\0\x05')
      if (ready < 0) return true
      client.end(chunk.subarray(0, ready))
      return false
    }
    await db.batch([insert(1)], { isolation: 'serializable' })
    proxy.onAnswer = undefined
    expect(await ids()).toEqual([1])
    await works()
  })

  test('I5: an explicit batch whose COMMIT is answered with ROLLBACK rejects', async () => {
    proxy.onAnswer = (chunk, { client }) => {
      const tag = chunk.indexOf('C\0\0\0\x0bCOMMIT\0')
      if (tag < 0) return true
      const rolledBack = Buffer.from('C\0\0\0\x0dROLLBACK\0', 'latin1')
      client.write(Buffer.concat([chunk.subarray(0, tag), rolledBack, chunk.subarray(tag + 12)]))
      return false
    }
    const error = await caught(db.batch([insert(1)], { isolation: 'serializable' }))
    proxy.onAnswer = undefined
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_COMMIT_ROLLED_BACK',
      hazard: 'commit-became-rollback',
      phase: 'commit',
      index: undefined,
    })
    await works()
  })

  test('a backend killed in mid batch: settled at once, with the index, and nothing kept', async () => {
    const failing = caught(db.batch([insert(1), `select pg_sleep(20), 'kill_me'`, insert(2)]))
    await expect
      .poll(async () => {
        const { rows } = await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where query like '%kill_me%' and state = 'active' and pid <> pg_backend_pid()`,
        )
        return rows.length
      })
      .toBe(1)
    const error = await failing
    expect(error).toMatchObject({ name: 'BatchError' })
    expect(['57P01', undefined]).toContain(sqlStateOf(error))
    expect(await ids()).toEqual([])
    await works()
  })

  test('a value whose serialisation throws: its index, nothing sent, and the client connection stays', async () => {
    const value = {
      toPostgres() {
        throw new RangeError('no such money')
      },
    }
    const error = await caught(db.batch([insert(1), { text: 'select $1, $2', values: [1, value] }, insert(2)]))
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_BAD_VALUE',
      index: 1,
      phase: 'client',
      outcome: 'not-executed',
      message: expect.stringContaining('$2'),
      cause: { cause: { message: 'no such money' } },
    })
    expect(proxy.writes()).toEqual([])
    await works()
    expect(proxy.connections.filter(({ client }) => !client.destroyed)).toHaveLength(1)
  })

  test('values are taken when batch is called: changing them afterwards changes nothing', async () => {
    const values = [1]
    const running = db.batch([{ text: 'insert into item values ($1)', values }])
    values[0] = 9
    await running
    expect(await ids()).toEqual([1])
  })

  test('65535 parameters work in one statement of a batch, 65536 are refused', async () => {
    const list = (count: number): string => Array.from({ length: count }, (_, index) => `$${index + 1}::int`).join(',')
    const text = (count: number): string => `select ${count} as n where 1 in (${list(count)})`
    const [{ rows }, after] = await db.batch([
      { text: text(65_535), values: new Array<number>(65_535).fill(1) },
      'select 2 as n',
    ])
    expect([rows, after.rows]).toEqual([[{ n: 65_535 }], [{ n: 2 }]])
    expect(
      await caught(db.batch(['select 1', { text: 'select 1', values: new Array<number>(65_536).fill(1) }])),
    ).toMatchObject({ code: 'POOLER_SAFE_TOO_MANY_PARAMETERS', index: 1, phase: 'client', outcome: 'not-executed' })
  })

  test('limits on statements and bytes are errors that say what to do', async () => {
    const statements = Array.from({ length: 4 }, (_, n) => insert(n))
    expect(await caught(db.batch(statements, { maxStatements: 3 }))).toMatchObject({
      code: 'POOLER_SAFE_BATCH_TOO_LARGE',
      phase: 'client',
      outcome: 'not-executed',
      message: expect.stringContaining('4 statements; the limit is 3'),
      cause: { hint: expect.stringContaining('executeMany') },
    })
    const large = { text: 'select length($1)', values: ['x'.repeat(1_000)] }
    expect(await caught(db.batch([insert(1), large], { maxBytes: 1_000 }))).toMatchObject({
      code: 'POOLER_SAFE_BATCH_TOO_LARGE',
      index: 1,
    })
    expect(await caught(db.batch(new Array(10_001).fill('select 1') as string[]))).toMatchObject({
      code: 'POOLER_SAFE_BATCH_TOO_LARGE',
    })
    expect(proxy.writes()).toEqual([])
  })

  test.each([
    [{ maxStatements: 0 }, /maxStatements/],
    [{ maxBytes: 1.5 }, /maxBytes/],
    [{ timeoutMs: -1 }, /timeoutMs/],
    [{ isolation: 'snapshot' }, /isolation/],
    [{ retries: -1 }, /retries/],
    [{ atomic: true }, /atomic/],
    [{ idleInTransactionTimeoutMs: 5 }, /idleInTransactionTimeoutMs/],
  ])('I9: the options %o are refused', async (options, message) => {
    const error = await caught(db.batch(['select 1'], options as never))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION', message: expect.stringMatching(message) })
  })

  test.each([[undefined], ['select 1'], [[null]], [[1]], [[{}]], [[{ text: 'select 1', values: 'x' }]]])(
    'what is no array of statements is refused: %o',
    async (statements) => {
      expect(await caught(db.batch(statements as never))).toMatchObject({
        code: 'POOLER_SAFE_INVALID_QUERY',
        outcome: 'not-executed',
      })
      await works()
    },
  )

  test('large requests and large answers under one Sync do not wait for each other', async () => {
    const large = 'x'.repeat(400_000)
    const statements = Array.from({ length: 60 }, (_, n) => ({ text: `select $1 as x, ${n} as n`, values: [large] }))
    const results = await db.batch(statements)
    expect(results.map(({ rows }) => [(rows[0]!['x'] as string).length, rows[0]!['n']])).toEqual(
      statements.map((_, n) => [large.length, n]),
    )
    statements[30] = { text: 'select 1 / length($1), 0 as n', values: [''] }
    expect(await caught(db.batch(statements))).toMatchObject({ index: 30, cause: { code: '22012' } })
    await works()
  })

  test('10,000 statements in one batch; the failing one of them is found', async () => {
    const results = await db.batch(Array.from({ length: 10_000 }, (_, n) => insert(n)))
    expect(results).toHaveLength(10_000)
    expect((await ids()).length).toBe(10_000)
    await database.query('truncate item')
    const error = await caught(db.batch(Array.from({ length: 10_000 }, (_, n) => insert(n === 7_777 ? 3 : n))))
    expect(error).toMatchObject({ index: 7_777, cause: { code: '23505' } })
    expect(await ids()).toEqual([])
  })
}

describe('directly', () => failures(() => database.directUrl))
forEachPooler(database, (pooler) => failures(() => pooler.url))

const boolOid = 16

test('a type parser that throws: the batch rejects once, its outcome is executed, and the client goes on', async () => {
  for (const getTypeParser of [
    (oid: number) => {
      if (oid === boolOid) throw new Error('no parser for you')
      return String
    },
    (oid: number) => (text: string) => {
      if (oid === boolOid) throw new Error('no parser for you')
      return text
    },
  ]) {
    await using db = createDatabase({ url: database.pooledUrl, max: 1, types: { getTypeParser } })
    await database.query('truncate item')
    const error = await caught(db.batch([insert(1), 'select true as b', 'select 1 as n']))
    expect(error).toMatchObject({ name: 'BatchError', index: 1, phase: 'client', outcome: 'executed' })
    expect(error.message).toContain('no parser for you')
    expect(await ids()).toEqual([1])
    await db.transaction(async (tx) => {
      const [good, bad] = await Promise.allSettled([tx.query('select 1 as n'), tx.query('select true as b')])
      expect(good).toMatchObject({ value: { rows: [{ n: '1' }] } })
      expect(outcomeOf((bad as PromiseRejectedResult).reason)).toBe('executed')
      await tx.query('insert into item values (2)')
    })
    expect(await ids()).toEqual([1, 2])
  }
})

test('batchMode sequential: one statement per round trip in an explicit transaction, with the same errors', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1, batchMode: 'sequential', statementTimeoutMs: 4_000 })
  await database.query('truncate item')
  const [, { rows }] = await db.batch([insert(1), 'select id from item'])
  expect(rows).toEqual([{ id: 1 }])
  expect(proxy.writes()).toEqual(['PBES', 'PBES', 'PBDES', 'PBDES', 'Q'])
  expect(await caught(db.batch([insert(2), 'select 1 / 0', insert(3)]))).toMatchObject({
    index: 1,
    phase: 'statement',
    outcome: 'not-executed',
    cause: { code: '22012' },
  })
  await db.executeMany('insert into item values ($1)', [[5], [6]])
  const error = await caught(db.executeMany('insert into item values ($1)', [[7], [8], [5]]))
  expect(error).toMatchObject({ index: 2, cause: { code: '23505' } })
  expect((await db.query('show statement_timeout')).rows).toEqual([{ statement_timeout: '4s' }])
  expect(await ids()).toEqual([1, 5, 6])
  // No request of this mode holds more than one statement.
  for (const write of proxy.writes()) expect(write).toMatch(/^(Q|PBD?ES)$/)
})
