import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, isOutcomeUnknown, outcomeOf, type Database, type Session } from 'pooler-safe'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: prepared(`
    create table item (id int primary key);
    create table once (id int unique deferrable initially deferred);
  `),
})
const ids = async (): Promise<number[]> =>
  (await database.query<{ id: number }>('select id from item order by id')).rows.map(({ id }) => id)
const insert = (session: Session, id: number): Promise<unknown> => session.query('insert into item values ($1)', [id])

function roundTrips(url: () => string): void {
  let proxy: TcpProxy
  let db: Database
  beforeAll(async () => {
    proxy = await startTcpProxy(url())
    db = createDatabase({ url: proxy.url, max: 1, wireGuard: true })
  })
  beforeEach(async () => {
    await database.query('truncate item, once')
    await db.query('select 1')
    proxy.forget()
  })
  afterAll(async () => {
    await db.close()
    await proxy[Symbol.asyncDispose]()
  })

  test('I10: n awaited statements cost n + 1 round trips', async () => {
    await db.transaction(async (tx) => {
      for (let id = 0; id < 5; id += 1) await insert(tx, id)
    })
    expect(proxy.writes()).toEqual(['PBEPBDES', 'PBDES', 'PBDES', 'PBDES', 'PBDES', 'Q'])
    expect(await ids()).toEqual([0, 1, 2, 3, 4])
  })

  test('I10: a transaction that runs no statement costs none', async () => {
    expect(await db.transaction(() => Promise.resolve('nothing'))).toBe('nothing')
    await db.transaction((tx) => tx.transaction(() => Promise.resolve()))
    await caught(db.transaction(() => Promise.reject(new Error('no'))))
    await caught(db.transaction((tx) => tx.query('commit')))
    expect(proxy.writes()).toEqual([])
  })

  test('I10: statements issued in the same turn share one write and one Sync', async () => {
    const rows = await db.transaction(async (tx) => {
      const wrapped = async (id: number): Promise<unknown> => {
        await Promise.resolve()
        return insert(tx, id)
      }
      await Promise.all([wrapped(1), insert(tx, 2), wrapped(3)])
      const answers = await Promise.all([1, 2, 3].map((id) => tx.query('select id from item where id = $1', [id])))
      return answers.map((answer) => answer.rows[0]!['id'])
    })
    expect(rows).toEqual([1, 2, 3])
    expect(proxy.writes()).toEqual(['PBEPBDEBEBES', 'PBDEBEBES', 'Q'])
  })

  test('I8: of statements that share a write, the one that fails has its error, those behind it say why they did not run', async () => {
    const error = await caught(
      db.transaction(async (tx) => {
        const settled = await Promise.allSettled([
          insert(tx, 1),
          tx.query('select 1 / 0'),
          insert(tx, 2),
          insert(tx, 3),
        ])
        expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected'])
        const [, failed, ...behind] = settled.map((one) => (one as PromiseRejectedResult).reason as Error)
        expect(failed).toMatchObject({ code: '22012' })
        for (const one of behind) {
          expect(one).toMatchObject({
            code: 'POOLER_SAFE_TRANSACTION_ABORTED',
            outcome: 'not-executed',
            cause: failed,
            message: expect.stringMatching(/^Not executed/),
          })
        }
      }),
    )
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ABORTED', cause: { code: '22012' } })
    expect(await ids()).toEqual([])
  })

  test('a statement that is refused on this side does not harm those issued with it', async () => {
    await db.transaction(async (tx) => {
      const bad = { toPostgres: () => { throw new Error('no such money') } } // prettier-ignore
      const [one, refused, unserialisable, two] = await Promise.allSettled([
        insert(tx, 1),
        tx.query('set search_path to x'),
        tx.query('select $1', [bad]),
        insert(tx, 2),
      ])
      expect([one.status, two.status]).toEqual(['fulfilled', 'fulfilled'])
      expect((refused as PromiseRejectedResult).reason).toMatchObject({ code: 'POOLER_SAFE_SESSION_STATE' })
      expect((unserialisable as PromiseRejectedResult).reason).toMatchObject({ code: 'POOLER_SAFE_BAD_VALUE' })
    })
    expect(await ids()).toEqual([1, 2])
  })

  test('I10: savepoint and release ride with the statements next to them', async () => {
    await db.transaction(async (tx) => {
      await insert(tx, 1)
      await tx.transaction((inner) => insert(inner, 2))
      await tx.transaction(() => Promise.resolve())
      await tx.transaction((inner) => inner.transaction((innermost) => insert(innermost, 3)))
      await insert(tx, 4)
    })
    expect(proxy.writes()).toEqual(['PBEPBDES', 'PBEPBDES', 'PBEPBEPBEPBDES', 'PBEPBEPBDES', 'Q'])
    expect(await ids()).toEqual([1, 2, 3, 4])
  })

  test('a nested transaction that fails undoes itself, whatever was still to be sent', async () => {
    await db.transaction(async (tx) => {
      await insert(tx, 1)
      await caught(
        tx.transaction(async (inner) => {
          await inner.transaction((innermost) => insert(innermost, 2))
          throw new Error('changed my mind')
        }),
      )
      await caught(tx.transaction(() => Promise.reject(new Error('before anything ran'))))
      await caught(tx.transaction((inner) => inner.query('select 1 / 0')))
      await tx.transaction((inner) => insert(inner, 3))
    })
    expect(await ids()).toEqual([1, 3])
  })

  test('I10: commitWith takes COMMIT along with the last statements', async () => {
    const names = await db.transaction(async (tx) => {
      await insert(tx, 1)
      const [, { rows }] = await tx.commitWith([
        { text: 'insert into item values ($1)', values: [2] },
        'select count(*)::int as n from item',
      ])
      expect(await caught(insert(tx, 3))).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ENDED' })
      return rows
    })
    expect(names).toEqual([{ n: 2 }])
    expect(proxy.writes()).toEqual(['PBEPBDES', 'PBDEPBDEPBES'])
    proxy.forget()
    await db.transaction((tx) => tx.commitWith([{ text: 'insert into item values (3)' }]))
    expect(proxy.writes()).toEqual(['PBEPBDEPBES'])
    expect(await ids()).toEqual([1, 2, 3])
  })

  test('I5: commitWith whose statement or commit fails rejects the transaction, also when the callback swallows it', async () => {
    const failing = [
      [['insert into item values (1)', 'select 1 / 0'], { phase: 'statement', index: 1 }],
      [['insert into once values (1), (1)'], { phase: 'commit', index: undefined }],
    ] as const
    for (const [statements, expected] of failing) {
      let seen: unknown
      const error = await caught(
        db.transaction(async (tx) => {
          seen = await caught(tx.commitWith(statements))
        }),
      )
      expect(seen).toMatchObject({ name: 'BatchError', outcome: 'not-executed', ...expected })
      expect(outcomeOf(error)).toBe('not-executed')
    }
    expect(await ids()).toEqual([])
  })

  test('I5: the answer to commitWith is lost: outcome unknown, and the unit is not run again', async () => {
    let attempts = 0
    const error = await caught(
      db.transaction(
        async (tx) => {
          attempts += 1
          await insert(tx, 1)
          proxy.onAnswer = (_chunk, { client }) => {
            client.destroy()
            return false
          }
          await tx.commitWith(['select 1'])
        },
        { retries: 3 },
      ),
    )
    proxy.onAnswer = undefined
    expect(isOutcomeUnknown(error)).toBe(true)
    expect(attempts).toBe(1)
    await expect.poll(ids).toEqual([1])
  })

  test('I8: a callback that fails behind its own COMMIT has outcome executed, and is not run again', async () => {
    let attempts = 0
    const error = await caught(
      db.transaction(
        async (tx) => {
          attempts += 1
          await tx.commitWith(['insert into item values (1)'])
          throw new Error('too late')
        },
        { retries: 3 },
      ),
    )
    expect(error.message).toBe('too late')
    expect([outcomeOf(error), attempts]).toEqual(['executed', 1])
    expect(await ids()).toEqual([1])
  })

  test('commitWith belongs to the outermost transaction', async () => {
    await db.transaction(async (tx) => {
      await tx.transaction(async (inner) => {
        expect(await caught(inner.commitWith(['select 1']))).toMatchObject({
          code: 'POOLER_SAFE_TRANSACTION_CONTROL',
          hazard: 'savepoint-misuse',
        })
      })
      await insert(tx, 1)
    })
    expect(await ids()).toEqual([1])
  })

  test('I4: when BEGIN itself fails nothing behind it runs outside of a transaction', async () => {
    // A server that refuses BEGIN: its word is replaced on the way.
    proxy.onRequest = (chunk, { server }) => {
      const at = chunk.indexOf('begin isolation level serializable')
      if (at < 0) return true
      const altered = Buffer.from(chunk)
      altered.write('begin isolation level serialisable', at)
      server.write(altered)
      return false
    }
    const error = await caught(
      db.transaction(
        async (tx) => {
          await caught(insert(tx, 1))
          expect(await caught(insert(tx, 2))).toMatchObject({
            code: 'POOLER_SAFE_TRANSACTION_ABORTED',
            cause: { code: '42601' },
          })
        },
        { isolation: 'serializable' },
      ),
    )
    proxy.onRequest = undefined
    expect(error).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_ABORTED', outcome: 'not-executed' })
    expect(await ids()).toEqual([])
  })

  test('batchMode sequential: BEGIN, settings and savepoints are requests of their own', async () => {
    await using careful = createDatabase({ url: proxy.url, max: 1, batchMode: 'sequential' })
    await careful.transaction(
      async (tx) => {
        await Promise.all([insert(tx, 1), insert(tx, 2)])
        await tx.transaction((inner) => insert(inner, 3))
      },
      { statementTimeoutMs: 4_000 },
    )
    expect(proxy.writes()).toEqual(['PBES', 'PBES', 'PBDES', 'PBDES', 'PBES', 'PBDES', 'Q'])
    expect(await ids()).toEqual([1, 2, 3])
  })
}

describe('directly', () => roundTrips(() => database.directUrl))
forEachPooler(database, (pooler) => roundTrips(() => pooler.url))
