import { afterAll, beforeAll } from 'vitest'
import type { StartPoolerOptions } from './pooler/pooler-options.ts'
import { startPooler, type Pooler } from './pooler/start-pooler.ts'
import { TestkitError } from './testkit-error.ts'
import { assertClean, type AssertCleanOptions } from './vitest/assert-clean.ts'

export { assertClean, recordedBackends } from './vitest/assert-clean.ts'
export type { AssertCleanOptions } from './vitest/assert-clean.ts'

export interface WithPoolerOptions extends Omit<StartPoolerOptions, 'upstream'>, AssertCleanOptions {
  /** URL of the PostgreSQL behind the pooler; a function is called in `beforeAll`. Default `DATABASE_URL`. */
  readonly upstream?: string | (() => string | Promise<string>)
  /** False leaves it to the tests to call `assertClean`. Default true. */
  readonly assertsClean?: boolean
}

/**
 * Gives the tests of a file a pooler of their own, with every transaction audited. Call it at the top of the file; the
 * pooler can be used from `beforeAll` on. When the tests are over the file fails if a client broke the rules of a
 * transaction-mode pooler, with the statements that did it and the seed that replays the run.
 *
 * ```ts
 * const pooler = withPooler({ upstream: () => process.env.TEST_DATABASE_URL })
 * test('creates an order', async () => {
 *   const app = createApp({ databaseUrl: pooler().url })
 *   …
 * })
 * ```
 */
export function withPooler(options: WithPoolerOptions = {}): () => Pooler {
  const { upstream = process.env['DATABASE_URL'], assertsClean = true, failOn, ...rest } = options
  let pooler: Pooler | undefined
  beforeAll(async () => {
    const url = typeof upstream === 'function' ? await upstream() : upstream
    if (url === undefined || url === '') {
      throw new TestkitError('invalid-option', 'There is no PostgreSQL to put the pooler in front of.', {
        hint: 'Give the option "upstream", or set DATABASE_URL.',
      })
    }
    pooler = await startPooler({ audit: 'every', ...rest, upstream: url })
  })
  afterAll(async () => {
    if (!pooler) return
    try {
      if (assertsClean) await assertClean(pooler, failOn === undefined ? {} : { failOn })
    } finally {
      await pooler.stop()
    }
  })
  return () => {
    if (pooler) return pooler
    throw new TestkitError('invalid-option', 'The pooler exists from beforeAll on, not while tests are collected.')
  }
}
