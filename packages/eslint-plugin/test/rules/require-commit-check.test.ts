import { requireCommitCheck } from '../../src/rules/require-commit-check.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('require-commit-check', requireCommitCheck, {
  valid: [
    `${pool}const c = await pool.connect()\nconst { command } = await c.query('commit')\nif (command !== 'COMMIT') throw new Error('rolled back')`,
    `${pool}const c = await pool.connect()\nassertCommitted(await c.query('commit'))`,
    `${pool}const c = await pool.connect()\nawait c.query('rollback')`,
    `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({})\nawait db.transaction(async (tx) => { await tx.query('select 1') })`,
  ],
  invalid: [
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\nawait c.query('COMMIT')`,
      errors: [{ messageId: 'commit-became-rollback', line: 5 }],
    },
    {
      code: `import type { PoolClient } from 'pg'\nasync function f(c: PoolClient) { await c.query('commit') }`,
      errors: [{ messageId: 'commit-became-rollback' }],
    },
  ],
})
