import { createRule } from '../create-rule.ts'

/** Disallow server-side prepared statements: names given to a driver, PREPARE, drivers that name by default. */
export const noNamedStatement = createRule({
  name: 'no-named-statement',
  description:
    'Disallow server-side prepared statements: names given to a driver, PREPARE, drivers that name by default',
  hazards: ['named-parse', 'sql-prepare', 'deallocate-all'],
  recommended: 'error',
  suggestion: 'Turn names off: `{{title}}`.',
})
