import { noUnresolvedSql } from '../../src/rules/no-unresolved-sql.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-unresolved-sql', noUnresolvedSql, {
  valid: [
    `${pool}await pool.query('select ' + columns)`,
    `${pool}await pool.query(new Statement(1))`,
    `${pool}await pool.query(build(1))`,
    `session.query(text)`,
  ],
  invalid: [
    { code: `${pool}await pool.query(text)`, errors: [{ messageId: 'hidden-in-routine', column: 18 }] },
    {
      code: `${pool}async function run(text) { return pool.query(text) }`,
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      // Once, where it leaves the file: not again where one function hands it to the next.
      code: `${pool}const query = (text) => pool.query(text)\nconst select = (text) => query(text)\nexport const column = (text) => select(text)`,
      errors: [{ messageId: 'hidden-in-routine', line: 3 }],
    },
    { code: `${pool}await pool.query(\`\${command}\`)`, errors: [{ messageId: 'hidden-in-routine' }] },
  ],
})
