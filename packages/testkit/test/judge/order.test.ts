import { expect, test } from 'vitest'
import { Judge } from '../../src/judge/judge.ts'
import type { AccusedClient, Finding } from '../../src/judge/violation.ts'

const client: AccusedClient = {
  id: 1,
  applicationName: 'orders',
  address: '127.0.0.1:1',
  user: 'app',
  database: 'app',
}

const finding = (transaction: number | undefined): Finding => ({
  hazard: 'session-set',
  evidence: 'text',
  summary: `of ${transaction ?? 'the log-in'}`,
  client,
  ...(transaction === undefined
    ? {}
    : { transaction: { id: transaction, number: transaction, backendPid: 1, statements: [] } }),
})

test('violations stand in the order of their transactions, whichever audit ended first', () => {
  const judge = new Judge()
  for (const transaction of [3, 1, undefined, 2]) judge.charge(finding(transaction))
  expect(judge.violations.map(({ summary }) => summary)).toEqual(['of the log-in', 'of 1', 'of 2', 'of 3'])
})
