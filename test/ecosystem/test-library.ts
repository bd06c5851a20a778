import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { SafeClient, SafePool } from 'pooler-safe'
import safePg from 'pooler-safe/pg'
import { afterAll, beforeAll, test } from 'vitest'
import { compareRaw } from './compare-raw.ts'
import { tableSql, type Driver, type Library, type LibraryUnderTest } from './contract.ts'
import { Numbers } from './numbers.ts'
import { probes } from './probes.ts'
import { recordFolder, Recorder } from './record.ts'

const guarded: Driver = { guarded: true, pg: safePg, Client: SafeClient, Pool: SafePool }

/**
 * Holds a library to the contract, through the rotating pooler and through PgBouncer. That its backends stay clean is
 * audited when the file ends.
 */
export function testLibrary<Under extends LibraryUnderTest>(library: Library<Under>): void {
  // Runs after the audit of the backends, which fails the file when one of them is dirty.
  const recorder = new Recorder(library)
  afterAll(() => {
    recorder.write()
  })
  const database = useTestDatabase({
    template: 'ecosystem',
    prepare: async (directUrl) => {
      const client = new SafeClient(directUrl)
      await client.connect()
      await client.query(tableSql)
      await client.end()
    },
  })

  // Both poolers lead to the same table.
  let firstNumber = 0
  forEachPooler(database, (pooler) => {
    firstNumber += 1_000
    const numbers = new Numbers(firstNumber)
    let running: Under | undefined
    beforeAll(async () => {
      running = await library.open(guarded, { url: pooler.url, directUrl: database.directUrl })
    })
    afterAll(async () => {
      await running?.close()
    })
    const opened = (): Under => {
      if (!running) throw new Error('The library was not opened.')
      return running
    }

    for (const probe of probes.filter(({ part }) => !part || library.without?.[part] === undefined)) {
      test(probe.fact, async () => {
        try {
          await probe.run(opened(), numbers)
          recorder.set(pooler.kind, probe.id, 'holds')
        } catch (error) {
          recorder.set(pooler.kind, probe.id, { failed: error instanceof Error ? error.message : String(error) })
          throw error
        }
      })
    }

    for (const [fact, run] of Object.entries(library.own ?? {})) {
      test(fact, () => run(opened(), numbers))
    }
  })

  if (recordFolder !== undefined) {
    test('is compared with pg itself', () => compareRaw(library, database.directUrl, recorder), 120_000)
  }
}
