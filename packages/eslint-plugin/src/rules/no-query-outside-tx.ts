import { createRule } from '../create-rule.ts'

/** Disallow the pool or database inside a transaction that was opened on it. */
export const noQueryOutsideTx = createRule({
  name: 'no-query-outside-tx',
  description: 'Disallow the pool or database inside a transaction that was opened on it',
  hazards: ['query-escapes-tx'],
  recommended: 'error',
})
