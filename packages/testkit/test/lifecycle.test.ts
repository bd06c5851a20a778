import { useTestDatabase } from '@pooler-safe/tests/support'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPooler, startPostgres, type PoolerEvent } from '../src/index.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase({
  prepare: async (url) => {
    const client = await RawClient.connect(url)
    await client.value('create table ledger (id int)')
    await client.end()
  },
})

const locks = async (): Promise<number> => {
  const { rows } = await database.query<{ count: number }>(
    `select count(*)::int as count from pg_locks l join pg_class c on c.oid = l.relation where c.relname = 'ledger'`,
  )
  return rows[0]?.count ?? 0
}

describe('a client vanishes', () => {
  test.for(['destroy', 'terminate'] as const)(
    'in a transaction (%s): its backend is closed, its work undone',
    async (how) => {
      await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
      const client = await RawClient.connect(pooler.url)
      await client.ask(send.query('begin'))
      await client.ask(send.query('insert into ledger values (1)'))
      const pid = Number(await client.value('select pg_backend_pid()'))
      if (how === 'destroy') client.socket.destroy()
      else await client.end()
      await expect.poll(locks).toBe(0)
      expect((await database.query('select from ledger')).rowCount).toBe(0)
      await expect.poll(() => pooler.backends().some((backend) => backend.pid === pid)).toBe(false)
      expect(pooler.recording.transactions({ backendPid: pid }).at(-1)?.end).toBe('client-gone')
    },
  )

  test('while it waits: its turn goes to the next', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const [holder, leaver, stayer] = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
    await holder!.ask(send.query('begin'))
    leaver!.write(send.query('insert into ledger values (2)'))
    await expect.poll(() => pooler.waiting()).toBe(1)
    const answer = stayer!.ask(send.query('select 3'))
    leaver!.socket.destroy()
    await expect.poll(() => pooler.waiting()).toBe(1)
    await holder!.ask(send.query('commit'))
    expect((await answer).rows).toEqual([['3']])
    expect((await database.query('select from ledger')).rowCount).toBe(0)
    await holder!.end()
    await stayer!.end()
  })

  test('in the middle of a message: nobody else gets the rest', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 1 })
    const client = await RawClient.connect(pooler.url)
    client.socket.write(
      send.query(`insert into ledger values (3); select '${'x'.repeat(100_000)}'`).subarray(0, 50_000),
    )
    await expect.poll(() => pooler.backends().some(({ isBusy }) => isBusy)).toBe(true)
    client.socket.destroy()
    const other = await RawClient.connect(pooler.url)
    expect(await other.value('select 1')).toBe('1')
    expect((await database.query('select from ledger')).rowCount).toBe(0)
    await other.end()
  })
})

describe('a backend is killed', () => {
  const kill = (pid: number) => database.query('select pg_terminate_backend($1)', [pid])

  test('in a transaction: 57P01 passes, then the client connection is closed', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = await RawClient.connect(pooler.url)
    await client.ask(send.query('begin'))
    await kill(Number(await client.value('select pg_backend_pid()')))
    expect(await client.closed).toMatchObject([
      { severity: 'FATAL', code: '57P01', message: 'terminating connection due to administrator command' },
    ])
    const next = await RawClient.connect(pooler.url)
    expect(await next.value('select 1')).toBe('1')
    await next.end()
  })

  test('while idle: the next transaction gets another one and notices nothing', async () => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const client = await RawClient.connect(pooler.url)
    for (let round = 0; round < 5; round += 1) {
      await kill(Number(await client.value('select pg_backend_pid()')))
      await expect.poll(() => pooler.backends().length).toBeLessThan(2)
      expect(await client.value('select 1')).toBe('1')
    }
    await client.end()
  })
})

describe('upstream', () => {
  test('restarts: clients in between are told, later ones are served', { timeout: 60_000 }, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pooler-safe-test-'))
    chmodSync(directory, 0o755)
    try {
      const first = await startPostgres({ dataDir: join(directory, 'data') })
      await using pooler = await startPooler({ upstream: first.url, poolSize: 2, serverLoginRetryMs: 30 })
      const survivor = await RawClient.connect(pooler.url)
      const victim = await RawClient.connect(pooler.url)
      const bystander = await RawClient.connect(pooler.url)
      await survivor.value('create table kept (id int)')
      await victim.ask(send.query('begin'))
      await first.stop()
      expect(await victim.closed).toMatchObject([{ severity: 'FATAL', code: '57P01' }])
      await expect.poll(() => pooler.backends().length).toBe(0)
      bystander.write(send.query('select 1'))
      expect(await bystander.closed).toMatchObject([
        {
          severity: 'FATAL',
          code: '08P01',
          message: 'server login has been failing, try again later (server_login_retry)',
          detail: expect.stringMatching(/^Cannot reach PostgreSQL at 127\.0\.0\.1:\d+: .*ECONNREFUSED/) as string,
        },
      ])
      await using second = await startPostgres({ dataDir: join(directory, 'data'), port: first.port })
      expect(second.password).toBe(first.password)
      // This client was idle all the time and did not notice.
      expect(await survivor.value('select count(*) from kept')).toBe('0')
      await survivor.end()
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })

  test('refuses a log-in: the client reads its words', async () => {
    await using pooler = await startPooler({
      upstream: database.directUrl.replace(/:[^:@]+@/, ':wrong@'),
      clientAuth: 'trust',
    })
    await expect(RawClient.connect(pooler.url)).rejects.toThrow(
      'FATAL 28P01: password authentication failed for user "postgres"',
    )
  })

  test('has no room: clients wait for the backends there are', async () => {
    await database.query(`create role crowded login password 'pw' connection limit 1`)
    await using pooler = await startPooler({
      upstream: database.directUrl,
      poolSize: 4,
      users: { crowded: 'pw' },
      serverLoginRetryMs: 20,
    })
    const url = `postgres://crowded:pw@127.0.0.1:${pooler.port}/${database.name}`
    const clients = await Promise.all([1, 2, 3, 4].map(() => RawClient.connect(url)))
    const pids = await Promise.all(clients.flatMap((client) => [client.value('select pg_backend_pid()')]))
    expect(new Set(pids).size).toBe(1)
    for (const client of clients) await client.end()
    await pooler.stop()
    await database.query('drop role crowded')
  })

  test('speaks nonsense: the client is told, the pooler lives', async () => {
    const sockets: Socket[] = []
    const liar = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.once('data', () => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')))
    })
    await new Promise<void>((resolve) => liar.listen(0, '127.0.0.1', resolve))
    const { port } = liar.address() as { port: number }
    await using pooler = await startPooler({ upstream: `postgres://a:b@127.0.0.1:${port}/c`, clientAuth: 'trust' })
    await expect(RawClient.connect(pooler.url)).rejects.toThrow('server login has been failing')
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => liar.close(resolve))
  })
})

describe('stop', () => {
  test('lets a transaction end, then closes', async () => {
    const pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const idle = await RawClient.connect(pooler.url)
    const busy = await RawClient.connect(pooler.url)
    await busy.ask(send.query('begin'))
    await busy.ask(send.query('insert into ledger values (9)'))
    const stopped = pooler.stop({ drainMs: 5_000 })
    await idle.closed
    expect((await busy.ask(send.query('commit'))).types).toBe('CZ')
    await stopped
    expect((await database.query('delete from ledger where id = 9')).rowCount).toBe(1)
    await busy.closed
  })

  test('hangs up on a transaction that does not end', async () => {
    const pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
    const busy = await RawClient.connect(pooler.url)
    await busy.ask(send.query('begin'))
    await pooler.stop({ drainMs: 20 })
    expect(await busy.closed).toMatchObject([{ code: '57P01', message: 'the pooler is shutting down' }])
    await expect.poll(locks).toBe(0)
  })

  test('a taken port is one clear sentence', async () => {
    await using first = await startPooler({ upstream: database.directUrl })
    await expect(startPooler({ upstream: database.directUrl, port: first.port })).rejects.toThrow(
      `Port ${first.port} of 127.0.0.1 is taken.`,
    )
  })

  test.for([0, -1, 1.5, Number.NaN])('a pool size of %d is refused', async (poolSize) => {
    await expect(startPooler({ upstream: database.directUrl, poolSize })).rejects.toMatchObject({
      code: 'invalid-option',
    })
  })
})

test('events tell the whole story of a client', async () => {
  const events: PoolerEvent[] = []
  await using pooler = await startPooler({
    upstream: database.directUrl,
    poolSize: 2,
    onEvent: (event) => events.push(event),
  })
  const client = new pg.Client({ connectionString: pooler.url, application_name: 'teller' })
  await client.connect()
  await client.query('select $1::int', [1])
  await client.end()
  await expect.poll(() => events.at(-1)?.type).toBe('client-closed')
  const own = events
    .filter((event) => 'applicationName' in event && event.applicationName === 'teller')
    .map(({ type }) => type)
  expect(own).toEqual(['client-connected', 'transaction-started', 'statement', 'transaction-ended', 'client-closed'])
  expect(events.find((event) => event.type === 'statement')).toMatchObject({
    statement: { kind: 'parse', sql: 'select $1::int' },
  })
})

test('a client that connects and says nothing costs nothing', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl })
  const silent = connect(pooler.port, '127.0.0.1')
  await new Promise((resolve) => silent.once('connect', resolve))
  await pooler.stop()
  await new Promise((resolve) => (silent.destroyed ? resolve(undefined) : silent.once('close', resolve)))
})
