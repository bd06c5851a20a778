import { createRule } from '../create-rule.ts'

/** Disallow putting settings back in a finally block of a transaction. */
export const noResetInFinally = createRule({
  name: 'no-reset-in-finally',
  description: 'Disallow putting settings back in a finally block of a transaction',
  hazards: ['reset-in-finally'],
  recommended: 'warn',
})
