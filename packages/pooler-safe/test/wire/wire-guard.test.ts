import { once } from 'node:events'
import { useTestDatabase } from '@pooler-safe/tests/support'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { from as copyFrom } from 'pg-copy-streams'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import { SafeClient, wireGuard, type WireAudit } from 'pooler-safe'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { caught } from '../support/caught.ts'
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'

const database = useTestDatabase()

function message(type: string, body: string): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, Buffer.from(body, 'latin1')])
}

/** Unlike `once`, not disturbed by the error that comes first. */
function closing(client: pg.Client): Promise<void> {
  return new Promise((resolve) => client.connection.stream.once('close', () => resolve()))
}

describe('on a raw pg client', () => {
  let proxy: TcpProxy
  let client: pg.Client
  let audit: WireAudit

  beforeEach(async () => {
    proxy = await startTcpProxy(database.directUrl)
    client = new pg.Client(proxy.url)
    client.on('error', () => undefined)
    await client.connect()
    audit = wireGuard(client)
  })
  afterEach(async () => {
    await client.end()
    await proxy[Symbol.asyncDispose]()
  })

  /** Nothing of the request may have left, and the client connection has to be closed. */
  async function stopped(rule: string, attempt: Promise<unknown>): Promise<void> {
    const error = await caught(attempt)
    expect(error).toMatchObject({
      code: 'POOLER_SAFE_WIRE_VIOLATION',
      outcome: 'not-executed',
      hazard: expect.any(String),
    })
    expect(audit.violations.map((violation) => violation.rule)).toContain(rule)
    expect(proxy.writes().join('')).not.toMatch(/[PBDCFS]/)
    expect(client.connection.stream.destroyed).toBe(true)
  }

  test('I1: a named statement is stopped before it leaves', () =>
    stopped('named-statement', client.query({ name: 'job', text: 'select $1::int', values: [1] })))

  test.each([
    ['Bind', message('B', '\0job\0\0\0\0\0\0\0')],
    ['Describe', message('D', 'Sjob\0')],
    ['Close', message('C', 'Sjob\0')],
    ['FunctionCall', message('F', '\0\0\0\0')],
    ['a lone Sync', message('S', '')],
    ['Bind of a statement that was not parsed', message('B', '\0\0\0\0\0\0\0\0')],
  ])('I1, I2: %s written past pg is stopped before it leaves', async (_what, bytes) => {
    const closed = closing(client)
    client.connection.stream.write(bytes)
    await closed
    expect(audit.violations).toHaveLength(1)
    expect(proxy.writes()).toEqual([])
  })

  test('I1: a name is seen when the message is split at every byte', async () => {
    const bytes = message('D', 'Sjob\0')
    const closed = closing(client)
    for (const byte of bytes) client.connection.stream.write(Buffer.from([byte]))
    await closed
    expect(audit.violations.map(({ rule }) => rule)).toEqual(['named-statement'])
    expect(proxy.writes()).toEqual([])
  })

  test('I2: a second request before the first is answered is stopped', async () => {
    const slow = caught(client.query('select pg_sleep(1)'))
    await new Promise((resolve) => setTimeout(resolve, 20))
    client.connection.query('select 2')
    expect(await slow).toMatchObject({ code: 'POOLER_SAFE_WIRE_VIOLATION' })
    expect(audit.violations.map(({ rule }) => rule)).toEqual(['second-request'])
    expect(proxy.writes()).toEqual(['Q'])
  })

  test('I2: Parse and Bind split by Sync are stopped', async () => {
    const closed = closing(client)
    const { connection } = client
    connection.stream.cork()
    connection.parse({ name: '', text: 'select 1', types: [] }, true)
    connection.sync()
    connection.stream.uncork()
    await once(connection, 'readyForQuery')
    connection.bind({}, true)
    await closed
    expect(audit.violations.map(({ rule }) => rule)).toContain('split-statement')
    expect(proxy.writes().join('')).not.toContain('B')
  })

  test('what pg does by itself is not held against it', async () => {
    await client.query('select 1')
    await client.query('select $1::int', [1])
    await caught(client.query('select 1 / $1::int', [0]))
    await Promise.all([1, 2, 3].map((n) => client.query('select $1::int', [n])))
    const cursor = client.query(new Cursor('select * from generate_series(1, 10)'))
    await cursor.read(3)
    await cursor.close()
    await client.query('create temp table copied (id int)')
    await pipeline(Readable.from(['1\n', '2\n']), client.query(copyFrom('copy copied from stdin')))
    expect((await client.query('select count(*)::int as n from copied')).rows).toEqual([{ n: 2 }])
    expect(audit.violations).toEqual([])
    expect(audit.requests).toBe(10)
    expect(audit.messages.get('d')).toBe(2)
  })
})

test('onViolation: "report" lets the bytes through and records them', async () => {
  const client = new pg.Client(database.directUrl)
  const audit = wireGuard(client, { onViolation: 'report' })
  await client.connect()
  try {
    const query = { name: 'job', text: 'select $1::int as n', values: [1] }
    expect((await client.query(query)).rows).toEqual([{ n: 1 }])
    expect((await client.query(query)).rows).toEqual([{ n: 1 }])
    expect(audit.violations.map(({ rule }) => rule)).toEqual(['named-statement', 'named-statement', 'named-statement'])
  } finally {
    await client.end()
  }
})

test('pool.on("connect", wireGuard) guards every client of any pool', async () => {
  const pool = new pg.Pool({ connectionString: database.directUrl, max: 2 })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => {
    wireGuard(client)
  })
  try {
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
    expect(await caught(pool.query({ name: 'job', text: 'select 1' }))).toMatchObject({
      code: 'POOLER_SAFE_WIRE_VIOLATION',
    })
    expect((await pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  } finally {
    await pool.end()
  }
})

test('I2: raw bytes of a submittable are caught on a SafeClient too', async () => {
  await using proxy = await startTcpProxy(database.directUrl)
  const client = new SafeClient({ connectionString: proxy.url, wireGuard: true })
  await client.connect()
  const told = new Promise((resolve) => {
    client.query({
      submit: (connection: pg.Connection) => {
        connection.stream.write(message('P', 'job\0select 1\0\0\0'))
        connection.sync()
      },
      handleError: resolve,
    } as never)
  })
  expect(await told).toMatchObject({ code: 'POOLER_SAFE_WIRE_VIOLATION', hazard: 'named-parse' })
  expect(proxy.writes()).toEqual([])
  await client.end()
})

test('a client that cannot be watched is refused', () => {
  expect(() => wireGuard({} as never)).toThrow(expect.objectContaining({ code: 'POOLER_SAFE_NATIVE_BINDINGS' }))
})
