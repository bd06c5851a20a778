import { createRule } from '../create-rule.ts'

/** Disallow session-level advisory locks. */
export const noSessionLock = createRule({
  name: 'no-session-lock',
  description: 'Disallow session-level advisory locks',
  hazards: ['advisory-session-lock'],
  recommended: 'error',
  suggestion: 'Use `{{title}}` in a transaction, which releases it by itself.',
})
