import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database, type QueryOptions, type Session } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { prepared } from '../support/tables.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase({ prepare: prepared('create table slow_copy (id int)') })

const sleep = 'select pg_sleep(20)'

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  for await (const row of rows) expect(row).toBeDefined()
}

/** Every public operation of a session that waits for the server, slow. */
const operations: Readonly<Record<string, (session: Session, limits: QueryOptions) => Promise<unknown>>> = {
  query: (session, limits) => session.query(sleep, [], limits),
  batch: (session, limits) => session.batch(['select 1', sleep], limits),
  executeMany: (session, limits) => session.executeMany('select pg_sleep($1)', [[0], [20]], limits),
  transaction: (session, limits) => session.transaction((tx) => tx.query(sleep), limits),
  stream: (session, limits) => drain(session.stream(sleep, [], limits)),
  lock: (session, limits) => session.lock('cancelled', (tx) => tx.query(sleep), limits),
  tryLock: (session, limits) => session.tryLock('cancelled', (tx) => tx.query(sleep), limits),
  copyTo: (session, limits) => drain(session.copyTo(`copy (${sleep}) to stdout`, limits)),
  copyFrom: (session, limits) => session.copyFrom('copy slow_copy from stdin', endless(), limits),
}

async function* endless(): AsyncGenerator<string> {
  yield '1\n'
  await new Promise(() => undefined)
}

describe.each(Object.entries(operations))('%s', (_name, operation) => {
  const contexts: Readonly<Record<string, (db: Database, limits: QueryOptions) => Promise<unknown>>> = {
    'on the database': operation,
    'under settings': (db, limits) => operation(db.withSettings({ 'app.tenant': 'acme' }), limits),
    'in a transaction': (db, limits) => db.transaction((tx) => operation(tx, limits)),
  }
  test.each(Object.entries(contexts))('I8: timeoutMs and signal end it %s', async (_context, run) => {
    await using db = createDatabase({ url: database.pooledUrl, max: 2 })
    const late = await caught(run(db, { timeoutMs: 80 }))
    expect(late).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
    const controller = new AbortController()
    const timer = setTimeout(() => controller.abort(), 80)
    const aborted = await caught(run(db, { signal: controller.signal }))
    clearTimeout(timer)
    expect(aborted).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
    expect((await db.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })
})

test('a CancelRequest that overtakes its statement is repeated until the statement is there to be cancelled', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  const [running] = proxy.connections
  let release: (() => void) | undefined
  let cancels = 0
  proxy.onRequest = (chunk, connection) => {
    if (connection === running && chunk.includes('pg_sleep')) {
      release = () => connection.server.write(chunk)
      return false
    }
    if (connection !== running) cancels += 1
    // The statement arrives only when the first CancelRequest has come and gone without effect.
    if (cancels === 2) {
      release?.()
      release = undefined
    }
    return true
  }
  const started = performance.now()
  const controller = new AbortController()
  const query = caught(db.query(sleep, [], { signal: controller.signal }))
  await expect.poll(() => release).toBeDefined()
  controller.abort()
  expect(await query).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
  expect(cancels).toBeGreaterThan(1)
  expect(performance.now() - started).toBeLessThan(8_000)
})

test('a CancelRequest that nobody answers is given up and sent again', async () => {
  await using proxy = await startTcpProxy(database.pooledUrl)
  await using db = createDatabase({ url: proxy.url, max: 1 })
  await db.query('select 1')
  const [running] = proxy.connections
  let cancels = 0
  proxy.onRequest = (_chunk, connection) => {
    if (connection === running) return true
    cancels += 1
    // The first is swallowed: neither passed on nor answered.
    return cancels > 1
  }
  const error = await caught(db.query(sleep, [], { timeoutMs: 60 }))
  expect(error).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'not-executed' })
  expect(cancels).toBe(2)
})

forEachPooler(database, (pooler) => {
  const rounds = pooler.kind === 'rotating' ? 1_000 : 200

  test(`never a stranger is cancelled: ${rounds} statements that run are, among those that must not be`, async () => {
    await using db = createDatabase({ url: pooler.url, max: 12 })
    const controllers = new Map<string, AbortController>()
    // A statement is cancelled when it is on its way, at once or a moment later.
    const onStart = (message: unknown): void => {
      const controller = controllers.get((message as { text: string }).text)
      if (controller) setTimeout(() => controller.abort(), controllers.size % 4)
    }
    subscribe('tracing:pooler-safe:query:start', onStart)
    let cancelled = 0
    let finished = 0
    const lane = async (): Promise<void> => {
      while (controllers.size < rounds) {
        const text = `select pg_sleep(20) as round_${controllers.size}`
        const controller = new AbortController()
        controllers.set(text, controller)
        const error = await caught(db.query(text, [], { signal: controller.signal }))
        expect(error).toMatchObject({ code: 'POOLER_SAFE_ABORTED', outcome: 'not-executed' })
        cancelled += 1
      }
    }
    const stranger = async (own: number): Promise<void> => {
      while (controllers.size < rounds) {
        const text = 'select $1::int as lane, pg_sleep(0.002)'
        const { rows } = await db.query<{ lane: number }>(text, [own])
        expect(rows[0]!.lane).toBe(own)
        finished += 1
      }
    }
    try {
      await Promise.all([...Array.from({ length: 3 }, lane), ...Array.from({ length: 4 }, (_, at) => stranger(at))])
    } finally {
      unsubscribe('tracing:pooler-safe:query:start', onStart)
    }
    expect(cancelled).toBe(rounds)
    expect(finished).toBeGreaterThan(rounds / 4)
  }, 120_000)
})
