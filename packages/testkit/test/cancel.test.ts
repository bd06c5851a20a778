import { useTestDatabase } from '@pooler-safe/tests/support'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPooler, type Pooler } from '../src/index.ts'
import { cancelRequest } from '../src/wire/encode.ts'
import { RawClient, send } from './raw-client.ts'

const database = useTestDatabase()

let pooler: Pooler
beforeAll(async () => {
  pooler = await startPooler({ upstream: database.directUrl, poolSize: 2 })
})
afterAll(() => pooler.stop())

/** Sends a CancelRequest and waits until the pooler closes the socket; answers how many bytes came. */
async function cancel(pid: number, secretKey: Buffer, half = false): Promise<number> {
  const socket = connect({ port: pooler.port, host: '127.0.0.1', allowHalfOpen: true })
  let bytes = 0
  socket.on('data', (chunk) => (bytes += chunk.length)).on('error', () => undefined)
  if (half) socket.end(cancelRequest(pid, secretKey))
  else socket.write(cancelRequest(pid, secretKey))
  await new Promise((resolve) => socket.once('end', resolve))
  socket.destroy()
  return bytes
}

/** Waits until this many sleeps run in the database. */
const sleeping = (count: number) =>
  expect
    .poll(async () => {
      const { rows } = await database.query<{ count: number }>(
        `select count(*)::int as count from pg_stat_activity where datname = $1 and state = 'active' and query like 'select pg_sleep%'`,
        [database.name],
      )
      return rows[0]?.count
    })
    .toBe(count)

test.for([false, true])('cancels the running query of its own client (half-closed: %s)', async (half) => {
  const client = await RawClient.connect(pooler.url)
  const answer = client.ask(send.query('select pg_sleep(60)'))
  await sleeping(1)
  expect(await cancel(client.pid, client.secretKey, half)).toBe(0)
  expect((await answer).errors).toMatchObject([{ code: '57014', message: 'canceling statement due to user request' }])
  expect(await client.value('select 1')).toBe('1')
  await client.end()
})

test('from an idle client it hits nobody, though another client uses its last backend', async () => {
  const idle = await RawClient.connect(pooler.url)
  const pid = await idle.value('select pg_backend_pid()')
  const busy = await Promise.all([1, 2].map(() => RawClient.connect(pooler.url)))
  for (const client of busy) await client.ask(send.query('begin'))
  const pids = await Promise.all(busy.map((client) => client.value('select pg_backend_pid()')))
  expect(pids).toContain(pid)
  const answers = busy.map((client) => client.ask(send.query('select pg_sleep(0.3)')))
  await sleeping(2)
  await cancel(idle.pid, idle.secretKey)
  for (const answer of answers) expect((await answer).errors).toEqual([])
  for (const client of [idle, ...busy]) await client.end()
})

test('with a wrong key, or for nobody, it does nothing', async () => {
  const client = await RawClient.connect(pooler.url)
  const answer = client.ask(send.query('select pg_sleep(0.3)'))
  await sleeping(1)
  await cancel(client.pid, Buffer.from([1, 2, 3, 4]))
  await cancel(client.pid, Buffer.alloc(0))
  await cancel(4711, client.secretKey)
  expect((await answer).errors).toEqual([])
  await client.end()
})

test('a cancel that comes too late never hits the next user of the backend', async () => {
  const early = await RawClient.connect(pooler.url)
  const others = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
  let wrong = 0
  for (let round = 0; round < 60; round += 1) {
    // Sent together: the cancel arrives while the query runs, ends, or has ended.
    const quick = early.ask(send.query('select 1'))
    const cancelled = cancel(early.pid, early.secretKey)
    const answers = await Promise.all(others.map((client) => client.ask(send.query('select pg_sleep(0.001)'))))
    wrong += answers.filter(({ errors }) => errors.length > 0).length
    await Promise.all([quick, cancelled])
  }
  expect(wrong).toBe(0)
  for (const client of [early, ...others]) await client.end()
})
