import { parseChaosRule, startPooler } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, outcomeOf, type Database } from 'pooler-safe'
import { beforeAll, describe, expect, test } from 'vitest'

const database = useTestDatabase()
beforeAll(() => database.query('create table kept (id int)'))

type Outcome = 'resolved' | 'executed' | 'not-executed' | 'unknown'

/** What a program does while something happens to it. */
type Work = (db: Database, id: number) => Promise<unknown>

const insert = 'insert into kept values ($1)'
/** One statement, its own transaction: Parse, Bind, Describe, Execute, Sync. */
const single: Work = (db, id) => db.query(insert, [id])
/** BEGIN rides with the first statement; COMMIT is the last request. */
const transaction: Work = (db, id) =>
  db.transaction(async (tx) => {
    await tx.query(insert, [id])
    await tx.query('select 1')
  })

interface Case {
  readonly rule: string
  readonly work: Work
  /** What may be said: more than one where it depends on how far PostgreSQL was. */
  readonly said: readonly Outcome[]
}

/** Before a message of a statement PostgreSQL has no Sync yet: what was not finished is not kept. */
const cases: readonly Case[] = [
  ...['kill its backend', 'cut its backend', 'cut the client'].flatMap((what): Case[] => [
    // A killed backend says FATAL before it goes: then it is known that nothing was kept.
    { rule: `before the 2nd Sync of any client, ${what}`, work: single, said: ['unknown', 'not-executed'] },
    { rule: `after the 2nd Sync of any client, ${what}`, work: single, said: ['unknown', 'resolved', 'not-executed'] },
    { rule: `before the 3rd Sync of any client, ${what}`, work: transaction, said: ['not-executed'] },
    { rule: `after the 3rd Sync of any client, ${what}`, work: transaction, said: ['not-executed', 'unknown'] },
  ]),
  { rule: 'after the 1st message of any client, split its frames', work: transaction, said: ['resolved'] },
  { rule: 'before the 2nd Parse of any client, stall it for 150 ms', work: single, said: ['resolved'] },
  { rule: 'after the 1st message of any client, slow it down by 5 ms', work: transaction, said: ['resolved'] },
  { rule: 'after the 1st Sync of any client, exhaust the pool for 150 ms', work: single, said: ['resolved'] },
  { rule: 'after the 1st Sync of any client, refuse log-ins for 100 ms', work: single, said: ['resolved'] },
  { rule: 'before the 2nd Sync of any client, restart the pooler', work: single, said: ['unknown'] },
  { rule: 'before the 3rd Sync of any client, restart the pooler', work: transaction, said: ['not-executed'] },
]

describe('I8: whatever happens on the way, the error says what became of it', () => {
  test.each(cases.map((one, index) => ({ ...one, id: index + 1 })))('$rule', async ({ rule, work, said, id }) => {
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, seed: id, chaos: [rule] })
    await using db = createDatabase({ url: pooler.url, max: 1, onError: () => undefined })
    // The first statement of the client connection: rules count from it.
    await db.query('select 1')
    const outcome = await work(db, id).then(
      (): Outcome => 'resolved',
      (error: unknown): Outcome => outcomeOf(error) ?? 'unknown',
    )
    expect(said).toContain(outcome)
    // A backend that still executes when its client is gone decides a moment later.
    await pooler.stop({ drainMs: 0 })
    const { rowCount } = await database.query(`select from kept where id = ${id}`)
    if (outcome === 'resolved' || outcome === 'executed') expect(rowCount).toBe(1)
    if (outcome === 'not-executed') expect(rowCount).toBe(0)
  })
})

describe('log-ins that are refused', () => {
  test('are errors that say not executed, and a unit with retries outlives them', async () => {
    const rule = 'after the 1st Sync of any client, refuse log-ins for 400 ms'
    await using pooler = await startPooler({ upstream: database.directUrl, poolSize: 2, seed: 1, chaos: [rule] })
    await using first = createDatabase({ url: pooler.url, max: 1 })
    await first.query('select 1')
    await using second = createDatabase({ url: pooler.url, max: 1 })
    const error = await second.query('select 1').then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeDefined()
    expect(outcomeOf(error)).toBe('not-executed')
    const { rows } = await second.transaction((tx) => tx.query('select 7 as n'), { retries: 20 })
    expect(rows).toEqual([{ n: 7 }])
  })
})

test('random chaos by a seed: every insert that resolved is there once, none that was not executed is', async () => {
  await database.query('create table counted (id int)')
  const seed = 7
  await using pooler = await startPooler({
    upstream: database.directUrl,
    poolSize: 3,
    seed,
    chaos: {
      every: 25,
      disturbances: [
        parseChaosRule('before the 1st message of any client, kill its backend').disturbance,
        { action: 'cut-backend' },
        { action: 'cut-client' },
        { action: 'split-frames' },
        { action: 'exhaust-pool', ms: 20 },
        { action: 'restart-pooler' },
      ],
    },
  })
  await using db = createDatabase({ url: pooler.url, max: 4, onError: () => undefined })
  const outcomes = new Map<number, Outcome>()
  await Promise.all(
    Array.from({ length: 4 }, async (_, worker) => {
      for (let turn = 0; turn < 40; turn += 1) {
        const id = worker * 1_000 + turn
        const work =
          turn % 2 === 0
            ? db.query('insert into counted values ($1)', [id])
            : db.transaction((tx) => tx.query('insert into counted values ($1)', [id]))
        outcomes.set(
          id,
          await work.then(
            (): Outcome => 'resolved',
            (error: unknown): Outcome => outcomeOf(error) ?? 'unknown',
          ),
        )
      }
    }),
  )
  await pooler.stop({ drainMs: 0 })
  const { rows } = await database.query<{ id: number; n: number }>(
    'select id, count(*)::int as n from counted group by id',
  )
  const kept = new Map(rows.map(({ id, n }) => [id, n]))
  for (const [id, outcome] of outcomes) {
    const count = kept.get(id) ?? 0
    expect(count).toBeLessThanOrEqual(1)
    if (outcome === 'resolved') expect({ id, count }).toEqual({ id, count: 1 })
    if (outcome === 'not-executed') expect({ id, count }).toEqual({ id, count: 0 })
  }
  expect(new Set(outcomes.values()).size).toBeGreaterThan(1)
})
