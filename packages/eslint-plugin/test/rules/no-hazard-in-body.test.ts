import { noHazardInBody } from '../../src/rules/no-hazard-in-body.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-hazard-in-body', noHazardInBody, {
  valid: [
    `${pool}await pool.query("do $$ begin perform set_config('a.b', 'c', true); end $$")`,
    `${pool}await pool.query("do $$ begin create temp table t (a int) on commit drop; end $$")`,
    `${pool}await pool.query("do $$ begin execute format('drop table %I', 'x'); end $$")`,
    `${pool}await pool.query("create function f() returns int language sql as 'select 1'")`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query(\`do $$\nbegin\n  perform pg_advisory_lock(1);\nend $$\`)`,
      errors: [{ messageId: 'hidden-in-routine', line: 5, column: 11 }],
    },
    {
      code: `${pool}await pool.query(\`create or replace function f() returns void language plpgsql as $$ begin set role x; end $$\`)`,
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      code: `${pool}await pool.query("do $$ begin execute format('drop table %I', 'x'); end $$")`,
      options: [{ dynamic: true }],
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      // A routine in a string that a migration tool runs.
      code: 'export const up = `create or replace function ${schema}.unlock(k bigint) returns void language plpgsql as $$ begin perform pg_advisory_unlock(k); end $$`',
      errors: [{ messageId: 'hidden-in-routine' }],
    },
  ],
})
