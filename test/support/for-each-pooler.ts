import { describe } from 'vitest'
import { capabilities } from './capabilities.ts'
import type { TestDatabase } from './test-database.ts'

/** One of the poolers a block of tests runs through. */
export interface PoolerUnderTest {
  readonly kind: 'rotating' | 'pgbouncer'
  /** The database of the test file through this pooler; from `beforeAll` on. */
  readonly url: string
}

/**
 * Declares the same tests once through the rotating pooler and once through PgBouncer. Where PgBouncer is not installed
 * its block is skipped by name.
 */
export function forEachPooler(database: TestDatabase, tests: (pooler: PoolerUnderTest) => void): void {
  describe('through the rotating pooler', () => {
    tests({
      kind: 'rotating',
      get url() {
        return database.pooledUrl
      },
    })
  })
  describe.skipIf(!capabilities.pgbouncer)('through PgBouncer (needs pgbouncer)', () => {
    tests({
      kind: 'pgbouncer',
      get url() {
        const { pgbouncerUrl } = database
        if (pgbouncerUrl === undefined) throw new Error('PgBouncer is not installed.')
        return pgbouncerUrl
      },
    })
  })
}
