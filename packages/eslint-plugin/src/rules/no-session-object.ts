import { createRule } from '../create-rule.ts'

/** Disallow temporary objects and cursors that outlive the transaction. */
export const noSessionObject = createRule({
  name: 'no-session-object',
  description: 'Disallow temporary objects and cursors that outlive the transaction',
  hazards: ['temp-table', 'with-hold-cursor'],
  recommended: 'error',
})
