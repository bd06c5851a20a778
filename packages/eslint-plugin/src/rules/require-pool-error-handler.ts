import { createRule } from '../create-rule.ts'

/** Require an error handler on pools. */
export const requirePoolErrorHandler = createRule({
  name: 'require-pool-error-handler',
  description: 'Require an error handler on pools',
  hazards: ['pool-error-unhandled'],
  recommended: 'warn',
})
