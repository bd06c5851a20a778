/**
 * A batch of 50,000 items that cost nothing, from its input to its end, through a transaction-mode pooler. Meanwhile its
 * status is asked for fifty times a second. What counts: how long the status takes, the time that PostgreSQL works for an
 * item, and whether the worker grows.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { ensureTenant, silentLogger, wait, type TenantId } from '@pooler-safe/example-foundation'
import {
  batchJobTypes,
  BatchProcessor,
  migrateBatchProcessor,
  streamedTextLines,
} from '@pooler-safe/example-batch-processor'
import { JobService } from '@pooler-safe/example-job-service'
import { findPgBouncer, startPgBouncer, startPooler, startPostgres } from '@pooler-safe/testkit'
import { createDatabase, type Database } from 'pooler-safe'
import { type BenchReport, type CaseResult, machine, median, print } from './harness.ts'
import type { BatchWorkerMessage, BatchWorkerOrder } from './services-batch/worker.ts'

const items = 50_000
/** The worker is measured each time that many further items are done. */
const measuredEach = 5_000
const maxConcurrent = 50
const statusLimitMs = 50
const databaseLimitMs = 5
const logger = silentLogger()
const execArgv = [...process.execArgv, '--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

type Size = Exclude<BatchWorkerMessage, 'ready'>

class WorkerProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(url: string): Promise<WorkerProcess> {
    const child = fork(join(import.meta.dirname, 'services-batch/worker.ts'), [url], { execArgv })
    await once(child, 'message')
    return new WorkerProcess(child)
  }

  async measure(): Promise<Size> {
    const answer = once(this.#child, 'message') as Promise<[Size]>
    this.#order('measure')
    return (await answer)[0]
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#order('stop')
    await exited
  }

  #order(order: BatchWorkerOrder): void {
    this.#child.send(order)
  }
}

interface Measured {
  readonly importMs: number
  readonly runMs: number
  readonly statusMs: readonly number[]
  readonly databaseMsPerItem: number
  readonly sizes: readonly Size[]
  readonly trivialMs: readonly number[]
}

async function* lines(): AsyncGenerator<string> {
  for (let n = 0; n < items; n += 1_000) {
    yield await Promise.resolve(Array.from({ length: 1_000 }, (_, at) => `site-${n + at}.example\n`).join(''))
  }
}

/** Milliseconds that backends of the database have spent on statements. Backends report at most once a second. */
async function activeMs(direct: Database): Promise<number> {
  await wait(2_500)
  const { rows } = await direct.query<{ ms: number }>(
    'select active_time::float8 as ms from pg_stat_database where datname = current_database()',
  )
  return rows[0]?.ms ?? Number.NaN
}

async function run(url: string, directUrl: string): Promise<Measured> {
  await using database = createDatabase({ url, max: 4, applicationName: 'bench' })
  await using direct = createDatabase({ url: directUrl, max: 1, applicationName: 'bench-direct' })
  const jobs = await JobService.open({ database, types: batchJobTypes, logger })
  const processors = { nothing: () => Promise.resolve(null) }
  const batches = await BatchProcessor.open({ database, jobs, processors, logger })
  const tenant = await ensureTenant(database, 'bench')
  const importStarted = performance.now()
  const { batch } = await batches.importBatchWithOwnSession(tenant, streamedTextLines(lines()), {
    kind: 'nothing',
    maxConcurrent,
  })
  const importMs = performance.now() - importStarted
  const before = await activeMs(direct)
  const worker = await WorkerProcess.start(url)
  try {
    const started = performance.now()
    const watched = await watch(batches, database, tenant, batch.id, worker)
    const runMs = performance.now() - started
    const databaseMsPerItem = ((await activeMs(direct)) - before) / items
    await requireRight(direct, batch.id)
    return { importMs, runMs, databaseMsPerItem, ...watched }
  } finally {
    await worker.stop()
    await jobs.close()
  }
}

async function watch(
  batches: BatchProcessor,
  database: Database,
  tenant: TenantId,
  id: string,
  worker: WorkerProcess,
): Promise<Pick<Measured, 'statusMs' | 'trivialMs' | 'sizes'>> {
  const statusMs: number[] = []
  const trivialMs: number[] = []
  const sizes: Size[] = []
  for (;;) {
    const started = performance.now()
    const { state, counts } = await batches.getBatchStatus(database, tenant, id, { limit: 50 })
    statusMs.push(performance.now() - started)
    const { total, queued, running, succeeded, failed, cancelled } = counts
    if (queued + running + succeeded + failed + cancelled !== total) throw new Error('the counts do not add up')
    // What the machine makes of the cheapest query at the same time.
    const trivialStarted = performance.now()
    await database.query('select 1')
    trivialMs.push(performance.now() - trivialStarted)
    if (succeeded >= measuredEach * (sizes.length + 1)) sizes.push(await worker.measure())
    if (state === 'succeeded') return { statusMs, trivialMs, sizes }
    await wait(20)
  }
}

/** A figure for items that were lost or run twice would be worth nothing. */
async function requireRight(direct: Database, id: string): Promise<void> {
  const { rows } = await direct.query<{ wrong: number; items: number }>(
    `select count(*)::int as items,
       count(*) filter (where state <> 'succeeded' or attempts <> 1 or result->>'title' <> 'Page ' || ordinal)::int as wrong
     from domain_batch_items where batch_id = $1`,
    [id],
  )
  if (rows[0]?.items !== items || rows[0].wrong !== 0) throw new Error(`items are wrong: ${JSON.stringify(rows)}`)
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

function casesOf(
  name: string,
  { importMs, runMs, statusMs, trivialMs, databaseMsPerItem, sizes }: Measured,
): CaseResult[] {
  const [p50, p99] = [percentile(statusMs, 0.5), percentile(statusMs, 0.99)]
  const once = (what: string, ratio: number, unit: string, target?: number, perSecond?: number): CaseResult => ({
    case: `${name}: ${what}`,
    ratio,
    unit,
    runs: 1,
    spread: [ratio, ratio],
    ...(perSecond === undefined ? {} : { perSecond }),
    ...(target === undefined ? {} : { target }),
  })
  const half = sizes.length >> 1
  const sizeOf = (some: readonly Size[], kind: keyof Size): number => median(some.map((size) => size[kind]))
  return [
    once(
      `${statusLimitMs} ms / p99 of getBatchStatus (${p99.toFixed(1)} ms; p50 ${p50.toFixed(1)} ms; ${statusMs.length} times)`,
      statusLimitMs / p99,
      '× the limit',
      1,
    ),
    once(
      `${databaseLimitMs} ms / database time of an item (${databaseMsPerItem.toFixed(2)} ms)`,
      databaseLimitMs / databaseMsPerItem,
      '× the limit',
      1,
    ),
    once(
      `p99 of select 1 (${percentile(trivialMs, 0.99).toFixed(1)} ms) / p99 of getBatchStatus`,
      percentile(trivialMs, 0.99) / p99,
      '× time',
    ),
    ...(['heapUsed', 'rss'] as const).map((kind) => {
      const [early, late] = [sizeOf(sizes.slice(0, half), kind), sizeOf(sizes.slice(half), kind)]
      const what = kind === 'rss' ? 'memory' : 'heap after GC'
      return once(
        `worker’s ${what} in the first half (${megabytes(early)}) / in the second (${megabytes(late)})`,
        early / late,
        '× size',
        0.9,
      )
    }),
    once('items run / 1,000 per second', items / runMs, '× a thousand items', undefined, (items * 1_000) / runMs),
    once(
      'lines read / 1,000 per second',
      items / importMs,
      '× a thousand lines',
      undefined,
      (items * 1_000) / importMs,
    ),
  ]
}

// Durable, unlike a server for tests: what is measured includes waiting for the disk.
await using postgres = await startPostgres({
  settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
})
const cases: CaseResult[] = []
{
  await using pooler = await startPooler({ upstream: postgres.url, poolSize: 6 })
  await migrateBatchProcessor(postgres.url, logger)
  cases.push(...casesOf('rotating pooler', await run(pooler.url, postgres.url)))
}
let version: string | undefined
if (findPgBouncer()) {
  const database = createDatabase({ url: postgres.url, max: 1 })
  await database.query('create database behind_pgbouncer')
  await database.close()
  const directUrl = postgres.urlFor('behind_pgbouncer')
  await migrateBatchProcessor(directUrl, logger)
  const pgBouncer = await startPgBouncer({ upstream: directUrl, poolSize: 6 })
  version = pgBouncer.version
  try {
    cases.push(...casesOf('PgBouncer', await run(pgBouncer.url, directUrl)))
  } finally {
    await pgBouncer.stop()
  }
}
const report: BenchReport = {
  name: 'services-batch',
  machine: machine({ postgres: postgres.version, ...(version === undefined ? {} : { pgbouncer: version }) }),
  cases,
}
print(report)
