import { startPooler } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'

const clients = 12
const backends = 4
const database = useTestDatabase()

/** What leaves something behind on a backend. */
const dirty = [
  `set statement_timeout = '7s'`,
  `select set_config('app.tenant', 'one', false)`,
  'prepare leaked as select 1',
  'listen changes',
  'select pg_try_advisory_lock(1, 2)',
  'create temp table leaked (id int)',
  'set role none',
]

test('(2) 12 clients that do all that is safe, and try all that is not, leave nothing on any of 4 backends', async () => {
  await using pooler = await startPooler({ upstream: database.directUrl, poolSize: backends })
  const db = createDatabase({ url: pooler.url, max: clients })
  const refusals: unknown[] = []
  try {
    await Promise.all(
      Array.from({ length: clients }, async (_, client) => {
        for (const text of dirty) {
          await db.pool.query({ name: `of_${client}`, text: 'select $1::int', values: [client] })
          await db.transaction(async (tx) => {
            await tx.query('select pg_advisory_xact_lock(3, $1)', [client])
            await tx.query('create temp table mine (id int) on commit drop')
          })
          await db.withSettings({ 'app.tenant': 'mine' }).query('select 1')
          refusals.push(await db.query(text).catch((error: unknown) => error))
        }
      }),
    )
  } finally {
    await db.close()
  }
  const audits = await pooler.audit()
  expect(audits.length).toBeGreaterThan(1)
  expect(audits.filter(({ clean }) => !clean)).toEqual([])
  expect(refusals).toHaveLength(clients * dirty.length)
  expect(refusals.filter((error) => !(error instanceof Error && 'hazard' in error))).toEqual([])
}, 60_000)
