/**
 * Trivial jobs from end to end: one process adds them, one worker process claims them, runs them and writes their ends,
 * both through a transaction-mode pooler. In the same run pg-boss alone does the same without jobs, states and events.
 */
import { once } from 'node:events'
import { fork, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { ensureTenant, silentLogger } from '@pooler-safe/example-foundation'
import { JobService, migrateJobService } from '@pooler-safe/example-job-service'
import { findPgBouncer, startPgBouncer, startPooler, startPostgres } from '@pooler-safe/testkit'
import { PgBoss } from 'pg-boss'
import { createDatabase } from 'pooler-safe'
import { type BenchReport, type CaseResult, machine, median, print } from './harness.ts'
import type { WorkerMessage, WorkerOrder } from './jobs/messages.ts'
import { trivialTypes } from './jobs/types.ts'

const rounds = 5
const jobsPerRound = 10_000
const addedAtOnce = 500
const logger = silentLogger()

/** V8 enlarges its young generation when it sees fit: only when that has a fixed size is memory that grows ours. */
const execArgv = [...process.execArgv, '--expose-gc', '--min-semi-space-size=16', '--max-semi-space-size=16']

/** A worker process and what it was asked. */
class WorkerProcess {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(file: string, url: string): Promise<WorkerProcess> {
    const child = fork(join(import.meta.dirname, 'jobs', file), [url], { execArgv })
    const worker = new WorkerProcess(child)
    await worker.#answer('ready')
    return worker
  }

  /** Resolves when that many further jobs are done. */
  async count(count: number): Promise<void> {
    this.#order({ order: 'count', count })
    await this.#answer('counted')
  }

  async measure(): Promise<{ readonly rss: number; readonly heapUsed: number }> {
    this.#order({ order: 'measure' })
    return this.#answer('measured')
  }

  async stop(): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#order({ order: 'stop' })
    await exited
  }

  #order(order: WorkerOrder): void {
    this.#child.send(order)
  }

  async #answer<Said extends WorkerMessage['said']>(said: Said): Promise<Extract<WorkerMessage, { said: Said }>> {
    const answered = new AbortController()
    const { signal } = answered
    const ended = once(this.#child, 'exit', { signal }).then(([code]) => {
      throw new Error(`a worker process ended (${code}) before it said "${said}"`)
    })
    const answer = once(this.#child, 'message') as Promise<[WorkerMessage]>
    const [message] = await Promise.race([answer, ended]).finally(() => {
      answered.abort()
      ended.catch(() => undefined)
    })
    if (message.said !== said) throw new Error(`a worker process said "${message.said}" instead of "${said}"`)
    return message as Extract<WorkerMessage, { said: Said }>
  }
}

/** Jobs per second from the first that is added to the last whose end is written. */
async function rate(worker: WorkerProcess, add: (from: number, count: number) => Promise<unknown>): Promise<number> {
  const counted = worker.count(jobsPerRound)
  const started = performance.now()
  for (let at = 0; at < jobsPerRound; at += addedAtOnce) await add(at, addedAtOnce)
  await counted
  return (jobsPerRound * 1_000) / (performance.now() - started)
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`

async function throughLink(name: string, url: string): Promise<CaseResult[]> {
  const database = createDatabase({ url, max: 4, applicationName: 'bench' })
  const service = await JobService.open({ database, types: trivialTypes, logger })
  const tenant = await ensureTenant(database, 'bench')
  const boss = new PgBoss({ connectionString: url, max: 2, migrate: false, schedule: false, supervise: false })
  await boss.start()
  await boss.createQueue('bare')
  const ours = await WorkerProcess.start('worker.ts', url)
  const bare = await WorkerProcess.start('bare-worker.ts', url)
  try {
    const addOurs = (from: number, count: number): Promise<unknown> =>
      service.createJobs(
        database,
        tenant,
        Array.from({ length: count }, (_, n) => ({ type: 'trivial', payload: { n: from + n } })),
      )
    const addBare = (from: number, count: number): Promise<unknown> =>
      boss.insert(
        'bare',
        Array.from({ length: count }, (_, n) => ({ data: { n: from + n } })),
      )
    const rates: number[] = []
    const bareRates: number[] = []
    const sizes: { readonly rss: number; readonly heapUsed: number }[] = []
    for (let round = 0; round < rounds; round += 1) {
      rates.push(await rate(ours, addOurs))
      sizes.push(await ours.measure())
      bareRates.push(await rate(bare, addBare))
    }
    await requireOneRunEach(name, database, rounds * jobsPerRound)
    return [...speed(name, rates, bareRates), ...flatness(name, sizes)]
  } finally {
    await Promise.all([ours.stop(), bare.stop()])
    await boss.stop()
    await service.close()
    await database.close()
  }
}

/** A figure for jobs that were lost or run twice would be worth nothing. */
async function requireOneRunEach(
  name: string,
  database: ReturnType<typeof createDatabase>,
  count: number,
): Promise<void> {
  const { rows } = await database.query<{ events: string; jobs: number }>(
    `select events, count(*)::int as jobs from (
       select string_agg(to_state, ' ' order by id) as events from job_events group by job_id
     ) x group by events`,
  )
  const [only] = rows
  if (rows.length === 1 && only?.events === 'queued running succeeded' && only.jobs === count) return
  throw new Error(`${name}: jobs did not run once each: ${JSON.stringify(rows)}`)
}

function speed(name: string, rates: readonly number[], bareRates: readonly number[]): CaseResult[] {
  const ratios = rates.map((one, round) => one / (bareRates[round] ?? Number.NaN))
  return [
    {
      case: `${name}: jobs per second / 1,000`,
      ratio: median(rates) / 1_000,
      unit: '× a thousand jobs per second',
      runs: rates.length,
      spread: [Math.min(...rates) / 1_000, Math.max(...rates) / 1_000],
      perSecond: median(rates),
      target: 1,
    },
    {
      case: `${name}: job service / pg-boss alone (${median(bareRates).toFixed(0)} per second)`,
      ratio: median(ratios),
      unit: '× jobs per second',
      runs: ratios.length,
      spread: [Math.min(...ratios), Math.max(...ratios)],
      perSecond: median(rates),
    },
  ]
}

/** Size of the worker after the first round as a share of its size after the last: below 1 when it has grown. */
function flatness(name: string, sizes: readonly { readonly rss: number; readonly heapUsed: number }[]): CaseResult[] {
  const [first, last] = [sizes[0], sizes.at(-1)]
  if (!first || !last) return []
  const [few, many] = [jobsPerRound, jobsPerRound * sizes.length].map((count) => count.toLocaleString('en'))
  return (['heapUsed', 'rss'] as const).map((kind) => {
    const what = kind === 'rss' ? 'memory' : 'heap after GC'
    const ratio = first[kind] / last[kind]
    return {
      case: `${name}: worker’s ${what} after ${few} jobs (${megabytes(first[kind])}) / after ${many} (${megabytes(last[kind])})`,
      ratio,
      unit: '× size',
      runs: 1,
      spread: [ratio, ratio],
      target: 0.9,
    }
  })
}

// Durable, unlike a server for tests: what is measured includes waiting for the disk.
await using postgres = await startPostgres({
  settings: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' },
})
const cases: CaseResult[] = []
{
  await using pooler = await startPooler({ upstream: postgres.url, poolSize: 10 })
  await migrateJobService(postgres.url, logger)
  cases.push(...(await throughLink('rotating pooler', pooler.url)))
}
const found = findPgBouncer()
let version: string | undefined
if (found) {
  const database = createDatabase({ url: postgres.url, max: 1 })
  await database.query('create database behind_pgbouncer')
  await database.close()
  const directUrl = postgres.urlFor('behind_pgbouncer')
  await migrateJobService(directUrl, logger)
  const pgBouncer = await startPgBouncer({ upstream: directUrl, poolSize: 10 })
  version = pgBouncer.version
  try {
    cases.push(...(await throughLink('PgBouncer', pgBouncer.url)))
  } finally {
    await pgBouncer.stop()
  }
}
const report: BenchReport = {
  name: 'jobs',
  machine: machine({ postgres: postgres.version, ...(version === undefined ? {} : { pgbouncer: version }) }),
  cases,
}
print(report)
