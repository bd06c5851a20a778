import { once } from 'node:events'
import { findPgBouncer, startPgBouncer } from '@pooler-safe/testkit'
import { capabilities, useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database, type DatabaseOptions, type ListenGap } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { Listener } from '../../src/direct/listener.ts'
import { caught } from '../support/caught.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()
const reason = 'test of listening'

async function withDatabase<T>(
  work: (db: Database, errors: Error[]) => Promise<T>,
  options: Partial<DatabaseOptions> = {},
): Promise<T> {
  const errors: Error[] = []
  await using db = createDatabase({
    url: database.pooledUrl,
    directUrl: database.directUrl,
    onError: (error) => errors.push(error),
    ...options,
  })
  return await work(db, errors)
}

/** The pids of the sessions that were opened for a reason. */
async function sessions(name = reason): Promise<number[]> {
  const { rows } = await database.query<{ pid: number }>(
    'select pid from pg_stat_activity where datname = current_database() and application_name = $1',
    [`pooler-safe: ${name}`],
  )
  return rows.map(({ pid }) => pid)
}

const notify = (channel: string, payload: string): Promise<unknown> =>
  database.query('select pg_notify($1, $2)', [channel, payload])

test('payloads arrive in the order in which they were sent, each at those who listen on its channel', () =>
  withDatabase(async (db) => {
    const left: string[] = []
    const right: string[] = []
    await using first = await db.direct.listen('Numbers "1"', (payload) => left.push(payload), { reason })
    await using second = await db.direct.listen('other', (payload) => right.push(payload), { reason })
    expect([first.channel, second.channel]).toEqual(['Numbers "1"', 'other'])
    await database.query(`select pg_notify('Numbers "1"', n::text) from generate_series(1, 500) n`)
    await notify('other', '')
    await expect.poll(() => left.length + right.length).toBe(501)
    expect(left).toEqual(Array.from({ length: 500 }, (_, at) => String(at + 1)))
    expect(right).toEqual([''])
  }))

test('all channels of a database share one connection, and the last to leave closes it', () =>
  withDatabase(async (db) => {
    const seen: string[] = []
    const add = (name: string, channel = 'shared'): Promise<{ unlisten(): Promise<void> }> =>
      db.direct.listen(channel, (payload) => seen.push(`${name} ${payload}`), { reason })
    const [a, b, c] = await Promise.all([add('a'), add('b'), add('c', 'third')])
    expect(await sessions()).toHaveLength(1)
    await notify('shared', '1')
    await expect.poll(() => seen.toSorted()).toEqual(['a 1', 'b 1'])
    await a.unlisten()
    await notify('shared', '2')
    await expect.poll(() => seen.length).toBe(3)
    expect(seen[2]).toBe('b 2')
    await b.unlisten()
    await notify('shared', '3')
    await notify('third', '4')
    await expect.poll(() => seen.length).toBe(4)
    expect(seen[3]).toBe('c 4')
    await c.unlisten()
    await c.unlisten()
    await expect.poll(() => sessions()).toEqual([])
  }))

test('a killed backend is replaced, every channel is listened on again, and the gap is told before what comes after it', () =>
  withDatabase(async (db) => {
    const told: string[] = []
    const gaps: ListenGap[] = []
    const options = {
      reason,
      onGap: (gap: ListenGap) => {
        gaps.push(gap)
        told.push(`gap ${gap.channel}`)
      },
    }
    await db.direct.listen('one', (payload) => told.push(payload), options)
    await db.direct.listen('two', (payload) => told.push(payload), options)
    await notify('one', 'before')
    await expect.poll(() => told).toEqual(['before'])
    const killed = new Date()
    await database.query('select pg_terminate_backend($1)', [(await sessions())[0]])
    await expect.poll(() => gaps.length, { timeout: 5_000 }).toBe(2)
    await notify('two', 'after')
    await expect.poll(() => told).toEqual(['before', 'gap one', 'gap two', 'after'])
    expect(gaps[0]!.since.getTime()).toBeLessThanOrEqual(killed.getTime() + 1_000)
    expect(gaps[0]!.cause.message).toMatch(/terminat/)
    expect(await sessions()).toHaveLength(1)
  }))

test('a server that is away is tried again until it is back; each failure is told to onError', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await withDatabase(
    async (db, errors) => {
      const told: string[] = []
      await db.direct.listen('down', (payload) => told.push(payload), { reason, onGap: () => told.push('gap') })
      await proxy.goDown()
      await expect.poll(() => errors.length, { timeout: 5_000 }).toBeGreaterThan(1)
      expect(errors[0]).toMatchObject({ code: 'POOLER_SAFE_CONNECT_FAILED' })
      expect(told).toEqual([])
      await proxy.comeBack()
      await expect.poll(() => told, { timeout: 8_000 }).toEqual(['gap'])
      await notify('down', 'after')
      await expect.poll(() => told).toEqual(['gap', 'after'])
    },
    { directUrl: proxy.url },
  )
})

test('who starts to listen while the connection is away gets one, and misses nothing, so is told no gap', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  await withDatabase(
    async (db) => {
      const gaps: string[] = []
      await db.direct.listen('old', () => undefined, { reason, onGap: ({ channel }) => gaps.push(channel) })
      for (const { client } of proxy.connections) client.destroy()
      await db.direct.listen('new', () => undefined, { reason, onGap: ({ channel }) => gaps.push(channel) })
      await expect.poll(() => gaps, { timeout: 5_000 }).toEqual(['old'])
    },
    { directUrl: proxy.url },
  )
})

test('a connection that died without a word is found out by the heartbeat', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const timing = { reconnectMs: 10, longestReconnectMs: 50, heartbeatMs: 60 }
  const listener = new Listener({ connectionString: proxy.url }, () => undefined, timing)
  try {
    const gaps: ListenGap[] = []
    await listener.add({ channel: 'silent', onPayload: () => undefined, onGap: (gap) => gaps.push(gap) })
    const [dead] = proxy.connections
    proxy.onAnswer = (_chunk, connection) => connection !== dead
    await expect.poll(() => gaps.length, { timeout: 5_000 }).toBeGreaterThan(0)
  } finally {
    await listener.close()
  }
})

test('what a callback throws, at once or later, goes to onError and keeps nobody else from listening', () =>
  withDatabase(async (db, errors) => {
    const seen: string[] = []
    const bad = (payload: string): void => {
      throw new Error(`of the callback: ${payload}`)
    }
    const late = (async (payload: string) => {
      await Promise.resolve()
      throw new Error(`later: ${payload}`)
    }) as unknown as (payload: string) => void
    await db.direct.listen('shared', bad, { reason })
    await db.direct.listen('shared', late, { reason })
    await db.direct.listen('shared', (payload) => seen.push(payload), { reason })
    await notify('shared', '1')
    await notify('shared', '2')
    await expect.poll(() => seen).toEqual(['1', '2'])
    await expect.poll(() => errors.length).toBe(4)
    const messages = errors.map(({ message }) => message).toSorted()
    expect(messages).toEqual(['later: 1', 'later: 2', 'of the callback: 1', 'of the callback: 2'])
  }))

test('an AbortSignal ends a subscription', () =>
  withDatabase(async (db) => {
    const controller = new AbortController()
    await db.direct.listen('aborted', () => undefined, { reason, signal: controller.signal })
    expect(await sessions()).toHaveLength(1)
    controller.abort()
    await expect.poll(() => sessions()).toEqual([])
    const late = db.direct.listen('aborted', () => undefined, { reason, signal: controller.signal })
    expect(await caught(late)).toMatchObject({ code: 'POOLER_SAFE_ABORTED' })
  }))

test('close ends subscriptions, waits for sessions, and leaves no connection', async () => {
  const db = createDatabase({ url: database.pooledUrl, directUrl: database.directUrl })
  await db.direct.listen('closing', () => undefined, { reason })
  const order: string[] = []
  let started = (): void => undefined
  const running = new Promise<void>((resolve) => (started = resolve))
  const session = db.direct.session(reason, async (client) => {
    started()
    await client.query('select pg_sleep(0.1)')
    order.push('session')
  })
  await running
  await db.close()
  order.push('closed')
  await session
  expect(order).toEqual(['session', 'closed'])
  await expect.poll(() => sessions()).toEqual([])
  expect(await caught(db.direct.listen('late', () => undefined, { reason }))).toMatchObject({
    code: 'POOLER_SAFE_CLOSED',
  })
  const late = db.direct.session('late', () => Promise.resolve())
  expect(await caught(late)).toMatchObject({ code: 'POOLER_SAFE_CLOSED' })
})

test('a session keeps its state while it lasts, and nothing of it stays', () =>
  withDatabase(async (db) => {
    await db.direct.session('migrations', async (client) => {
      await client.query(`set search_path = pg_temp; create temp table scratch (id int); select pg_advisory_lock(7)`)
      expect((await client.query('select count(*)::int as n from scratch')).rows).toEqual([{ n: 0 }])
      expect(await sessions('migrations')).toHaveLength(1)
      expect(await db.tryLock(7n, () => Promise.resolve())).toEqual({ locked: false })
    })
    await expect.poll(() => sessions('migrations')).toEqual([])
    await expect.poll(async () => (await db.tryLock(7n, () => Promise.resolve())).locked).toBe(true)
    const failing = db.direct.session('migrations', () => Promise.reject(new Error('of the work')))
    expect(await caught(failing)).toMatchObject({ message: 'of the work' })
    await expect.poll(() => sessions('migrations')).toEqual([])
  }))

test('a deadline closes the connection of a session that is still at work', () =>
  withDatabase(async (db) => {
    await db.direct.session('ready', () => Promise.resolve())
    const stuck = db.direct.session('stuck', (client) => client.query('select pg_sleep(20)'), { timeoutMs: 200 })
    expect(await caught(stuck)).toMatchObject({ code: 'POOLER_SAFE_TIMEOUT', outcome: 'unknown' })
    const controller = new AbortController()
    const aborted = db.direct.session(
      'stuck',
      () => {
        controller.abort()
        return new Promise(() => undefined)
      },
      { signal: controller.signal },
    )
    expect(await caught(aborted)).toMatchObject({ code: 'POOLER_SAFE_ABORTED' })
  }))

test('without a directUrl, or with one that leads to a transaction-mode pooler, it is refused with what to do', async () => {
  await withDatabase(
    async (db) => {
      for (const attempt of [
        db.direct.listen('x', () => undefined, { reason }),
        db.direct.session('x', () => Promise.resolve()),
      ]) {
        expect(await caught(attempt)).toMatchObject({
          code: 'POOLER_SAFE_NO_DIRECT_URL',
          outcome: 'not-executed',
          hint: expect.stringContaining('directUrl') as string,
        })
      }
    },
    { directUrl: undefined },
  )
  await withDatabase(
    async (db) => {
      const error = await caught(db.direct.listen('x', () => undefined, { reason }))
      expect(error).toMatchObject({ code: 'POOLER_SAFE_WRONG_ENDPOINT', hazard: 'wrong-port' })
      expect(error.message).toMatch(/directUrl should be a session endpoint, but is a transaction one/)
    },
    { directUrl: database.pooledUrl },
  )
})

test('bad input is refused before anything is connected', () =>
  withDatabase(async (db) => {
    const nothing = (): void => undefined
    for (const attempt of [
      db.direct.listen('', nothing, { reason }),
      db.direct.listen('a\0b', nothing, { reason }),
      db.direct.listen('ä'.repeat(32), nothing, { reason }),
      db.direct.listen('x', nothing, { reason: ' ' }),
      db.direct.listen('x', nothing, undefined as never),
      db.direct.listen('x', nothing, { reason, ongap: nothing } as never),
      db.direct.listen('x', 7 as never, { reason }),
      db.direct.session('', () => Promise.resolve()),
      db.direct.session('x', () => Promise.resolve(), { timeout: 7 } as never),
    ]) {
      expect(await caught(attempt)).toMatchObject({ code: 'POOLER_SAFE_BAD_OPTION', outcome: 'not-executed' })
    }
    const away = createDatabase({ url: database.pooledUrl, directUrl: 'postgres://nobody@127.0.0.1:1/none' })
    expect(await caught(away.direct.listen('x', nothing, { reason }))).toMatchObject({
      code: 'POOLER_SAFE_CONNECT_FAILED',
    })
    await away.close()
  }))

describe.skipIf(!capabilities.pgbouncer)('through PgBouncer in session mode (needs pgbouncer)', () => {
  test('listening and session locks work, also across a restart of the pooler', async () => {
    expect(findPgBouncer()).toBeDefined()
    const pooler = await startPgBouncer({ upstream: database.directUrl, poolMode: 'session', poolSize: 6 })
    await using proxy = await startTcpProxy(pooler.urlFor(database.name))
    try {
      await withDatabase(
        async (db) => {
          const told: string[] = []
          await db.direct.listen('pooled', (payload) => told.push(payload), { reason, onGap: () => told.push('gap') })
          await notify('pooled', '1')
          await expect.poll(() => told).toEqual(['1'])
          const { client } = proxy.connections.at(-1)!
          client.destroy()
          await once(client, 'close')
          await expect.poll(() => told, { timeout: 5_000 }).toEqual(['1', 'gap'])
          await notify('pooled', '2')
          await expect.poll(() => told).toEqual(['1', 'gap', '2'])
        },
        { directUrl: proxy.url },
      )
    } finally {
      await pooler.stop()
    }
  })
})
