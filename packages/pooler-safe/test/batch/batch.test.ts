import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, statement, type Database, type Statement } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, expectTypeOf, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: prepared(`
    create table item (id int primary key, name text);
    create table once (id int unique deferrable initially deferred);
    create procedure commits_half() language plpgsql as $$ begin commit; end $$;
  `),
})
const insert = (id: number, name = 'x') => ({ text: 'insert into item values ($1, $2)', values: [id, name] })
const ids = async (): Promise<number[]> =>
  (await database.query<{ id: number }>('select id from item order by id')).rows.map(({ id }) => id)

function batches(url: () => string): void {
  let proxy: TcpProxy
  let db: Database
  beforeAll(async () => {
    proxy = await startTcpProxy(url())
    db = createDatabase({ url: proxy.url, max: 4, wireGuard: true })
  })
  beforeEach(async () => {
    await database.query('truncate item, once')
    proxy.forget()
  })
  afterAll(async () => {
    await db.close()
    await proxy[Symbol.asyncDispose]()
  })

  test('I10: a batch is one write and one Sync, whatever its size', async () => {
    await db.batch([insert(1), 'select 1 as n', insert(2)])
    expect(proxy.writes()).toEqual(['PBDEPBDEPBDES'])
    proxy.forget()
    await db.batch(Array.from({ length: 50 }, (_, n) => ({ text: `select ${n} as n` })))
    expect(proxy.writes()).toEqual([`${'PBDE'.repeat(50)}S`])
  })

  test('consecutive identical texts are parsed and described once, and each has its own result', async () => {
    const results = await db.batch([insert(1), insert(2), 'select id from item', 'select id from item', insert(3)])
    expect(proxy.writes()).toEqual(['PBDEBEPBDEBEPBDES'])
    expect(
      results.map(({ rows, rowCount, command, fields }) => [command, rowCount, rows.length, fields.length]),
    ).toEqual([
      ['INSERT', 1, 0, 0],
      ['INSERT', 1, 0, 0],
      ['SELECT', 2, 2, 1],
      ['SELECT', 2, 2, 1],
      ['INSERT', 1, 0, 0],
    ])
    expect(results[3].rows).toEqual([{ id: 1 }, { id: 2 }])
  })

  test('each result has the type of its own rows, parsed as pg does', async () => {
    const [first, second, third] = await db.batch([
      statement<{ id: number; at: Date }>('select 7 as id, $1::timestamptz as at', ['2026-01-02T03:04:05Z']),
      statement<{ name: string | null }>(`select null as name where $1`, [true]),
      'select 1 as anything',
    ])
    expectTypeOf(first.rows).toEqualTypeOf<{ id: number; at: Date }[]>()
    expectTypeOf(second.rows).toEqualTypeOf<{ name: string | null }[]>()
    expectTypeOf(third.rows).toEqualTypeOf<Record<string, unknown>[]>()
    expect(first.rows).toEqual([{ id: 7, at: new Date('2026-01-02T03:04:05Z') }])
    expect(second.rows).toEqual([{ name: null }])
    expect(third.rows).toEqual([{ anything: 1 }])
  })

  test('I4: all statements of a batch run on one backend and in one transaction', async () => {
    const seen = await Promise.all(
      Array.from({ length: 12 }, () =>
        db.batch(Array.from({ length: 5 }, (_, n) => `select pg_backend_pid() as pid, txid_current() as xid, ${n}`)),
      ),
    )
    for (const results of seen) {
      expect(new Set(results.map(({ rows }) => JSON.stringify([rows[0]!['pid'], rows[0]!['xid']]))).size).toBe(1)
    }
  })

  test('an empty batch costs nothing; an empty statement has an empty result', async () => {
    expect(await db.batch([])).toEqual([])
    expect(proxy.writes()).toEqual([])
    const results = await db.batch(['', 'select 1 as n', '-- nothing'])
    expect(results.map(({ rows, command }) => [rows.length, command])).toEqual([
      [0, null],
      [1, 'SELECT'],
      [0, null],
    ])
  })

  test.each([0, 1, 49, 99])('statement %i of 100 fails: its index is reported, and nothing remains', async (at) => {
    const statements: Statement[] = Array.from({ length: 100 }, (_, id) => insert(id))
    statements[at] = { text: 'insert into item values ($1, $2)', values: ['no number', 'x'] }
    expect(await caught(db.batch(statements))).toMatchObject({
      name: 'BatchError',
      code: 'POOLER_SAFE_BATCH_FAILED',
      index: at,
      phase: 'statement',
      committed: 0,
      outcome: 'not-executed',
      cause: { code: '22P02' },
    })
    statements[at] = { text: 'select 1 / $1::int', values: [0] }
    expect(await caught(db.batch(statements))).toMatchObject({ index: at, cause: { code: '22012' } })
    statements[at] = { text: 'select from nowhere', values: [] }
    expect(await caught(db.batch(statements))).toMatchObject({ index: at, cause: { code: '42P01' } })
    expect(await ids()).toEqual([])
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('I5: every statement succeeds and the commit fails: phase commit, no index, nothing remains', async () => {
    for (const options of [{}, { isolation: 'serializable' as const }]) {
      const error = await caught(db.batch([insert(1), 'insert into once values (1), (1)', insert(2)], options))
      expect(error).toMatchObject({
        phase: 'commit',
        index: undefined,
        outcome: 'not-executed',
        cause: { code: '23505' },
      })
      expect(await ids()).toEqual([])
    }
  })

  test('isolation, read only and deferrable put BEGIN and COMMIT into the same write', async () => {
    const show = `select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as ro`
    const [{ rows }] = await db.batch([show], { isolation: 'serializable', readOnly: true, deferrable: true })
    expect(rows).toEqual([{ isolation: 'serializable', ro: 'on' }])
    expect(proxy.writes()).toEqual(['PBEPBDEPBES'])
    expect(await caught(db.batch([show, insert(1)], { readOnly: true }))).toMatchObject({
      index: 1,
      phase: 'statement',
      cause: { code: '25006' },
    })
    expect((await db.query(show)).rows).toEqual([{ isolation: 'read committed', ro: 'off' }])
  })

  test('locks, savepoints and cursors make a batch an explicit transaction, still in one write', async () => {
    const [, , , { rows }] = await db.batch([
      'lock table item in share row exclusive mode',
      'savepoint mine',
      insert(1),
      'select id from item',
      'rollback to savepoint mine',
      insert(2),
    ])
    expect(rows).toEqual([{ id: 1 }])
    expect(proxy.writes()).toEqual(['PBEPBDEPBDEPBDEPBDEPBDEPBDEPBES'])
    expect(await ids()).toEqual([2])
    await db.batch(['select pg_advisory_xact_lock(1)', 'declare c cursor for select 1', 'fetch all from c'])
    const locks = await database.query('select 1 from pg_locks where locktype = $1', ['advisory'])
    expect(locks.rows).toEqual([])
  })

  test('a failing explicit batch is rolled back, and its client connection goes on being used', async () => {
    const connections = proxy.connections.length
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        expect(await caught(db.batch(['lock table item in share mode', 'select 1 / 0', insert(1)]))).toMatchObject({
          index: 1,
          cause: { code: '22012' },
        })
      }),
    )
    expect(proxy.connections.length).toBeLessThanOrEqual(Math.max(connections, 4))
    expect(await ids()).toEqual([])
  })

  test('a procedure cannot commit half of a batch', async () => {
    expect(await caught(db.batch([insert(1), 'call commits_half()', 'select 1 / 0']))).toMatchObject({
      index: 1,
      cause: { code: '2D000' },
    })
    expect(await ids()).toEqual([])
  })

  test.each([
    ['begin', 'POOLER_SAFE_TRANSACTION_CONTROL', 'already-in-tx'],
    ['commit', 'POOLER_SAFE_TRANSACTION_CONTROL', 'already-in-tx'],
    ['/* ; */ rollback', 'POOLER_SAFE_TRANSACTION_CONTROL', 'already-in-tx'],
    [`prepare transaction 'x'`, 'POOLER_SAFE_TRANSACTION_CONTROL', 'already-in-tx'],
    ['copy item from stdin', 'POOLER_SAFE_COPY', 'copy'],
    ['copy item to stdout', 'POOLER_SAFE_COPY', 'copy'],
    ['vacuum item', 'POOLER_SAFE_NO_TRANSACTION', 'long-statements'],
    ['create index concurrently i on item (name)', 'POOLER_SAFE_NO_TRANSACTION', 'long-statements'],
    ['create database other', 'POOLER_SAFE_NO_TRANSACTION', 'long-statements'],
    ['set search_path to other', 'POOLER_SAFE_SESSION_STATE', 'set-in-committed-tx'],
    ['listen job_done', 'POOLER_SAFE_SESSION_STATE', 'listen'],
    ['select pg_advisory_lock(1)', 'POOLER_SAFE_SESSION_STATE', 'advisory-session-lock'],
    ['select 1; select 2', 'POOLER_SAFE_MULTIPLE_STATEMENTS', 'simple-multi-parse'],
    [`select 'open`, 'POOLER_SAFE_UNREADABLE_SQL', undefined],
    ['select 1\0', 'POOLER_SAFE_UNREADABLE_SQL', undefined],
  ])('I3: %s is refused before a byte is sent', async (text, code, hazard) => {
    await db.query('select 1')
    proxy.forget()
    for (const options of [{}, { isolation: 'serializable' as const }]) {
      expect(await caught(db.batch([insert(1), text, insert(2)], options))).toMatchObject({
        name: 'BatchError',
        code,
        hazard,
        index: 1,
        phase: 'client',
        outcome: 'not-executed',
      })
    }
    expect(proxy.writes()).toEqual([])
  })

  test('inside a transaction a batch is one write, part of the transaction, and undone with it', async () => {
    const error = new Error('changed my mind')
    expect(
      await caught(
        db.transaction(async (tx) => {
          const [, { rows }] = await tx.batch([insert(1), 'select id from item'])
          expect(rows).toEqual([{ id: 1 }])
          throw error
        }),
      ),
    ).toBe(error)
    expect(proxy.writes()).toEqual(['PBEPBDEPBDES', 'Q'])
    await db.transaction((tx) => tx.batch([insert(2), insert(3)]))
    expect(await ids()).toEqual([2, 3])
    expect(await caught(db.transaction((tx) => tx.batch([insert(4), 'select 1 / 0'])))).toMatchObject({
      name: 'BatchError',
      index: 1,
      phase: 'statement',
      outcome: 'not-executed',
    })
    expect(await caught(db.transaction((tx) => tx.batch(['savepoint x'])))).toMatchObject({
      index: 0,
      cause: { hazard: 'savepoint-misuse' },
    })
    expect(await ids()).toEqual([2, 3])
  })

  test('timeoutMs cancels a batch on the server, which undoes it', async () => {
    const error = await caught(db.batch([insert(1), 'select pg_sleep(20)', insert(2)], { timeoutMs: 150 }))
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed', index: 1, phase: 'statement' })
    expect(await ids()).toEqual([])
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('I7: a statement timeout travels in the same write, ends the right statement, and stays with nobody', async () => {
    const error = await caught(db.batch(['select 1', 'select pg_sleep(20)'], { statementTimeoutMs: 100 }))
    expect(error).toMatchObject({ index: 1, cause: { code: '57014' }, outcome: 'not-executed' })
    expect(proxy.writes()).toEqual(['PBEPBDEPBDES'])
    const seen = await Promise.all(Array.from({ length: 12 }, () => db.query('show statement_timeout')))
    for (const { rows } of seen) expect(rows).toEqual([{ statement_timeout: '0' }])
  })

  test('an AbortSignal cancels a batch, before it is sent and while it runs', async () => {
    const reason = new Error('the user left')
    const early = await caught(db.batch([insert(1)], { signal: AbortSignal.abort(reason) }))
    expect(early).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed', cause: reason })
    const controller = new AbortController()
    setTimeout(() => controller.abort(reason), 50)
    const late = await caught(db.batch([insert(1), 'select pg_sleep(20)'], { signal: controller.signal }))
    expect(late).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed', index: 1 })
    expect(await ids()).toEqual([])
  })

  test('I8: a batch that lost a race is run again as a whole', async () => {
    await database.query(`insert into item values (1, '0')`)
    const add = (): Promise<unknown> =>
      db.batch(['select pg_sleep(0.02)', `update item set name = (name::int + 1)::text where id = 1`], {
        isolation: 'serializable',
        retries: 50,
      })
    await Promise.all([add(), add(), add(), add()])
    expect((await database.query('select name from item')).rows).toEqual([{ name: '4' }])
  })
}

describe('directly', () => batches(() => database.directUrl))
forEachPooler(database, (pooler) => batches(() => pooler.url))
