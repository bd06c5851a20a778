import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import { createDatabase, isOutcomeUnknown, OutcomeUnknownError, outcomeOf, SafePool } from 'pooler-safe'
import { beforeEach, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = new pg.Client(url)
    await client.connect()
    await client.query('create table item (id int)')
    await client.end()
  },
})
beforeEach(() => database.query('truncate item'))

const stored = async (): Promise<number> =>
  (await database.query<{ n: number }>('select count(*)::int as n from item')).rows[0]!.n

/** Lets COMMIT through, and cuts the client off instead of passing the answer on. */
function swallowAnswerToCommit(proxy: TcpProxy): void {
  let committing = false
  proxy.onRequest = (chunk) => {
    if (chunk.includes('Q') && chunk.toString('latin1').includes('commit')) committing = true
    return true
  }
  proxy.onAnswer = (_chunk, { client }) => {
    if (!committing) return true
    client.destroy()
    return false
  }
}

test('I5: the socket cut after COMMIT gives outcome unknown, and the unit is not retried', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  swallowAnswerToCommit(proxy)
  let attempts = 0
  const error = await caught(
    db.transaction(
      async (tx) => {
        attempts += 1
        await tx.query('insert into item values (1)')
      },
      { retries: 5 },
    ),
  )
  expect(error).toBeInstanceOf(OutcomeUnknownError)
  expect(error).toMatchObject({ code: 'POOLER_SAFE_OUTCOME_UNKNOWN', hazard: 'ambiguous-commit', outcome: 'unknown' })
  expect(error.hint).toMatch(/idempotency/)
  expect(attempts).toBe(1)
  // It had been committed: that is why nothing else may be claimed.
  expect(await stored()).toBe(1)
  proxy.onAnswer = undefined
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('I5: the socket cut before COMMIT arrived gives outcome unknown too: it cannot be told apart', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  proxy.onRequest = (chunk, { client }) => {
    if (!chunk.toString('latin1').includes('commit')) return true
    client.destroy()
    return false
  }
  const error = await caught(db.transaction((tx) => tx.query('insert into item values (1)')))
  expect(isOutcomeUnknown(error)).toBe(true)
  expect(await stored()).toBe(0)
})

test('I8: the socket cut before COMMIT was sent gives outcome not-executed, and the unit is retried', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  let attempts = 0
  await db.transaction(
    async (tx) => {
      attempts += 1
      await tx.query('insert into item values (1)')
      if (attempts === 1) {
        proxy.only().client.destroy()
        expect(outcomeOf(await caught(tx.query('select 1')))).toBe('not-executed')
      }
      await tx.query('insert into item values (2)')
    },
    { retries: 1 },
  )
  expect(attempts).toBe(2)
  expect(await stored()).toBe(2)
})

test('I8: a statement of its own whose answer is lost has outcome unknown', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  proxy.onAnswer = (_chunk, { client }) => {
    client.destroy()
    return false
  }
  const error = await caught(db.query('insert into item values (1)'))
  expect(error).toBeInstanceOf(OutcomeUnknownError)
  expect(error.cause).toBeInstanceOf(Error)
})

test('I5: COMMIT that was confirmed before the socket was cut is a success', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  let committing = false
  proxy.onRequest = (chunk) => {
    committing ||= chunk.toString('latin1').includes('commit')
    return true
  }
  proxy.onAnswer = (chunk, { client }) => {
    const ready = chunk.indexOf('Z\0\0\0\x05')
    if (!committing || ready < 0) return true
    client.end(chunk.subarray(0, ready))
    return false
  }
  await db.transaction((tx) => tx.query('insert into item values (1)'))
  expect(await stored()).toBe(1)
})

test('I5: on a checked-out client too the lost answer to COMMIT has outcome unknown', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  swallowAnswerToCommit(proxy)
  const client = await pool.connect()
  await client.query('begin')
  const lost = await caught(client.query('commit'))
  expect(isOutcomeUnknown(lost)).toBe(true)
  client.release()
  await pool.end()
})

test('I4: a pooler that loses the transaction is found out at the next statement', async () => {
  // A proxy that answers for the server: what it claims after the second statement is that no transaction is open.
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  let lie = false
  proxy.onAnswer = (chunk, { client }) => {
    const ready = chunk.indexOf('Z\0\0\0\x05T')
    if (!lie || ready < 0) return true
    const altered = Buffer.from(chunk)
    altered[ready + 5] = 0x49
    client.write(altered)
    return false
  }
  const error = await caught(
    db.transaction(async (tx) => {
      await tx.query('insert into item values (1)')
      lie = true
      await tx.query('insert into item values (2)')
    }),
  )
  expect(error).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_LOST', outcome: 'unknown', hazard: 'commit-outside-tx' })
  lie = false
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
})

test('I4: a BEGIN that is confirmed without opening a transaction is found out before anything runs outside', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  const client = await pool.connect()
  proxy.onAnswer = (chunk, { client: socket }) => {
    const ready = chunk.indexOf('Z\0\0\0\x05T')
    if (ready < 0) return true
    const altered = Buffer.from(chunk)
    altered[ready + 5] = 0x49
    socket.write(altered)
    return false
  }
  expect(await caught(client.query('begin'))).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_LOST' })
  expect(outcomeOf(await caught(client.query('insert into item values (1)')))).toBe('not-executed')
  client.release()
  await pool.end()
  expect(await stored()).toBe(0)
})

/** Lets a stranger use the backend of the only client connection, as a pooler that mixes up its clients would. */
async function strangerRuns(proxy: TcpProxy, text: string): Promise<void> {
  const before = proxy.onAnswer
  const answered = new Promise<void>((resolve) => {
    proxy.onAnswer = (chunk) => {
      if (chunk.includes('Z\0\0\0\x05')) resolve()
      return false
    }
  })
  const body = Buffer.from(`${text}\0`)
  const header = Buffer.from([0x51, 0, 0, 0, body.length + 4])
  proxy.only().server.write(Buffer.concat([header, body]))
  await answered
  proxy.onAnswer = before
}

test('I5: COMMIT that found no transaction is no success, and its client is never handed on', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const pool = new SafePool({ connectionString: proxy.url, max: 1 })
  const client = await pool.connect()
  await client.query('begin')
  await client.query('insert into item values (1)')
  await strangerRuns(proxy, 'rollback')
  expect(await caught(client.query('commit'))).toMatchObject({
    code: 'POOLER_SAFE_TRANSACTION_LOST',
    hazard: 'commit-outside-tx',
    outcome: 'unknown',
  })
  client.release()
  const next = await pool.connect()
  expect(next).not.toBe(client)
  next.release()
  await pool.end()
})

test('I4: BEGIN that found a stranger’s transaction rejects, and nothing of the unit stays', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  await strangerRuns(proxy, 'begin')
  // BEGIN rides with the first statement, so that ran: the client connection is closed, which rolls it back.
  let first: unknown
  const error = await caught(
    db.transaction(async (tx) => {
      first = await caught(tx.query('insert into item values (1)'))
      await tx.query('insert into item values (2)')
    }),
  )
  expect(first).toBe(error)
  expect(error).toMatchObject({
    code: 'POOLER_SAFE_TRANSACTION_LOST',
    hazard: 'already-in-tx',
    outcome: 'not-executed',
  })
  expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  expect(await stored()).toBe(0)
})

test('I4: a lost transaction is what the caller sees, even if the callback swallowed it', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  let lie = false
  proxy.onAnswer = (chunk, { client }) => {
    const ready = chunk.indexOf('Z\0\0\0\x05T')
    if (!lie || ready < 0) return true
    const altered = Buffer.from(chunk)
    altered[ready + 5] = 0x49
    client.write(altered)
    return false
  }
  const error = await caught(
    db.transaction(
      async (tx) => {
        lie = true
        await tx.query('insert into item values (2)').catch(() => undefined)
      },
      { retries: 3 },
    ),
  )
  expect(error).toMatchObject({ code: 'POOLER_SAFE_TRANSACTION_LOST', outcome: 'unknown' })
})
