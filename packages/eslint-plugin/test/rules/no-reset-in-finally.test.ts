import { noResetInFinally } from '../../src/rules/no-reset-in-finally.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-reset-in-finally', noResetInFinally, {
  valid: [
    `db.transaction(async (tx) => { try { await tx.query('select 1') } finally { done() } })`,
    `${pool}const c = await pool.connect()\ntry { await c.query('select 1') } finally { c.release() }`,
    `db.transaction(async (tx) => { await tx.query("select set_config('a.b', '', true)") })`,
  ],
  invalid: [
    {
      code: `db.transaction(async (tx) => {\n try { await tx.query('select 1') } finally {\n  await tx.query("select set_config('a.b', null, true)") } })`,
      errors: [{ messageId: 'reset-in-finally', line: 3 }],
    },
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('begin')\ntry { await c.query('select 1') } finally { await c.query('reset role') }\nawait c.query('commit')`,
      errors: [{ messageId: 'reset-in-finally', line: 5 }],
    },
  ],
})
