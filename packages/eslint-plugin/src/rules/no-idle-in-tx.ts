import { createRule } from '../create-rule.ts'

/** Disallow waiting for the network or for time inside a transaction. */
export const noIdleInTx = createRule({
  name: 'no-idle-in-tx',
  description: 'Disallow waiting for the network or for time inside a transaction',
  hazards: ['idle-in-tx'],
  recommended: 'warn',
})
