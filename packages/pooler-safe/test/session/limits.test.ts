import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, outcomeOf, sqlStateOf, type Database } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table item (id int)')
    await client.end()
  },
})

function limits(url: () => string): void {
  let db: Database
  beforeAll(() => {
    db = createDatabase({ url: url(), max: 2, statementTimeoutMs: 5_000, lockTimeoutMs: 4_000, wireGuard: true })
  })
  beforeEach(() => database.query('truncate item'))
  afterAll(() => db.close())

  const running = async (mark: string): Promise<number> => {
    const { rows } = await database.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where state <> 'idle' and query like $1 and pid <> pg_backend_pid()`,
      [`%${mark}%`],
    )
    return rows[0]!.n
  }
  const settings = `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
    current_setting('idle_in_transaction_session_timeout') as idle`

  test('I7: timeouts are set inside the transaction, those of the database included, and nowhere else', async () => {
    const inside = await db.transaction((tx) => tx.query(settings), {
      statementTimeoutMs: 1_500,
      idleInTransactionTimeoutMs: 2_500,
    })
    expect(inside.rows).toEqual([{ statement: '1500ms', lock: '4s', idle: '2500ms' }])
    expect((await db.query(settings)).rows).toEqual([{ statement: '5s', lock: '4s', idle: '0' }])
    await using plain = createDatabase({ url: url() })
    const seen = await Promise.all(Array.from({ length: 12 }, () => plain.query(settings)))
    for (const { rows } of seen) expect(rows).toEqual([{ statement: '0', lock: '0', idle: '0' }])
  })

  test('I7: a statement that must not share a transaction runs without the settings of one', async () => {
    await expect(db.query('vacuum item')).resolves.toMatchObject({ command: 'VACUUM' })
  })

  test('the statement timeout of the server ends a statement, and the client stays usable', async () => {
    await using hasty = createDatabase({ url: url(), max: 1, statementTimeoutMs: 100 })
    expect(await caught(hasty.query('select pg_sleep(10)'))).toMatchObject({ code: '57014' })
    expect((await hasty.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    expect(hasty.pool.totalCount).toBe(1)
  })

  test('timeoutMs of a query cancels it on the server', async () => {
    expect(await caught(db.query(`select pg_sleep(20), 'limit_a'`, [], { timeoutMs: 150 }))).toMatchObject({
      code: 'POOLER_SAFE_TIMEOUT',
      outcome: 'not-executed',
      cause: { code: '57014' },
    })
    expect(await running('limit_a')).toBe(0)
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('timeoutMs of a transaction cancels what runs, rolls back, and closes the handle', async () => {
    let late: Promise<unknown> | undefined
    const error = await caught(
      db.transaction(
        async (tx) => {
          await tx.query('insert into item values (1)')
          await tx.query(`select pg_sleep(20), 'limit_b'`).catch(() => undefined)
          late = caught(tx.query('insert into item values (2)'))
          await late
        },
        { timeoutMs: 1_000 },
      ),
    )
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    expect(await running('limit_b')).toBe(0)
    expect(await late).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ENDED' })
    expect((await database.query('select * from item')).rows).toEqual([])
  })

  test('a limit reaches a statement of a nested transaction, and nothing of it runs after the rollback', async () => {
    const steps: unknown[] = []
    const controller = new AbortController()
    const ended = caught(
      db.transaction(
        async (tx) => {
          await tx.transaction(async (inner) => {
            await inner.query('insert into item values (1)')
            await inner.query(`select pg_sleep(20), 'limit_c'`).catch((failure: unknown) => steps.push(failure))
            await inner.query('insert into item values (2)').catch((failure: unknown) => steps.push(failure))
          })
          await tx.query('insert into item values (3)').catch((failure: unknown) => steps.push(failure))
        },
        { signal: controller.signal },
      ),
    )
    await expect.poll(() => running('limit_c'), { timeout: 10_000 }).toBe(1)
    controller.abort()
    expect(await ended).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
    expect(await running('limit_c')).toBe(0)
    await db.query('select 1')
    expect(steps[0]).toMatchObject({ code: 'POOLER_SAFE_ABORTED' })
    expect(steps[1]).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ENDED' })
    expect((await database.query('select * from item')).rows).toEqual([])
  })

  test('timeoutMs does not wait for a nested callback that never ends', async () => {
    const forever = new Promise<never>(() => undefined)
    const error = await caught(
      db.transaction(
        (tx) => tx.transaction((inner) => inner.query('insert into item values (1)').then(() => forever)),
        {
          timeoutMs: 100,
        },
      ),
    )
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    expect((await database.query('select * from item')).rows).toEqual([])
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('the server ends a transaction that sits idle, and the next statement says why', async () => {
    const error = await caught(
      db.transaction(
        async (tx) => {
          await tx.query('insert into item values (1)')
          await expect.poll(() => running('item values'), { timeout: 5_000 }).toBe(0)
          await tx.query('insert into item values (2)')
        },
        { idleInTransactionTimeoutMs: 100 },
      ),
    )
    expect(outcomeOf(error)).toBe('not-executed')
    expect(sqlStateOf(error)).toBe('25P03')
    expect((await database.query('select * from item')).rows).toEqual([])
  })

  test('timeoutMs while the callback waits for something else rolls back at once', async () => {
    const forever = new Promise<never>(() => undefined)
    const error = await caught(
      db.transaction(
        async (tx) => {
          await tx.query('insert into item values (1)')
          await forever
        },
        { timeoutMs: 100 },
      ),
    )
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    expect((await database.query('select * from item')).rows).toEqual([])
  })

  test('an AbortSignal cancels a query and a transaction; its reason is the cause', async () => {
    const reason = new Error('the user left')
    for (const run of [
      (signal: AbortSignal) => db.query('select pg_sleep(20)', [], { signal }),
      (signal: AbortSignal) => db.transaction((tx) => tx.query('select pg_sleep(20)'), { signal }),
    ]) {
      const controller = new AbortController()
      setTimeout(() => controller.abort(reason), 50)
      const error = await caught(run(controller.signal))
      expect(error).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
      const before = await caught(run(AbortSignal.abort(reason)))
      expect(before).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed', cause: reason })
    }
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })

  test('waiting for a client connection counts towards the deadline', async () => {
    await using small = createDatabase({ url: url(), max: 1 })
    let free: (() => void) | undefined
    const held = small.transaction(async (tx) => {
      await tx.query('select 1')
      await new Promise<void>((resolve) => (free = resolve))
    })
    await expect.poll(() => free).toBeTypeOf('function')
    const timeout = { code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' }
    expect(await caught(small.query('insert into item values (1)', [], { timeoutMs: 50 }))).toMatchObject(timeout)
    expect(await caught(small.transaction((tx) => tx.query('select 1'), { timeoutMs: 50 }))).toMatchObject(timeout)
    free!()
    await held
    expect((await small.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    expect((await database.query('select * from item')).rows).toEqual([])
    expect(small.pool.totalCount).toBe(1)
  })

  test('a query inside a transaction can have a deadline of its own', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        await tx.query('insert into item values (1)')
        await tx.query('select pg_sleep(20)', [], { timeoutMs: 100 })
      }),
    )
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    expect((await database.query('select * from item')).rows).toEqual([])
  })
}

describe('directly', () => limits(() => database.directUrl))
forEachPooler(database, (pooler) => limits(() => pooler.url))
