import { createRule } from '../create-rule.ts'

/** Disallow session state that is set when a client connection is made or taken. */
export const noConnectHookState = createRule({
  name: 'no-connect-hook-state',
  description: 'Disallow session state that is set when a client connection is made or taken',
  hazards: ['on-connect-setup'],
  recommended: 'error',
})
