import {
  errorCodes,
  hazardOf,
  hintOf,
  isOutcomeUnknown,
  isPoolerSafeError,
  OutcomeUnknownError,
  outcomeOf,
  PoolerSafeError,
  sqlStateOf,
} from 'pooler-safe'
import { expect, test } from 'vitest'
import { explainError, notSent } from '../src/errors/explain-error.ts'
import { attachFacts } from '../src/errors/facts.ts'

test('predicates know the errors of another copy of the package', () => {
  const foreign = Object.defineProperty(
    Object.assign(new Error('from another copy'), {
      code: 'POOLER_SAFE_TIMEOUT',
      outcome: 'unknown',
      hazard: 'cancel-race',
      hint: 'wait',
    }),
    Symbol.for('pooler-safe.error'),
    { value: true },
  )
  expect(foreign).not.toBeInstanceOf(PoolerSafeError)
  expect(isPoolerSafeError(foreign)).toBe(true)
  expect([outcomeOf(foreign), hazardOf(foreign), hintOf(foreign), isOutcomeUnknown(foreign)]).toEqual([
    'unknown',
    'cancel-race',
    'wait',
    true,
  ])
})

test('facts about foreign errors are hidden, and read by every copy', () => {
  const error = Object.assign(new Error('boom'), { code: '23505', severity: 'ERROR' })
  const before = JSON.stringify(Object.entries(error))
  attachFacts(error, { outcome: 'not-executed', hazard: 'ambiguous-commit' })
  attachFacts(error, { outcome: 'unknown' })
  expect(JSON.stringify(Object.entries(error))).toBe(before)
  expect([outcomeOf(error), hazardOf(error), sqlStateOf(error)]).toEqual(['not-executed', 'ambiguous-commit', '23505'])
  expect(Reflect.get(error, Symbol.for('pooler-safe.facts'))).toMatchObject({ outcome: 'not-executed' })
})

test('nothing is claimed about errors that never came through here', () => {
  for (const unknown of [new Error('mine'), undefined, null, 'text', 5, Object.freeze(new Error('frozen'))]) {
    attachFacts(unknown === undefined ? undefined : Object.freeze(unknown), { outcome: 'executed' })
    expect([outcomeOf(unknown), hazardOf(unknown), isPoolerSafeError(unknown), sqlStateOf(unknown)]).toEqual([
      undefined,
      undefined,
      false,
      undefined,
    ])
  }
})

test('SQLSTATE is found behind causes; codes of Node and of pooler-safe are none', () => {
  const server = Object.assign(new Error('server'), { code: '40001', severity: 'ERROR' })
  const error = new PoolerSafeError('POOLER_SAFE_CONNECTION_LOST', 'x', {
    outcome: 'unknown',
    cause: new Error('y', { cause: server }),
  })
  expect(sqlStateOf(error)).toBe('40001')
  expect(sqlStateOf(Object.assign(new Error('no'), { code: 'EPIPE', severity: undefined }))).toBeUndefined()
  const loop = new Error('loop')
  loop.cause = loop
  expect(sqlStateOf(loop)).toBeUndefined()
})

test('I8: one error object that ends several queries says of each what became of it', () => {
  const lost = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
  const moment = {
    sent: true,
    insideTransaction: false,
    committing: false,
    committed: false,
    answered: false,
    transactional: true,
  }
  const sent = explainError(lost, moment)
  const queued = explainError(lost, notSent)
  const inside = explainError(lost, { ...moment, insideTransaction: true })
  expect([sent, queued, inside].map(outcomeOf)).toEqual(['unknown', 'not-executed', 'not-executed'])
  expect([queued, inside].map((error) => [error.message, String(Reflect.get(error, 'code'))])).toEqual([
    ['read ECONNRESET', 'ECONNRESET'],
    ['read ECONNRESET', 'ECONNRESET'],
  ])
})

test('I8: COMMIT in flight is unknown, confirmed is executed, and what follows it in the text is unknown', () => {
  const moment = {
    sent: true,
    insideTransaction: true,
    committing: true,
    committed: false,
    answered: false,
    transactional: true,
  }
  const lost = (): Error => new Error('Connection terminated unexpectedly')
  expect(outcomeOf(explainError(lost(), moment))).toBe('unknown')
  expect(outcomeOf(explainError(lost(), { ...moment, committed: true }))).toBe('executed')
  expect(outcomeOf(explainError(lost(), { ...moment, committed: true, answered: true }))).toBe('unknown')
})

test('I8: an error of VACUUM or of a routine that may commit does not prove that nothing remains', () => {
  const error = Object.assign(new Error('could not create unique index "x"'), {
    code: '23505',
    severity: 'ERROR',
    routine: 'x',
    file: 'y',
    line: '1',
  })
  const moment = { ...notSent, sent: true, answered: true, transactional: false }
  expect(outcomeOf(explainError(error, moment))).toBe('unknown')
})

test('every code is explained, and the errors carry what they were given', () => {
  for (const [code, meaning] of Object.entries(errorCodes)) {
    expect(code).toMatch(/^POOLER_SAFE_[A-Z_]+$/)
    expect(meaning).toMatch(/^[A-Z].*\.$/)
  }
  const error = new OutcomeUnknownError('lost', { hazard: 'ambiguous-commit', hint: 'check', cause: 1 })
  expect(error).toMatchObject({
    name: 'OutcomeUnknownError',
    code: 'POOLER_SAFE_OUTCOME_UNKNOWN',
    outcome: 'unknown',
    hazard: 'ambiguous-commit',
    hint: 'check',
    cause: 1,
  })
})
