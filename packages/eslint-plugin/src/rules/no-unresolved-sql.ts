import { createRule } from '../create-rule.ts'

/** Disallow SQL that is put together where nobody can read it. */
export const noUnresolvedSql = createRule({
  name: 'no-unresolved-sql',
  description: 'Disallow SQL that is put together where nobody can read it',
  hazards: ['hidden-in-routine'],
})
