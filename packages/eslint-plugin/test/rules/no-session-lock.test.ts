import { noSessionLock } from '../../src/rules/no-session-lock.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-session-lock', noSessionLock, {
  valid: [
    `db.transaction(async (tx) => { await tx.query('select pg_advisory_xact_lock($1)', [1]) })`,
    `${pool}await pool.query('select pg_try_advisory_xact_lock(1)')`,
    `${pool}await pool.query("select 'pg_advisory_lock(1)'")`,
    `${pool}await pool.query('select 1 -- pg_advisory_lock(1)')`,
    `${pool}expect(text).toBe('select pg_advisory_lock(1)')`,
    `${pool}expect(query).toHaveBeenNthCalledWith(1, 'select pg_advisory_lock(1)')`,
    `${pool}await expect(check('select pg_advisory_lock(1)')).rejects.toThrow()`,
    `${pool}expect(query.mock.calls).toEqual([['select pg_advisory_lock(1)', 'select pg_advisory_unlock(1)']])`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query('select pg_advisory_lock($1)', [1])`,
      errors: [
        {
          messageId: 'advisory-session-lock',
          column: 26,
          suggestions: [
            { messageId: 'suggestion', output: `${pool}await pool.query('select pg_advisory_xact_lock($1)', [1])` },
          ],
        },
      ],
    },
    {
      code: `${pool}await pool.query('select pg_advisory_unlock(1)')`,
      errors: [{ messageId: 'advisory-session-lock' }],
    },
    {
      code: `${pool}await pool.query(\`\n  select id,\n    pg_try_advisory_lock(id) from job\n\`)`,
      errors: [{ messageId: 'advisory-session-lock', line: 5, suggestions: 1 }],
    },
    {
      code: `class Lock { text(id) { return 'SELECT pg_advisory_lock(' + id + ')' } }\n// sql`,
      errors: [{ messageId: 'advisory-session-lock', suggestions: 1 }],
    },
    {
      // One string, two statements, one place each.
      code: `${pool}await pool.query('select pg_advisory_lock(1); select pg_advisory_unlock(1)')`,
      errors: [
        { messageId: 'advisory-session-lock', column: 26, suggestions: 1 },
        { messageId: 'advisory-session-lock', column: 54 },
      ],
    },
    {
      code: "import { sql } from 'kysely'\nasync function lock(db) { await sql`select pg_advisory_lock(${sql.lit(ID)})`.execute(db) }",
      errors: [{ messageId: 'advisory-session-lock', suggestions: 1 }],
    },
    {
      code: `const SQL = { lock: 'select pg_advisory_lock($1)' } as const\nimport { Client } from 'pg'\nasync function f(c: Client) { await c.query(SQL.lock, [1]) }`,
      errors: [{ messageId: 'advisory-session-lock', line: 1, suggestions: 1 }],
    },
  ],
})
