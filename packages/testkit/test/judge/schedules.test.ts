import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { startPooler, type Pooler, type StartPoolerOptions } from '../../src/index.ts'
import { RawClient } from '../raw-client.ts'

const database = useTestDatabase()

/** The backends of a client's transactions, numbered in the order they were first seen. */
async function sequence(
  options: Partial<StartPoolerOptions>,
  between: (pooler: Pooler, round: number) => void = () => undefined,
): Promise<number[]> {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 3, seed: 9, ...options })
  const client = await RawClient.connect(pooler.url)
  for (let round = 0; round < 24; round += 1) {
    between(pooler, round)
    await client.value('select 1')
  }
  await client.end()
  const order: number[] = []
  return pooler.recording.backendsOf(1).map((pid) => {
    if (!order.includes(pid)) order.push(pid)
    return order.indexOf(pid)
  })
}

const changes = (pids: readonly number[]): number[] =>
  pids.flatMap((pid, index) => (index > 0 && pid !== pids[index - 1] ? [index] : []))

test('rotate changes with every transaction', async () => {
  expect(changes(await sequence({ schedule: 'rotate' }))).toHaveLength(23)
})

test('random both stays and changes, as its seed says', async () => {
  const first = await sequence({ schedule: 'random' })
  const moved = changes(first).length
  expect(moved).toBeGreaterThan(3)
  expect(moved).toBeLessThan(23)
  expect(await sequence({ schedule: 'random' })).toEqual(first)
  expect(await sequence({ schedule: 'random', seed: 10 })).not.toEqual(first)
})

test.for(['off', 'every'] as const)('sticky stays while its backend is free (audit %s)', async (audit) => {
  expect(changes(await sequence({ schedule: 'sticky', audit }))).toEqual([])
})

test.for(['off', 'every'] as const)('swap-on-demand changes when it is told to, and once (audit %s)', async (audit) => {
  const swap = (pooler: Pooler, round: number): void => {
    if (round === 5 || round === 17) pooler.swap()
  }
  expect(changes(await sequence({ schedule: 'swap-on-demand', audit }, swap))).toEqual([5, 17])
})

test('one-backend has one, whatever the pool size', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 3, schedule: 'one-backend' })
  const clients = await Promise.all([1, 2, 3].map(() => RawClient.connect(pooler.url)))
  const pids = await Promise.all(clients.map((client) => client.value('select pg_backend_pid()')))
  expect(new Set(pids).size).toBe(1)
  for (const client of clients) await client.end()
})
