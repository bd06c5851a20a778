import { createRule } from '../create-rule.ts'

/** Require that the answer to a hand-written COMMIT is looked at. */
export const requireCommitCheck = createRule({
  name: 'require-commit-check',
  description: 'Require that the answer to a hand-written COMMIT is looked at',
  hazards: ['commit-became-rollback'],
})
