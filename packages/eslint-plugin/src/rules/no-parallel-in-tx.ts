import { createRule } from '../create-rule.ts'

/** Disallow starting several statements at once on one client connection. */
export const noParallelInTx = createRule({
  name: 'no-parallel-in-tx',
  description: 'Disallow starting several statements at once on one client connection',
  hazards: ['parallel-in-tx'],
  recommended: 'warn',
})
