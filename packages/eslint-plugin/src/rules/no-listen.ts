import { createRule } from '../create-rule.ts'

/** Disallow LISTEN and the driver calls that listen through the pooler. */
export const noListen = createRule({
  name: 'no-listen',
  description: 'Disallow LISTEN and the driver calls that listen through the pooler',
  hazards: ['listen'],
  recommended: 'error',
})
