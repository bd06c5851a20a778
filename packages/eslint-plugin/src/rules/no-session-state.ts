import { createRule } from '../create-rule.ts'

/** Disallow SQL that changes or reads the state of the backend's session. */
export const noSessionState = createRule({
  name: 'no-session-state',
  description: "Disallow SQL that changes or reads the state of the backend's session",
  hazards: [
    'session-set',
    'set-config-session',
    'set-in-committed-tx',
    'set-role',
    'session-characteristics',
    'dangerous-guc',
    'load-and-libs',
    'currval-lastval',
    'dblink-fdw-session',
    'temp-repl-slot',
    'deallocate-all',
    'backend-identity',
  ],
  recommended: 'error',
  suggestion: 'Write `{{title}}` (inside a transaction).',
})
