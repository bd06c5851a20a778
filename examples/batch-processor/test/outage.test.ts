import { startPooler } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { startBatchWorker } from '../src/index.ts'
import { countedTwice, hasEnded, testLogger, until, useBatchDatabase, useBatches } from './batch-database.ts'
import { loopbackClient } from './web.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { work: () => Promise.resolve(null) })

test('the pooler dies and comes back in the middle of a batch, three times: every item ends, none is lost, none ends twice', async () => {
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  await using doomed = createDatabase({ url: pooler.url, max: 4, onError: () => undefined })
  const runs = new Map<number, number>()
  const worker = await startBatchWorker({
    database: doomed,
    http: loopbackClient(1),
    logger: testLogger,
    pollMs: 20,
    leaseMs: 3_000,
    recoverMs: 200,
    graceMs: 0,
    tuning: { leaseMs: 3_000, lookMs: 20 },
    processors: {
      work: async ({ ordinal }) => {
        runs.set(ordinal, (runs.get(ordinal) ?? 0) + 1)
        await new Promise((resolve) => setTimeout(resolve, 4))
        return ordinal
      },
    },
  })
  try {
    const { batch } = await under.batches.initiateBatchProcessing(
      under.database,
      under.tenant,
      Array.from({ length: 900 }, (_, n) => `outage-${n}.test`),
      { kind: 'work', maxConcurrent: 10 },
    )
    for (const done of [100, 300, 500]) {
      await until(under, batch.id, ({ counts }) => counts.succeeded >= done)
      await pooler.stop({ drainMs: 0 })
      pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    }
    await until(under, batch.id, hasEnded, 30_000)
    const { said, counted } = await countedTwice(database, batch.id)
    expect(said).toEqual(counted)
    expect(said).toEqual([900, 0, 0, 900, 0, 0, {}])
    expect(runs.size).toBe(900)
    const { rows } = await database.query(
      'select count(*)::int as wrong from domain_batch_items where batch_id = $1 and result <> to_jsonb(ordinal)',
      [batch.id],
    )
    expect(rows).toEqual([{ wrong: 0 }])
  } finally {
    await worker.stop()
    await doomed.close()
    await pooler.stop({ drainMs: 0 })
  }
}, 90_000)
