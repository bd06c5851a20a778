import { noHazardInBody } from '../../src/rules/no-hazard-in-body.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-hazard-in-body', noHazardInBody, {
  valid: [
    `${pool}await pool.query("do $$ begin perform set_config('a.b', 'c', true); end $$")`,
    `${pool}await pool.query("do $$ begin create temp table t (a int) on commit drop; end $$")`,
    `${pool}await pool.query("do $$ begin execute format('drop table %I', 'x'); end $$")`,
    `${pool}await pool.query("create function f() returns int language sql as 'select 1'")`,
    {
      // Nobody knows the table, but everybody the command.
      code: `${pool}await pool.query("do $$ begin execute format('drop table %I', x); execute 'grant ' || r || ' to a'; end $$")`,
      options: [{ dynamic: true }],
    },
    {
      code: `${pool}await pool.query(\`do $$ declare s text; begin s := 'alter table ' || t; s := s || ' add a int'; execute s; end $$\`)`,
      options: [{ dynamic: true }],
    },
    // A body that commits cannot be called inside of a transaction, pooler or not.
    `${pool}await pool.query("do $$ begin insert into a values (1); commit; end $$")`,
    // A body of which a part comes from somewhere else is read word by word.
    { code: `${pool}await pool.query(\`do $$ begin \${statements} end $$\`)`, options: [{ dynamic: true }] },
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
      code: `${pool}await pool.query("do $$ begin execute format('%s', x); end $$")`,
      options: [{ dynamic: true }],
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      code: `${pool}await pool.query("do $$ begin execute format('set search_path to %I', s); end $$")`,
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      code: `${pool}await pool.query("do $$ begin execute case when a then 'select 1' else 'listen b' end; end $$")`,
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      code: `${pool}await pool.query(\`do $$ begin \${statements} perform pg_advisory_lock(1); end $$\`)`,
      errors: [{ messageId: 'hidden-in-routine' }],
    },
    {
      // A routine in a string that a migration tool runs.
      code: 'export const up = `create or replace function ${schema}.unlock(k bigint) returns void language plpgsql as $$ begin perform pg_advisory_unlock(k); end $$`',
      errors: [{ messageId: 'hidden-in-routine' }],
    },
  ],
})
