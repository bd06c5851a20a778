import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { countedTwice, until, useBatchDatabase, useBatches } from './batch-database.ts'

const database = useBatchDatabase()
const under = useBatches(() => database.pooledUrl, { counted: () => Promise.resolve(null) })
const children: ChildProcess[] = []

beforeAll(async () => {
  await database.query(`
    create table item_runs (batch_id uuid, ordinal int, attempt int, pid int, primary key (batch_id, ordinal, attempt));
    create table item_effects (batch_id uuid, ordinal int, primary key (batch_id, ordinal))`)
})

afterEach(async () => {
  const left = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => once(child, 'exit')))
})

async function startProcess(): Promise<ChildProcess> {
  const child = fork(new URL('./fixtures/worker-process.ts', import.meta.url), {
    execArgv: ['--conditions=@pooler-safe/source', '--disable-warning=ExperimentalWarning'],
    env: { PATH: process.env['PATH'], DATABASE_URL: database.pooledUrl },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  children.push(child)
  await once(child, 'message')
  return child
}

test('(8) kill -9 of the worker in the middle of a batch, four times: every item ends exactly once', async () => {
  const { batch } = await under.batches.initiateBatchProcessing(
    under.database,
    under.tenant,
    Array.from({ length: 600 }, (_, n) => `site-${n}.test`),
    { kind: 'counted', maxConcurrent: 12 },
  )
  let doomed = await startProcess()
  for (const done of [80, 180, 280, 380]) {
    const readings = await until(under, batch.id, ({ counts }) => counts.succeeded >= done, 60_000)
    const exited = once(doomed, 'exit')
    doomed.kill('SIGKILL')
    await exited
    // It was in the middle.
    const { rows } = await database.query<{ running: number }>('select running from domain_batches where id = $1', [
      batch.id,
    ])
    expect(rows[0]!.running).toBeGreaterThan(0)
    for (const { counts } of readings) {
      const { total, queued, running, succeeded, failed, cancelled } = counts
      expect(queued + running + succeeded + failed + cancelled).toBe(total)
    }
    doomed = await startProcess()
  }
  await until(under, batch.id, ({ state }) => state === 'succeeded', 60_000)
  const exited = once(doomed, 'exit')
  doomed.send('stop')
  expect(await exited).toEqual([0, null])

  const { said, counted } = await countedTwice(database, batch.id)
  expect(said).toEqual(counted)
  expect(said).toEqual([600, 0, 0, 600, 0, 0, {}])
  // At least once: only items that a dead worker had begun were run again, each run under an attempt of its own, and the
  // result that is stored is the one of the run that held the item last.
  const { rows } = await database.query(
    `select count(*) filter (where runs > 1)::int > 0 as repeated,
       count(*) filter (where attempts <> losses + 1 or runs > attempts or result <> jsonb_build_object('attempt', attempts))::int
         as unexplained,
       max(runs)::int <= 5 as bounded
     from (
       select i.*, (select count(*) from item_runs r where r.batch_id = i.batch_id and r.ordinal = i.ordinal) as runs
       from domain_batch_items i where i.batch_id = $1
     ) x`,
    [batch.id],
  )
  expect(rows).toEqual([{ repeated: true, unexplained: 0, bounded: true }])
  const { rows: effects } = await database.query(
    'select count(*)::int as count from item_effects where batch_id = $1',
    [batch.id],
  )
  expect(effects).toEqual([{ count: 600 }])
}, 120_000)

test('two workers and two runs of one batch never run an item twice', async () => {
  const { batch } = await under.batches.initiateBatchProcessing(
    under.database,
    under.tenant,
    Array.from({ length: 400 }, (_, n) => `race-${n}.test`),
    { kind: 'counted', maxConcurrent: 20 },
  )
  await Promise.all([startProcess(), startProcess()])
  const processes = await Promise.all(
    [1, 2].map(() => under.batches.processBatchWithOwnSession(under.tenant, batch.id, { lookMs: 5 })),
  )
  expect(processes.map(({ left, state }) => ({ left, state }))).toEqual([
    { left: 'ended', state: 'succeeded' },
    { left: 'ended', state: 'succeeded' },
  ])
  const { rows } = await database.query(
    `select max(attempts) as most, count(*)::int as items, count(distinct runner) as held from domain_batch_items where batch_id = $1`,
    [batch.id],
  )
  expect(rows).toEqual([{ most: 1, items: 400, held: '0' }])
}, 120_000)
