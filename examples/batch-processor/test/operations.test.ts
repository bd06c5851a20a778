import { newId, type TenantId } from '@pooler-safe/example-foundation'
import { parse } from 'csv-parse/sync'
import { describe, expect, test } from 'vitest'
import type { BatchProcessor } from '../src/index.ts'
import { hasEnded, until, useBatchDatabase, useBatches, useBatchWorkers } from './batch-database.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { work: () => Promise.resolve(null) })
const startWorker = useBatchWorkers(under)
const initiate = (domains: readonly string[], options: Parameters<BatchProcessor['initiateBatchProcessing']>[3] = {}) =>
  under.batches.initiateBatchProcessing(under.database, under.tenant, domains, { kind: 'work', ...options })

describe('tenants', () => {
  test('a tenant cannot see or touch the batch of another by any operation', async () => {
    const { batch } = await initiate(['one.test', 'one.test', 'bad'])
    const { batches, database: db, otherTenant: other } = under
    const before = await batches.getBatch(db, under.tenant, batch.id)
    const operations: (() => Promise<unknown>)[] = [
      () => batches.getBatch(db, other, batch.id),
      () => batches.getBatchStatus(db, other, batch.id),
      () => batches.getBatchProgress(db, other, batch.id),
      () => batches.listBatchItems(db, other, batch.id),
      () => batches.listRejectedLines(db, other, batch.id),
      () => batches.exportBatch(db, other, batch.id, 'csv').next(),
      () => batches.addLines(db, other, batch.id, [{ line: 9, text: 'nine.test' }]),
      () => batches.startBatch(db, other, batch.id),
      () => batches.pauseBatch(db, other, batch.id),
      () => batches.resumeBatch(db, other, batch.id),
      () => batches.cancelBatch(db, other, batch.id),
      () => batches.retryFailedItems(db, other, batch.id),
      () => batches.processBatchWithOwnSession(other, batch.id),
    ]
    for (const operation of operations) {
      await expect(operation(), operation.toString()).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })
    }
    expect((await batches.listBatches(db, other)).items).toEqual([])
    expect(await batches.listBatches(db, other, { host: 'one.test' })).toEqual({ items: [], next: undefined })
    expect(await batches.deleteFinishedBatches(db, other, new Date(Date.now() + 1_000))).toBe(0)
    expect(await batches.getBatch(db, under.tenant, batch.id)).toEqual(before)
  })

  test('the same key of two tenants is two batches; a tenant that is not there has none', async () => {
    const first = await initiate(['one.test'], { idempotencyKey: 'shared' })
    const second = await under.batches.initiateBatchProcessing(under.database, under.otherTenant, ['one.test'], {
      idempotencyKey: 'shared',
    })
    expect([first.created, second.created]).toEqual([true, true])
    await expect(
      under.batches.initiateBatchProcessing(under.database, newId() as TenantId, ['one.test']),
    ).rejects.toMatchObject({ code: 'TENANT_UNKNOWN' })
  })

  test('ids that are none are not found', async () => {
    for (const id of ['', 'x', '1', "'; --", newId()]) {
      await expect(under.batches.getBatchStatus(under.database, under.tenant, id)).rejects.toMatchObject({
        code: 'BATCH_NOT_FOUND',
      })
    }
  })
})

describe('making', () => {
  test('the same request twelve times at once makes one batch and one job; another one under its key is refused', async () => {
    const made = await Promise.all(
      Array.from({ length: 12 }, () => initiate(['one.test', 'two.test'], { idempotencyKey: 'once' })),
    )
    expect(new Set(made.map(({ batch }) => batch.id)).size).toBe(1)
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    const { rows } = await database.query(`select from jobs where payload->>'batchId' = $1`, [made[0]!.batch.id])
    expect(rows).toHaveLength(1)
    for (const [domains, more] of [
      [['one.test'], {}],
      [['one.test', 'two.test'], { maxConcurrent: 3 }],
    ] as const) {
      await expect(initiate(domains, { idempotencyKey: 'once', ...more })).rejects.toMatchObject({
        code: 'BATCH_IDEMPOTENCY_CONFLICT',
      })
    }
  })

  test('commits or rolls back with the transaction of the caller, job and all', async () => {
    let id = ''
    const undone = under.database.transaction(async (tx) => {
      const { batch } = await under.batches.initiateBatchProcessing(tx, under.tenant, ['one.test'], { kind: 'work' })
      id = batch.id
      expect((await under.batches.getBatchStatus(tx, under.tenant, id)).counts.total).toBe(1)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    await expect(under.batches.getBatch(under.database, under.tenant, id)).rejects.toMatchObject({
      code: 'BATCH_NOT_FOUND',
    })
    const { rows } = await database.query(`select from jobs where payload->>'batchId' = $1`, [id])
    expect(rows).toEqual([])
  })

  test('an open batch is not run, takes lines once each, and takes none after it was started', async () => {
    const { batches, database: db, tenant } = under
    const { id } = await batches.createBatch(db, tenant, { kind: 'work' })
    await expect(batches.startBatch(db, tenant, id)).rejects.toMatchObject({ code: 'BATCH_EMPTY' })
    await Promise.all(
      Array.from({ length: 12 }, () =>
        batches.addLines(db, tenant, id, [
          { line: 1, text: 'one.test' },
          { line: 2, text: 'bad' },
        ]),
      ),
    )
    expect(
      await batches
        .processBatchWithOwnSession(tenant, id, { signal: AbortSignal.timeout(300), lookMs: 20 })
        .catch((error: unknown) => (error as Error).name),
    ).toBe('TimeoutError')
    const started = await batches.startBatch(db, tenant, id)
    expect(started).toMatchObject({ counts: { total: 1, queued: 1 }, lines: { kept: 1, invalid: 1, duplicate: 0 } })
    await expect(batches.addLines(db, tenant, id, [{ line: 3, text: 'three.test' }])).rejects.toMatchObject({
      code: 'BATCH_SEALED',
    })
    await expect(batches.startBatch(db, tenant, id)).rejects.toMatchObject({ code: 'BATCH_SEALED' })
  })

  test('an open batch that is cancelled is cancelled, with or without items', async () => {
    const { batches, database: db, tenant } = under
    for (const lines of [[], [{ line: 1, text: 'one.test' }]]) {
      const { id } = await batches.createBatch(db, tenant, { kind: 'work' })
      await batches.addLines(db, tenant, id, lines)
      expect(await batches.cancelBatch(db, tenant, id)).toMatchObject({ state: 'cancelled', sealed: true })
    }
  })

  test('twelve clients pause, resume, cancel and read one batch while it runs: it ends, and the counts are those of its items', async () => {
    await startWorker({ processors: { work: () => new Promise((resolve) => setTimeout(resolve, 2)) } })
    const { batch } = await initiate(
      Array.from({ length: 300 }, (_, n) => `busy-${n}.test`),
      { maxConcurrent: 10 },
    )
    const { batches, database: db, tenant } = under
    const clients = Array.from({ length: 12 }, async (_, client) => {
      for (let turn = 0; turn < 8; turn += 1) {
        const act =
          client % 2 === 0 ? batches.pauseBatch(db, tenant, batch.id) : batches.resumeBatch(db, tenant, batch.id)
        await act.catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'BATCH_TRANSITION_REFUSED' })
        })
        const { counts } = await batches.getBatchStatus(db, tenant, batch.id)
        const { total, queued, running, succeeded, failed, cancelled } = counts
        expect(queued + running + succeeded + failed + cancelled).toBe(total)
      }
    })
    await Promise.all(clients)
    await batches.resumeBatch(db, tenant, batch.id).catch(() => undefined)
    await until(under, batch.id, hasEnded)
    const { rows } = await database.query(
      'select count(*)::int as items, max(attempts) as most from domain_batch_items where batch_id = $1 and state = $2',
      [batch.id, 'succeeded'],
    )
    expect(rows).toEqual([{ items: 300, most: 1 }])
  })
})

describe('the history', () => {
  test('is filtered by state, kind, site and time, newest first, page by page', async () => {
    const { batches, database: db, tenant } = under
    const from = new Date()
    const made: string[] = []
    for (const host of ['a.test', 'b.test', 'c.test'])
      made.push((await initiate([host], { kind: 'home-page' })).batch.id)
    await batches.cancelBatch(db, tenant, made[1]!)
    const ids = async (filter: object, page = {}) =>
      (await batches.listBatches(db, tenant, filter, page)).items.map(({ id }) => id)
    expect(await ids({ createdFrom: from })).toEqual([...made].reverse())
    expect(await ids({ createdFrom: from, state: 'cancelled' })).toEqual([made[1]])
    expect(await ids({ createdFrom: from, kind: 'work' })).toEqual([])
    expect(await ids({ host: 'https://www.C.test/' })).toEqual([made[2]])
    expect(await ids({ createdFrom: from, createdBefore: from })).toEqual([])
    const first = await batches.listBatches(db, tenant, { createdFrom: from }, { limit: 2 })
    expect(first.next).toBe(made[1])
    expect(await ids({ createdFrom: from }, { limit: 2, after: first.next })).toEqual([made[0]])
    for (const bad of [
      () => batches.listBatches(db, tenant, { state: 'done' as never }),
      () => batches.listBatches(db, tenant, {}, { limit: 0 }),
      () => batches.listBatches(db, tenant, {}, { after: 'x' }),
      () => batches.listBatches(db, tenant, { createdFrom: new Date('x') }),
      () => batches.getBatchStatus(db, tenant, made[0]!, { after: -1 }),
      () => batches.getBatchStatus(db, tenant, made[0]!, {}, { state: 'done' as never }),
    ]) {
      await expect(bad()).rejects.toMatchObject({ code: 'BATCH_INPUT_INVALID' })
    }
  })

  test('batches that ended long ago are deleted with everything of theirs', async () => {
    const { batch } = await initiate(['old.test', 'old.test', 'x'])
    await under.batches.cancelBatch(under.database, under.tenant, batch.id)
    await under.batches.deleteFinishedBatches(under.database, under.tenant, new Date(Date.now() + 60_000))
    const { rows } = await database.query(
      `select (select count(*) from domain_batches where id = $1) + (select count(*) from domain_batch_items where batch_id = $1)
         + (select count(*) from domain_batch_rejects where batch_id = $1) as rows`,
      [batch.id],
    )
    expect(rows).toEqual([{ rows: '0' }])
  })
})

describe('exports', () => {
  const read = async (parts: AsyncIterable<string>): Promise<string[]> => {
    const all: string[] = []
    for await (const part of parts) all.push(part)
    return all
  }

  test('hold every item in the order of the input, in parts, whatever the items contain', async () => {
    const title = '=cmd|"/c calc"!A1, "quoted"\r\nnew line <script>'
    await startWorker({
      processors: {
        work: ({ ordinal }) =>
          ordinal % 2 === 0
            ? Promise.resolve({ title })
            : Promise.reject(Object.assign(new Error(title), { code: 'odd', retryable: false })),
      },
    })
    const { batch } = await initiate(
      Array.from({ length: 1_201 }, (_, n) => `export-${n}.test`),
      { maxConcurrent: 200 },
    )
    await until(under, batch.id, hasEnded)
    const { batches, database: db, tenant } = under

    const csv = await read(batches.exportBatch(db, tenant, batch.id, 'csv'))
    expect(csv.length).toBe(4)
    const records = parse(csv.join(''), { columns: true })
    expect(records).toHaveLength(1_201)
    expect(records[1_200]).toMatchObject({
      line: '1201',
      host: 'export-1200.test',
      state: 'failed',
      error_code: 'odd',
      // A spreadsheet would run it.
      error: `'${title}`,
      result: '',
    })
    expect(JSON.parse((records[1] as { result: string }).result)).toEqual({ title })

    const ndjson = (await read(batches.exportBatch(db, tenant, batch.id, 'ndjson'))).join('').trimEnd().split('\n')
    expect(ndjson.map((line) => (JSON.parse(line) as { ordinal: number }).ordinal)).toEqual(
      Array.from({ length: 1_201 }, (_, n) => n + 1),
    )
    const json = JSON.parse((await read(batches.exportBatch(db, tenant, batch.id, 'json'))).join('')) as {
      batch: { id: string; state: string }
      items: unknown[]
    }
    expect(json).toMatchObject({ batch: { id: batch.id, state: 'partial' } })
    expect(json.items).toHaveLength(1_201)
    await expect(read(batches.exportBatch(db, tenant, batch.id, 'xlsx' as never))).rejects.toMatchObject({
      code: 'BATCH_INPUT_INVALID',
    })
  })
})
