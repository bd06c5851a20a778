import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { startPooler, type Pooler, type StartPoolerOptions } from '../../src/index.ts'
import { cancel } from '../cancel.ts'
import { RawClient, send } from '../raw-client.ts'

const database = useTestDatabase()

const start = (options: Partial<StartPoolerOptions> = {}): Promise<Pooler> =>
  startPooler({ upstream: database.directUrl, poolSize: 1, audit: 'every', ...options })

const charged = (pooler: Pooler) => pooler.violations().map(({ hazard, summary }) => ({ hazard, summary }))

test('a cancel that crosses the answer is nobody’s fault', async () => {
  await using pooler = await start({ schedule: 'one-backend', lateCancelMs: 60_000 })
  const client = await RawClient.connect(pooler.url)
  for (let round = 0; round < 20; round += 1) {
    const answer = client.ask(send.query('select 1'))
    await cancel(client, pooler)
    await answer
    await cancel(client, pooler)
  }
  await client.end()
  expect(charged(pooler)).toEqual([])
})

test('nor is the cancel of a client that waits for a backend', async () => {
  await using pooler = await start({ schedule: 'one-backend', lateCancelMs: 0 })
  const [holder, waiter] = await Promise.all([1, 2].map(() => RawClient.connect(pooler.url)))
  await holder!.ask(send.query('begin'))
  const answer = waiter!.ask(send.query('select 1'))
  await expect.poll(() => pooler.waiting()).toBe(1)
  await cancel(waiter!, pooler)
  await holder!.ask(send.query('commit'))
  expect((await answer).errors).toEqual([])
  for (const client of [holder!, waiter!]) await client.end()
  expect(charged(pooler)).toEqual([])
})

test('a cancel that hits a stranger is charged to its sender, however soon it came', async () => {
  await using pooler = await start({ profile: 'pgagroal', schedule: 'one-backend', lateCancelMs: 60_000 })
  const late = await RawClient.connect(pooler.url, { application_name: 'late' })
  await late.value('select 1')
  const stranger = await RawClient.connect(pooler.url)
  const answer = stranger.ask(send.query('select pg_sleep(60)'))
  await expect.poll(() => pooler.recording.statements({ sql: 'pg_sleep' }).length).toBe(1)
  await cancel(late, pooler)
  expect((await answer).errors).toMatchObject([{ code: '57014' }])
  for (const client of [late, stranger]) await client.end()
  expect(pooler.violations()).toMatchObject([
    { hazard: 'cancel-race', client: { applicationName: 'late' }, summary: expect.stringContaining('another client') },
  ])
})
