import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { startPooler } from '../../src/index.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase()

test.for([
  { sql: 'set work_mem = 1024', hazard: 'session-set' },
  { sql: 'listen news', hazard: 'listen' },
  { sql: 'select pg_advisory_lock(1)', hazard: 'advisory-session-lock' },
  { sql: 'create temp table strict_one (id int)', hazard: 'temp-table' },
  { sql: `set local work_mem = '7MB'`, hazard: 'set-local-outside-tx' },
] as const)('the profile strict refuses before it runs: $sql', async ({ sql, hazard }) => {
  for (const request of [send.query(sql), send.extended(sql)]) {
    await using pooler = await startPooler({ upstream: database.directUrl, profile: 'strict' })
    const client = await RawClient.connect(pooler.url)
    client.write(request)
    const [error] = await client.closed
    expect(error).toMatchObject({ severity: 'FATAL', code: 'XX000' })
    expect(error?.message).toContain(`pooler-safe: ${hazard}: `)
    expect(pooler.violations().map((violation) => violation.hazard)).toContain(hazard)
    const dirty = await database.query(`select from pg_locks where locktype = 'advisory'`)
    expect(dirty.rowCount).toBe(0)
  }
})

test('a text that comes in pieces is refused all the same', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, profile: 'strict' })
  await database.query('create table untouched (id int)')
  const client = await RawClient.connect(pooler.url)
  const request = send.query('insert into untouched values (1); select pg_advisory_lock(1)')
  client.socket.setNoDelay(true)
  client.write(request.subarray(0, 20))
  await new Promise((resolve) => setTimeout(resolve, 30))
  client.write(request.subarray(20))
  await client.closed
  expect((await database.query('select from untouched')).rowCount).toBe(0)
  expect(pooler.violations()).not.toEqual([])
})

test('what is safe passes', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, profile: 'strict' })
  const client = await RawClient.connect(pooler.url)
  for (const sql of ['begin', `set local work_mem = '7MB'`, 'select pg_advisory_xact_lock(1)', 'commit', 'select 1']) {
    expect((await client.ask(send.query(sql))).errors).toEqual([])
  }
  expect((await client.ask(send.extended('select $1::int', ['1']))).errors).toEqual([])
  await client.end()
  expect(pooler.violations()).toEqual([])
})
