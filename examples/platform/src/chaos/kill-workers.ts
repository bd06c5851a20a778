import type { ItemCounts } from '@pooler-safe/example-batch-processor'
import { createHttpClient, ensureTenant, openDatabase, silentLogger, wait } from '@pooler-safe/example-foundation'
import { companyFate, startDemoWorld, type CompanyFate } from '@pooler-safe/example-foundation/demo'
import { startPooler, type BackendAudit } from '@pooler-safe/testkit'
import { openPlatform } from '../platform.ts'
import { findWrongItems, holderOf } from './evidence.ts'
import { WorkerFleet } from './worker-fleet.ts'

export interface KillWorkersOptions {
  /** Of a PostgreSQL with the tables of all services; the pooler in front of it is started here. */
  readonly directUrl: string
  readonly items: number
  readonly rounds: number
  readonly seed: number
  readonly workers?: number
  /** The run fails when it takes longer. Default 45 minutes. */
  readonly limitMs?: number
  readonly say?: (line: string) => void
}

export interface KillWorkersResult {
  readonly rounds: number
  /** Kills that hit the process which worked on the batch at that moment. */
  readonly kills: { readonly all: number; readonly ofHolder: number }
  readonly counts: ItemCounts
  /** What the fates of the sites say that the counts have to be. */
  readonly expected: { readonly succeeded: number; readonly failed: number }
  /** Items that were lost with their worker and run again. */
  readonly runAgain: number
  readonly requests: number
  /** One sentence for each thing that is not as it has to be. */
  readonly wrong: readonly string[]
  readonly audits: readonly BackendAudit[]
}

const codes: Readonly<Record<Exclude<CompanyFate, 'answers'>, string>> = {
  fails: 'http_5xx',
  forbids: 'robots',
  'has no address': 'dns',
}

/**
 * A batch of scans over the demo world behind the rotating pooler, while a random worker process is killed again and again.
 *
 * Every item has to end once and as its site says, with one scan for each item and one row for each site; the sites must have been
 * asked by nobody who did not hold the item; and no backend may have anything left on it.
 */
export async function killWorkers(options: KillWorkersOptions): Promise<KillWorkersResult> {
  const { directUrl, items, rounds, seed, workers = 3, limitMs = 2_700_000, say = () => undefined } = options
  await using stack = new AsyncDisposableStack()
  const deadline = performance.now() + limitMs
  const random = randomOf(seed)
  // Sites answer slowly while the batch is ahead of the kills: how fast a worker starts says nothing about the batch.
  let isAhead = false
  const world = stack.use(await startDemoWorld({ delayMs: () => (isAhead ? 400 : 20) }))
  const pooler = await startPooler({ upstream: directUrl, poolSize: 4, seed })
  stack.defer(() => pooler.stop({ drainMs: 200 }))
  const logger = silentLogger()
  const database = openDatabase({ url: pooler.url, applicationName: 'chaos', wireGuard: true, logger })
  stack.defer(() => database.close())
  const http = stack.use(createHttpClient({ allowLoopback: true, resolve: world.resolve }))
  const { batches, ...platform } = await openPlatform({ database, http, logger, providers: [] })
  stack.defer(() => platform.close())
  const tenant = await ensureTenant(database, 'chaos')
  const fates = Array.from({ length: items }, (_, at) => companyFate(at + 1))
  const { batch } = await batches.initiateBatchProcessing(
    database,
    tenant,
    fates.map((_, at) => world.url(`firma-${at + 1}.example`)),
    { kind: 'domain-scan', options: { maxPages: 2 }, maxConcurrent: 10, maxAttempts: 1 },
  )
  const fleet = stack.use(await WorkerFleet.start(pooler.url, workers))
  const progress = async () => {
    if (performance.now() > deadline) throw new Error(`The batch did not end within ${limitMs} ms.`)
    const read = await batches.getBatchProgress(database, tenant, batch.id)
    const { total, queued, running, succeeded, failed, cancelled } = read.counts
    if (queued + running + succeeded + failed + cancelled !== total) throw new Error('The counts do not add up.')
    return read
  }
  let ofHolder = 0
  for (let round = 1; round <= rounds; round += 1) {
    // Spread over the batch, so that the last kill still hits it in the middle.
    const due = Math.floor((items * round) / (rounds + 2))
    for (;;) {
      const { counts, state } = await progress()
      isAhead = counts.succeeded + counts.failed >= due
      if (isAhead && counts.running > 0) break
      if (isAhead && state !== 'running') throw new Error(`The batch had ended before kill ${round} of ${rounds}.`)
      await wait(20)
    }
    const at = Math.floor(random() * workers)
    const holder = await holderOf(database, batch.id)
    const hit = holder === fleet.pids[at]
    if (hit) ofHolder += 1
    await fleet.kill(at)
    const { counts } = await progress()
    const { succeeded, failed, total } = counts
    say(
      `round ${round}: killed ${hit ? 'the worker of the batch' : 'another worker'}, ${succeeded + failed} of ${total} ended`,
    )
  }
  isAhead = false
  while ((await progress()).state === 'running') await wait(50)
  const badEnds = await fleet.stop()
  const { counts } = await progress()
  const wanted = fates.map((fate) => (fate === 'answers' ? null : codes[fate]))
  const evidence = await findWrongItems(database, tenant, batch.id, wanted, world)
  const audits = await pooler.audit()
  return {
    rounds,
    kills: { all: rounds, ofHolder },
    counts,
    expected: { succeeded: wanted.filter((code) => code === null).length, failed: wanted.filter(Boolean).length },
    runAgain: evidence.runAgain,
    requests: world.requests.list().length,
    wrong: [...evidence.wrong, ...(badEnds === 0 ? [] : [`${badEnds} workers ended badly.`])],
    audits,
  }
}

/** Numbers from 0 to 1 that a seed determines (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
