import { createRule } from '../create-rule.ts'

/** Disallow options that drivers send as start-up parameters. */
export const noStartupParameters = createRule({
  name: 'no-startup-parameters',
  description: 'Disallow options that drivers send as start-up parameters',
  hazards: ['startup-param-rejected'],
  recommended: 'warn',
})
