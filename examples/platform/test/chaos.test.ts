import { silentLogger } from '@pooler-safe/example-foundation'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { killWorkers } from '../src/chaos/kill-workers.ts'
import { migratePlatform } from '../src/index.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

test('(8) kill -9 of random workers in the middle of a batch of scans: nothing is lost, nothing is done twice, no backend is dirty', async () => {
  const result = await killWorkers({
    directUrl: database.directUrl,
    items: 200,
    rounds: 3,
    seed: 7,
    workers: 2,
    limitMs: 150_000,
  })
  expect(result.wrong).toEqual([])
  const { succeeded, failed } = result.counts
  expect({ succeeded, failed }).toEqual(result.expected)
  // It did hit somebody who held items.
  expect(result.kills.ofHolder).toBeGreaterThan(0)
  expect(result.runAgain).toBeGreaterThan(0)
  expect(result.audits.length).toBeGreaterThan(0)
  expect(result.audits.filter(({ clean }) => !clean)).toEqual([])
}, 180_000)
