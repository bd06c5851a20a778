import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, OutcomeUnknownError, SafePool, type QueryTrace, type RefusedMessage } from 'pooler-safe'
import { AsyncLocalStorage } from 'node:async_hooks'
import { channel, tracingChannel, type TracingChannelSubscribers } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

/** Listens to a tracing channel for the length of a test. */
function listen(name: string): [event: string, message: Record<string, unknown>][] {
  const heard: [string, Record<string, unknown>][] = []
  const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const
  const subscribers = Object.fromEntries(
    events.map((event) => [event, (message: object) => heard.push([event, message as Record<string, unknown>])]),
  ) as unknown as TracingChannelSubscribers<object>
  const traced = tracingChannel<unknown, object>(name)
  traced.subscribe(subscribers)
  onTestFinished(() => {
    traced.unsubscribe(subscribers)
  })
  return heard
}

function listenTo(name: string): unknown[] {
  const heard: unknown[] = []
  const onMessage = (message: unknown): void => void heard.push(message)
  channel(name).subscribe(onMessage)
  onTestFinished(() => {
    channel(name).unsubscribe(onMessage)
  })
  return heard
}

async function withPool(work: (pool: SafePool) => Promise<void>, url = database.pooledUrl): Promise<void> {
  const pool = new SafePool({ connectionString: url, max: 2 })
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
}

test('pooler-safe:query tells text, endpoint and how many values there are, and never the values', () =>
  withPool(async (pool) => {
    const heard = listen('pooler-safe:query')
    await pool.query('select $1::text as secret', ['sesame'])
    expect(heard.map(([event]) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    const trace = heard[0]![1] as unknown as QueryTrace
    expect(trace).toMatchObject({
      text: 'select $1::text as secret',
      parameters: 1,
      endpoint: { database: database.name },
    })
    expect(trace.endpoint.port).toBe(Number(new URL(database.pooledUrl).port))
    expect(trace.result).toMatchObject({ command: 'SELECT', rowCount: 1 })
    expect(JSON.stringify({ ...trace, result: undefined })).not.toContain('sesame')
  }))

test('pooler-safe:query tells the error that the caller gets', () =>
  withPool(async (pool) => {
    const heard = listen('pooler-safe:query')
    const error = await caught(pool.query('select 1 / 0'))
    expect(heard.map(([event]) => event)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(heard.at(-1)![1]['error']).toBe(error)
  }))

test('what is refused is told to pooler-safe:refused, and no query leaves', () =>
  withPool(async (pool) => {
    const refusals = listenTo('pooler-safe:refused') as RefusedMessage[]
    const error = await caught(pool.query(`set search_path to 'x'`))
    expect(refusals).toEqual([{ text: `set search_path to 'x'`, error, hazard: 'session-set' }])
  }))

test('an answer to COMMIT that is lost is told to pooler-safe:outcome-unknown, once', async () => {
  const lost = listenTo('pooler-safe:outcome-unknown')
  await using proxy = await startTcpProxy(database.pooledUrl)
  const db = createDatabase({ url: proxy.url, max: 1 })
  const error = await caught(
    db.transaction(async (tx) => {
      await tx.query('select 1')
      proxy.onAnswer = (_chunk, connection) => {
        connection.client.destroy()
        return false
      }
    }),
  )
  expect(error).toBeInstanceOf(OutcomeUnknownError)
  expect(lost).toHaveLength(1)
  expect(lost[0]).toMatchObject({ text: 'commit' })
  await db.close()
})

test('pooler-safe:transaction tells its attempts, and pooler-safe:checkout one checkout for each', async () => {
  const transactions = listen('pooler-safe:transaction')
  const checkouts = listen('pooler-safe:checkout')
  const db = createDatabase({ url: database.pooledUrl, max: 1 })
  let attempts = 0
  const work = db.transaction(
    async (tx) => {
      attempts += 1
      if (attempts < 3) await tx.query(`do $$ begin raise 'again' using errcode = '40001'; end $$`)
    },
    { isolation: 'serializable', retries: 5 },
  )
  await work
  expect(transactions.map(([event]) => event)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  expect(transactions[0]![1]).toMatchObject({ isolation: 'serializable', attempts: 3 })
  expect(checkouts.filter(([event]) => event === 'start')).toHaveLength(3)
  expect(checkouts[0]![1]['pool']).toBe(db.pool)
  await db.close()
})

test('a query that waited for a client starts in the async context of its caller, not of who released the client', () =>
  withPool(async (pool) => {
    const callers = new AsyncLocalStorage<number>()
    const seen: [unknown, number | undefined][] = []
    const traced = tracingChannel<unknown, QueryTrace>('pooler-safe:query')
    const onStart = (message: unknown): void => void seen.push([(message as QueryTrace).text, callers.getStore()])
    traced.start.subscribe(onStart)
    await Promise.all(
      Array.from({ length: 12 }, (_, caller) => callers.run(caller, () => pool.query(`select ${caller}`))),
    )
    traced.start.unsubscribe(onStart)
    expect(seen).toHaveLength(12)
    for (const [text, caller] of seen) expect(text).toBe(`select ${caller}`)
  }))
