import { newId } from '@pooler-safe/example-foundation'
import { expect, test } from 'vitest'
import { lockBatch } from '../src/store/batches.ts'
import { claimItems, endItems, extendLeases, takeLost } from '../src/store/items.ts'
import { countedTwice, useBatchDatabase, useBatches } from './batch-database.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { work: () => Promise.resolve(null) })

test('a run whose item was taken can neither end it nor keep it, and its result is dropped', async () => {
  const { batch } = await under.batches.initiateBatchProcessing(
    under.database,
    under.tenant,
    ['one.test', 'two.test'],
    {
      kind: 'work',
    },
  )
  const { id } = batch
  const [stale, holder] = [newId(), newId()]
  const claim = (runner: string, leaseMs: number) =>
    under.database.transaction(async (tx) => {
      await lockBatch(tx, under.tenant, id)
      await takeLost(tx, id, null, runner)
      return claimItems(tx, { batchId: id, jobId: null, runner, leaseMs, limit: 2, maxPerDomain: 2 })
    })
  const end = (attempts: number, result: string) =>
    endItems(under.database, id, [{ ordinal: 1, attempts, to_state: 'succeeded', failed: false, result }])

  expect((await claim(stale, 0)).map(({ attempts }) => attempts)).toEqual([1, 1])
  expect((await claim(holder, 60_000)).map(({ attempts }) => attempts)).toEqual([2, 2])
  expect(await end(1, 'stale')).toEqual({ ended: [], finished: false })
  await extendLeases(under.database, id, stale, 3_600_000)
  const { rows } = await database.query<{ held: boolean }>(
    `select bool_and(runner = $2 and lease_expires_at < now() + interval '5 minutes') as held
     from domain_batch_items where batch_id = $1`,
    [id, holder],
  )
  expect(rows).toEqual([{ held: true }])
  expect(await end(2, 'held')).toEqual({ ended: [{ ordinal: 1, state: 'succeeded' }], finished: false })
  // The same end once more: the answer to the first was lost.
  expect(await end(2, 'again')).toEqual({ ended: [], finished: false })
  const status = await under.batches.getBatchStatus(under.database, under.tenant, id)
  expect(status.items.items[0]).toMatchObject({ state: 'succeeded', result: 'held', attempts: 2 })
  const { said, counted } = await countedTwice(database, id)
  expect(said).toEqual(counted)
})

test('an item that has cost ten workers is believed to be the cause, and fails', async () => {
  const { batch } = await under.batches.initiateBatchProcessing(under.database, under.tenant, ['deadly.test'], {
    kind: 'work',
  })
  const { id } = batch
  for (let loss = 0; loss < 10; loss += 1) {
    await under.database.transaction(async (tx) => {
      await lockBatch(tx, under.tenant, id)
      const claimed = await claimItems(tx, {
        batchId: id,
        jobId: null,
        runner: newId(),
        leaseMs: -1,
        limit: 1,
        maxPerDomain: 1,
      })
      expect(claimed).toHaveLength(1)
      await takeLost(tx, id, null, newId())
    })
  }
  expect(await under.batches.getBatchStatus(under.database, under.tenant, id)).toMatchObject({
    state: 'failed',
    topErrors: [{ errorCode: 'worker_lost', items: 1 }],
    items: { items: [{ state: 'failed', attempts: 10, failures: 0 }] },
  })
})
