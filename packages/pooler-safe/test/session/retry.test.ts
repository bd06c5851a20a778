import fc from 'fast-check'
import { OutcomeUnknownError, PoolerSafeError, type Outcome } from 'pooler-safe'
import { expect, test } from 'vitest'
import { attachFacts, type ErrorFacts } from '../../src/errors/facts.ts'
import { retryDelayMs } from '../../src/session/retry.ts'

function failure(code: string, facts: ErrorFacts): Error {
  const error = Object.assign(new Error(code), { code, severity: 'ERROR' })
  attachFacts(error, facts)
  return error
}

test('I8: what may have been executed is never repeated, whatever else is known about it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('40001', '40P01', '57P01', '08006', '23505'),
      fc.constantFrom<Outcome>('unknown', 'executed'),
      fc.constantFrom<ErrorFacts['retry']>('now', 'backoff', 'if-idempotent', 'never', undefined),
      fc.nat({ max: 20 }),
      (code, outcome, retry, attempt) => {
        const error = failure(code, { outcome, retry })
        expect(retryDelayMs(error, attempt)).toBeUndefined()
        expect(retryDelayMs(new OutcomeUnknownError('lost', { cause: error }), attempt)).toBeUndefined()
        expect(retryDelayMs(new Error('of the callback', { cause: error }), attempt)).toBeUndefined()
        const conflict = failure('40001', { outcome: 'not-executed', retry: 'now' })
        conflict.cause = error
        expect(retryDelayMs(conflict, attempt)).toBeUndefined()
      },
    ),
    { seed: 71 },
  )
})

test('I8: delays grow, stay below their bound, and are spread by jitter', () => {
  const conflict = failure('40001', { outcome: 'not-executed', retry: 'never' })
  const outage = failure('57P03', { outcome: 'not-executed', retry: 'backoff' })
  expect([0, 1, 2, 3].map((attempt) => retryDelayMs(conflict, attempt, () => 1))).toEqual([10, 20, 40, 80])
  expect([0, 1, 2, 3].map((attempt) => retryDelayMs(outage, attempt, () => 1))).toEqual([250, 500, 1_000, 2_000])
  expect(retryDelayMs(outage, 1_000, () => 1)).toBe(5_000)
  expect(retryDelayMs(conflict, 3, () => 0.25)).toBe(20)
})

test('I8: advice is found behind the wrappers that carry it as their cause', () => {
  const outage = failure('57P03', { outcome: 'not-executed', retry: 'backoff' })
  const wrapped = new PoolerSafeError('POOLER_SAFE_CONNECTION_LOST', 'lost', { outcome: 'not-executed', cause: outage })
  expect(retryDelayMs(wrapped, 0, () => 1)).toBe(250)
  expect(retryDelayMs(new Error('mine', { cause: failure('40P01', { outcome: 'not-executed' }) }), 0, () => 1)).toBe(10)
  expect(retryDelayMs(new Error('mine'), 0)).toBeUndefined()
  expect(retryDelayMs('not even an error', 0)).toBeUndefined()
})
