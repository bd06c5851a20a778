import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyError, hazardIds } from '../../src/index.ts'

const outcomes = ['not-executed', 'executed', 'unknown']
const retries = ['now', 'backoff', 'if-idempotent', 'never']
const ids: readonly string[] = Object.values(hazardIds)

const sqlState = fc.oneof(
  fc.constantFrom('08P01', 'XX000', '58000', '08006', '57P01', '26000', '42P05', '53300', '40001', '25P02', '00000'),
  fc.stringMatching(/^[0-9A-Z]{5}$/),
)
const someError = fc.record(
  {
    message: fc.string(),
    code: fc.oneof(sqlState, fc.string(), fc.integer()),
    severity: fc.oneof(fc.constantFrom('ERROR', 'FATAL', 'PANIC', 'WARNING', 'NOTICE'), fc.string()),
    file: fc.oneof(fc.constant('xact.c'), fc.string()),
    routine: fc.string(),
    syscall: fc.constantFrom('connect', 'read', 'write'),
    name: fc.constantFrom('error', 'notice', 'AbortError'),
  },
  { requiredKeys: [] },
)

const context = fc.record(
  { sent: fc.boolean(), committing: fc.boolean(), transactional: fc.boolean() },
  { requiredKeys: [] },
)

describe('classifyError', () => {
  it('never throws, and answers in its own vocabulary', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything({ withBigInt: true, withNullPrototype: true }), someError),
        context,
        (error, known) => {
          const found = classifyError(error, known)
          expect(outcomes).toContain(found.outcome)
          expect(retries).toContain(found.retry)
          if (found.hazard !== undefined) expect(ids).toContain(found.hazard)
          expect(found.hint.length).toBeGreaterThan(10)
        },
      ),
      { seed: 20261123, numRuns: 3_000 },
    )
  })

  it('never throws on hostile objects', () => {
    const cyclic: Record<string, unknown> = { message: 'x' }
    cyclic['cause'] = cyclic
    const throwing = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap')
        },
      },
    )
    const revoked = Proxy.revocable([], {})
    revoked.revoke()
    const deep = Array.from({ length: 1_000 }).reduce<unknown>((cause) => ({ message: 'x', cause }), undefined)
    for (const error of [
      cyclic,
      throwing,
      { errors: revoked.proxy },
      deep,
      Symbol('x'),
      1n,
      () => {},
      'x'.repeat(1_000_000),
    ]) {
      expect(classifyError(error).outcome).toBe('unknown')
    }
  })

  it('a FATAL message that is not known proves nothing', () => {
    fc.assert(
      fc.property(sqlState, fc.string({ maxLength: 40 }), (code, noise) => {
        // Text that no sender is known to write; connection refusals are known by their code.
        const found = classifyError({ name: 'error', severity: 'FATAL', code, message: `zz ${noise}` })
        const refusals =
          /^(?:28|3D|53300|57P0[345]|25P0[34]|26000|42P05|0A|40P01|40001|55P03|55006|34000|25|42P0[17]|57014|P000[1-4]|3B00[01])/
        if (!refusals.test(code)) expect(found.outcome).toBe('unknown')
      }),
      { seed: 20261123, numRuns: 3_000 },
    )
  })

  it('SQLSTATEs that poolers share decide nothing without a known text or proof of the sender', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('08P01', 'XX000', '58000', '08006', '08000', '08003'),
        fc.constantFrom('ERROR', 'FATAL'),
        fc.string({ maxLength: 40 }),
        (code, severity, noise) => {
          expect(classifyError({ name: 'error', severity, code, message: `zz ${noise}` })).toMatchObject({
            outcome: 'unknown',
            retry: 'if-idempotent',
          })
        },
      ),
      { seed: 20261123 },
    )
  })

  it('an outcome that is not known is never retried without the consent of the caller', () => {
    fc.assert(
      fc.property(someError, context, (error, known) => {
        const { outcome, retry } = classifyError(error, known)
        if (outcome !== 'not-executed') expect(['if-idempotent', 'never']).toContain(retry)
        if (outcome === 'not-executed') expect(retry).not.toBe('if-idempotent')
      }),
      { seed: 20261123, numRuns: 3_000 },
    )
  })

  it('what is in the error never reaches the hint', () => {
    const secret = 'hunter2-secret'
    for (const severity of ['ERROR', 'FATAL']) {
      for (const code of ['08P01', '23505', 'XX000', '28P01', 'ECONNRESET']) {
        const found = classifyError({ severity, code, message: `${secret} postgres://u:${secret}@h/d` })
        expect(JSON.stringify(found)).not.toContain(secret)
      }
    }
  })
})
