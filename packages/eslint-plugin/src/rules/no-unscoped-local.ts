import { createRule } from '../create-rule.ts'

/** Disallow SET LOCAL, transaction-level locks and cursors outside a transaction. */
export const noUnscopedLocal = createRule({
  name: 'no-unscoped-local',
  description: 'Disallow SET LOCAL, transaction-level locks and cursors outside a transaction',
  hazards: [
    'set-local-outside-tx',
    'set-constraints',
    'declare-outside-tx',
    'autocommit-locks',
    'snapshot-export',
    'large-objects',
    'temp-table',
  ],
  recommended: 'error',
})
