import { createRule } from '../create-rule.ts'

/** Require the options that a driver needs behind a pooler, and refuse the ones it misreads. */
export const requirePoolerConfig = createRule({
  name: 'require-pooler-config',
  description: 'Require the options that a driver needs behind a pooler, and refuse the ones it misreads',
  hazards: ['url-flag-folklore', 'sync-pipelining'],
  recommended: 'warn',
})
