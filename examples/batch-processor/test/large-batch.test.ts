import { expect, test } from 'vitest'
import { streamedTextLines } from '../src/index.ts'
import { useBatchDatabase, useBatches } from './batch-database.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { work: () => Promise.resolve(null) })
const lines = 100_000

test('(12) 100,000 lines are stored as they come, and a status reads one page of them, however many there are', async () => {
  let read = 0
  let mostAhead = 0
  async function* input(): AsyncGenerator<string> {
    for (let from = 0; from < lines; from += 500) {
      if (from % 20_000 === 0) {
        const { rows } = await database.query<{ stored: number }>(
          'select coalesce(sum(total), 0)::int as stored from domain_batches',
        )
        mostAhead = Math.max(mostAhead, read - rows[0]!.stored)
      }
      read += 500
      yield Array.from({ length: 500 }, (_, n) => `site-${from + n}.example\n`).join('')
    }
  }
  const { batch } = await under.batches.importBatchWithOwnSession(under.tenant, streamedTextLines(input()), {
    kind: 'work',
  })
  expect(batch.counts).toMatchObject({ total: lines, queued: lines })
  // What is in memory is a chunk, not the input.
  expect(mostAhead).toBeLessThanOrEqual(2_000)

  await database.query('analyze domain_batch_items')
  const asked = 20
  const rowsRead = await under.database.transaction(async (tx) => {
    // What this backend has read of the table since it last reported.
    const read = async (): Promise<number> => {
      const { rows } = await tx.query<{ read: number }>(
        `select (seq_tup_read + idx_tup_fetch)::float8 as read from pg_stat_xact_user_tables
         where relname = 'domain_batch_items'`,
      )
      return rows[0]?.read ?? 0
    }
    const before = await read()
    for (let n = 0; n < asked; n += 1) {
      const page = { limit: 50, after: n * 1_000 }
      const status = await under.batches.getBatchStatus(tx, under.tenant, batch.id, page)
      expect(status.counts.total).toBe(lines)
      expect(status.items.items).toHaveLength(50)
    }
    return (await read()) - before
  })
  expect(rowsRead).toBeGreaterThan(0)
  expect(rowsRead).toBeLessThanOrEqual(asked * 51)

  // Cancelling is one statement, whatever the size.
  const cancelled = await under.batches.cancelBatch(under.database, under.tenant, batch.id)
  expect(cancelled).toMatchObject({ state: 'cancelled', counts: { cancelled: lines } })
}, 120_000)
