import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import {
  createDatabase,
  outcomeOf,
  SafePool,
  sqlStateOf,
  type Database,
  type Session,
  type Transaction,
} from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query(`
      create table item (id int primary key, name text);
      create table once (id int unique deferrable initially deferred);
      create table counter (id int primary key, value int);
    `)
    await client.end()
  },
})

function transactions(url: () => string): void {
  let db: Database
  beforeAll(() => {
    db = createDatabase({ url: url(), max: 4, wireGuard: true })
  })
  beforeEach(() => database.query('truncate item, once, counter'))
  afterAll(() => db.close())

  const ids = async (): Promise<number[]> =>
    (await database.query<{ id: number }>('select id from item order by id')).rows.map(({ id }) => id)
  const insert = (session: Session, id: number): Promise<unknown> =>
    session.query('insert into item (id) values ($1)', [id])

  test('I4: every statement of a transaction runs on one backend, in order', async () => {
    await Promise.all(
      Array.from({ length: 8 }, () =>
        db.transaction(async (tx) => {
          const seen = await Promise.all(
            Array.from({ length: 5 }, (_, n) =>
              tx.query<{ pid: number; n: number }>('select pg_backend_pid() as pid, $1::int as n', [n]),
            ),
          )
          expect(new Set(seen.map(({ rows }) => rows[0]!.pid)).size).toBe(1)
          expect(seen.map(({ rows }) => rows[0]!.n)).toEqual([0, 1, 2, 3, 4])
        }),
      ),
    )
  })

  test('commits when the callback returns, and returns what it returned', async () => {
    expect(await db.transaction(async (tx) => insert(tx, 1).then(() => 'done'))).toBe('done')
    expect(await ids()).toEqual([1])
  })

  test('rolls back when the callback throws, and throws what it threw', async () => {
    const error = new Error('changed my mind')
    expect(
      await caught(
        db.transaction(async (tx) => {
          await insert(tx, 1)
          throw error
        }),
      ),
    ).toBe(error)
    expect(await ids()).toEqual([])
  })

  test('the same function runs on a database, in a transaction and in a nested one', async () => {
    const addTwo = (session: Session, from: number): Promise<void> =>
      session.transaction(async (tx) => {
        await insert(tx, from)
        await insert(tx, from + 1)
      })
    await addTwo(db, 1)
    await db.transaction(async (tx) => {
      await addTwo(tx, 3)
      await tx.transaction((inner) => addTwo(inner, 5))
    })
    expect(await ids()).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('I5: a transaction whose error was swallowed rejects, with that error as its cause', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        await insert(tx, 1)
        await tx.query('select 1 / 0').catch(() => undefined)
      }),
    )
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_TRANSACTION_ABORTED',
      outcome: 'not-executed',
      cause: { code: '22012' },
    })
    expect(sqlStateOf(error)).toBe('22012')
    expect(await ids()).toEqual([])
  })

  test('J5: statements behind a failed one are refused with the error that matters, not with 25P02', async () => {
    await caught(
      db.transaction(async (tx) => {
        const first = await caught(tx.query('select 1 / 0'))
        const second = await caught(insert(tx, 1))
        expect(second).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ABORTED', hazard: '25p02-cascade', cause: first })
        throw first
      }),
    )
    expect(await ids()).toEqual([])
  })

  test('queries that were not awaited are awaited before COMMIT', async () => {
    await db.transaction(async (tx) => {
      void tx.query('select pg_sleep(0.1)')
      void insert(tx, 1)
      await Promise.resolve()
    })
    expect(await ids()).toEqual([1])
  })

  test('a query that was not awaited and fails makes the transaction reject', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        await insert(tx, 1)
        void tx.query('select pg_sleep(0.05), 1 / 0')
      }),
    )
    expect(sqlStateOf(error)).toBe('22012')
    expect(await ids()).toEqual([])
  })

  test('a nested transaction that was not awaited is awaited before COMMIT', async () => {
    await db.transaction(async (tx) => {
      void tx.transaction(async (inner) => {
        await inner.query('select pg_sleep(0.05)')
        await insert(inner, 1)
      })
      await Promise.resolve()
    })
    expect(await ids()).toEqual([1])
  })

  test('the handle is unusable once the callback has ended', async () => {
    let escaped: Transaction | undefined
    await db.transaction(async (tx) => {
      escaped = tx
      await insert(tx, 1)
    })
    const ended = { code: 'POOLER_SAFE_TRANSACTION_ENDED', hazard: 'query-escapes-tx', outcome: 'not-executed' }
    expect(await caught(insert(escaped!, 2))).toMatchObject(ended)
    expect(await caught(escaped!.transaction(() => Promise.resolve()))).toMatchObject(ended)
    expect(await ids()).toEqual([1])
  })

  test('a nested transaction that fails undoes only itself', async () => {
    await db.transaction(async (tx) => {
      await insert(tx, 1)
      const error = await caught(
        tx.transaction(async (inner) => {
          await insert(inner, 2)
          await inner.transaction((innermost) => insert(innermost, 3))
          await inner.query('select 1 / 0')
        }),
      )
      expect(error).toMatchObject({ code: '22012' })
      await tx.transaction((inner) => insert(inner, 4))
      await insert(tx, 5)
    })
    expect(await ids()).toEqual([1, 4, 5])
  })

  test('while a nested transaction is open the outer handle is refused, and siblings too', async () => {
    await db.transaction(async (tx) => {
      await tx.transaction(async (inner) => {
        expect(await caught(insert(tx, 9))).toMatchObject({
          code: 'POOLER_SAFE_TRANSACTION_BUSY',
          hazard: 'parallel-in-tx',
        })
        expect(await caught(tx.transaction(() => Promise.resolve()))).toMatchObject({
          code: 'POOLER_SAFE_TRANSACTION_BUSY',
        })
        await insert(inner, 1)
      })
      await insert(tx, 2)
    })
    expect(await ids()).toEqual([1, 2])
  })

  test('transaction control by SQL is refused inside a transaction, and nothing is lost', async () => {
    await db.transaction(async (tx) => {
      await insert(tx, 1)
      for (const text of ['commit', 'rollback', 'begin', 'savepoint x', 'release x', 'rollback to x', 'END']) {
        expect(await caught(tx.query(text))).toMatchObject({
          code: 'POOLER_SAFE_TRANSACTION_CONTROL',
          outcome: 'not-executed',
        })
      }
      await insert(tx, 2)
    })
    expect(await ids()).toEqual([1, 2])
  })

  test('I5: a deferred constraint that fails at COMMIT rejects, and nothing was executed', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        await tx.query('insert into once values (1), (1)')
      }),
    )
    expect(error).toMatchObject({ code: '23505' })
    expect(outcomeOf(error)).toBe('not-executed')
    expect((await db.query('select * from once')).rows).toEqual([])
  })

  test('isolation, read only and deferrable reach the server', async () => {
    const { rows } = await db.transaction(
      (tx) =>
        tx.query(`select current_setting('transaction_isolation') as isolation,
          current_setting('transaction_read_only') as read_only, current_setting('transaction_deferrable') as deferrable`),
      { isolation: 'serializable', readOnly: true, deferrable: true },
    )
    expect(rows).toEqual([{ isolation: 'serializable', read_only: 'on', deferrable: 'on' }])
    expect(await caught(db.transaction((tx) => insert(tx, 1), { readOnly: true }))).toMatchObject({ code: '25006' })
  })

  test('I8: a serialization failure runs the whole unit again, and both writers get through', async () => {
    await database.query('insert into counter values (1, 0)')
    let attempts = 0
    const add = (): Promise<void> =>
      db.transaction(
        async (tx) => {
          attempts += 1
          const { rows } = await tx.query<{ value: number }>('select value from counter where id = 1')
          await tx.query('select pg_sleep(0.02)')
          await tx.query('update counter set value = $1 where id = 1', [rows[0]!.value + 1])
        },
        { isolation: 'serializable', retries: 50 },
      )
    await Promise.all([add(), add(), add(), add()])
    expect((await database.query('select value from counter')).rows).toEqual([{ value: 4 }])
    expect(attempts).toBeGreaterThan(4)
  })

  test('I8: without retries a serialization failure is the caller’s, and says that nothing was executed', async () => {
    await database.query('insert into counter values (1, 0)')
    const error = await caught(
      db.transaction(
        async (tx) => {
          await tx.query('select value from counter where id = 1')
          await database.query('update counter set value = 7 where id = 1')
          await tx.query('update counter set value = 8 where id = 1')
        },
        { isolation: 'repeatable read' },
      ),
    )
    expect(error).toMatchObject({ code: '40001' })
    expect(outcomeOf(error)).toBe('not-executed')
    expect((await database.query('select value from counter')).rows).toEqual([{ value: 7 }])
  })

  test('I8: other errors are not retried', async () => {
    let attempts = 0
    await caught(
      db.transaction(
        async (tx) => {
          attempts += 1
          await tx.query('select 1 / 0')
        },
        { retries: 5 },
      ),
    )
    expect(attempts).toBe(1)
  })

  test('I4: a backend that dies in mid transaction ends the transaction, and nothing of it runs elsewhere', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
        await insert(tx, 1)
        await database.query('select pg_terminate_backend($1)', [rows[0]!.pid])
        await insert(tx, 2)
      }),
    )
    expect(outcomeOf(error)).toBe('not-executed')
    expect(await ids()).toEqual([])
    await insert(db, 3)
    expect(await ids()).toEqual([3])
  })

  test('I8: a backend that dies before COMMIT is a reason to run the unit again', async () => {
    let attempts = 0
    await db.transaction(
      async (tx) => {
        attempts += 1
        const { rows } = await tx.query<{ pid: number }>('select pg_backend_pid() as pid')
        await insert(tx, 1)
        if (attempts === 1) await database.query('select pg_terminate_backend($1)', [rows[0]!.pid])
        await insert(tx, 2)
      },
      { retries: 2 },
    )
    expect(attempts).toBe(2)
    expect(await ids()).toEqual([1, 2])
  })
}

describe('directly', () => transactions(() => database.directUrl))
forEachPooler(database, (pooler) => transactions(() => pooler.url))

describe('I5: COMMIT on a checked-out client', () => {
  async function withClient(work: (client: pg.PoolClient) => Promise<void>): Promise<void> {
    const pool = new SafePool({ connectionString: database.pooledUrl, max: 1 })
    const client = await pool.connect()
    try {
      await work(client)
    } finally {
      client.release()
      await pool.end()
    }
  }
  const rolledBack = {
    code: 'POOLER_SAFE_COMMIT_ROLLED_BACK',
    hazard: 'commit-became-rollback',
    outcome: 'not-executed',
  }

  test.each([
    'commit',
    'COMMIT WORK',
    'end',
    '/* why */ commit; -- now',
    'commit and chain',
    `prepare transaction 'pooler_safe'`,
  ])('I5: COMMIT of an aborted transaction rejects: %s', (text) =>
    withClient(async (client) => {
      await client.query('begin')
      await caught(client.query('select 1 / 0'))
      expect(await caught(client.query(text))).toMatchObject(rolledBack)
      await client.query('rollback')
    }),
  )

  test('I5: COMMIT of an aborted transaction rejects when it is one of several statements', () =>
    withClient(async (client) => {
      await client.query('begin')
      await caught(client.query('select 1 / 0'))
      expect(await caught(client.query('commit; select 1'))).toMatchObject(rolledBack)
      await client.query('rollback')
    }))

  test('I5: a pg.Query that commits is verified like any other', () =>
    withClient(async (client) => {
      await client.query('begin')
      await caught(client.query('select 1 / 0'))
      const query = client.query(new pg.Query('commit'))
      expect(await new Promise((resolve) => query.on('error', resolve))).toMatchObject(rolledBack)
    }))

  test('COMMIT that succeeds resolves as with pg', () =>
    withClient(async (client) => {
      await client.query('begin')
      expect((await client.query('commit')).command).toBe('COMMIT')
      expect((await client.query('begin; select 1; commit')) as unknown).toHaveLength(3)
    }))

  test('COMMIT without a transaction and BEGIN inside one are refused before they are sent', () =>
    withClient(async (client) => {
      expect(await caught(client.query('commit'))).toMatchObject({
        code: 'POOLER_SAFE_TRANSACTION_CONTROL',
        hazard: 'commit-outside-tx',
      })
      await client.query('begin')
      expect(await caught(client.query('begin'))).toMatchObject({ hazard: 'already-in-tx', outcome: 'not-executed' })
      expect((await client.query('commit')).command).toBe('COMMIT')
    }))

  test('ROLLBACK without a transaction passes: libraries send it after a COMMIT that failed', () =>
    withClient(async (client) => {
      expect((await client.query('rollback')).command).toBe('ROLLBACK')
    }))
})
