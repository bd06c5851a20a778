import { createRule } from '../create-rule.ts'

/** Disallow BEGIN, COMMIT and SAVEPOINT where each statement may take another client connection. */
export const noPoolTransaction = createRule({
  name: 'no-pool-transaction',
  description: 'Disallow BEGIN, COMMIT and SAVEPOINT where each statement may take another client connection',
  hazards: ['begin-on-pool-query', 'commit-outside-tx', 'already-in-tx', 'savepoint-misuse'],
  recommended: 'error',
})
