import fc from 'fast-check'
import { expect, test } from 'vitest'
import { canBecome, isFinal, jobStates, transitions, type JobState } from '../src/index.ts'
import { afterFailure } from '../src/state-machine.ts'

test('only these transitions exist', () => {
  const all = jobStates.flatMap((from) => jobStates.filter((to) => canBecome(from, to)).map((to) => `${from} → ${to}`))
  expect(all).toEqual([
    'queued → running',
    'queued → cancelled',
    'running → queued',
    'running → succeeded',
    'running → failed',
    'running → cancelled',
    'failed → queued',
  ])
})

test('every way through the machine begins queued, runs before it succeeds or fails, and goes on only from a failure', () => {
  const step = fc.nat({ max: 10 })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (choices) => {
      let state: JobState = 'queued'
      for (const choice of choices) {
        const possible: readonly JobState[] = transitions[state]
        const next = possible[choice % possible.length]
        if (next === undefined) {
          expect(['succeeded', 'cancelled']).toContain(state)
          return
        }
        if (next === 'succeeded' || next === 'failed') expect(state).toBe('running')
        if (isFinal(state)) expect([state, next]).toEqual(['failed', 'queued'])
        state = next
      }
    }),
  )
})

test('a job fails as often as it has attempts, whatever the failures are like, unless somebody cancels it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.nat(99), fc.boolean(), (maxAttempts, permanentAt, cancels) => {
      let failures = 0
      for (;;) {
        const retryable = failures !== permanentAt
        const state = afterFailure({ failures, maxAttempts, retryable, cancelRequested: cancels && failures === 3 })
        failures += 1
        expect(canBecome('running', state)).toBe(true)
        if (state === 'queued') continue
        if (cancels && failures === 4) expect(state).toBe('cancelled')
        else expect([state, failures]).toEqual(['failed', Math.min(maxAttempts, permanentAt + 1)])
        return
      }
    }),
  )
})
