import { createRule } from '../create-rule.ts'

/** Disallow timeouts that only the client knows of. */
export const noClientOnlyTimeout = createRule({
  name: 'no-client-only-timeout',
  description: 'Disallow timeouts that only the client knows of',
  hazards: ['query-timeout-client-only'],
  recommended: 'warn',
})
