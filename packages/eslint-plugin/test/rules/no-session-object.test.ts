import { noSessionObject } from '../../src/rules/no-session-object.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-session-object', noSessionObject, {
  valid: [
    `db.transaction(async (tx) => { await tx.query('create temp table t (a int) on commit drop') })`,
    `${pool}await pool.query('create table t (a int)')`,
    `${pool}await pool.query('begin; create temp table t (a int) on commit drop; commit')`,
    `import { Database } from 'bun:sqlite'\nconst db = new Database('x')\ndb.exec('create temp table t (a int)')`,
    // Who knows which database this is.
    `import { db } from './db'\ndb.exec('create temp table t (a int)')`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query('create temp table t (a int)')`,
      errors: [{ messageId: 'temp-table', column: 26 }],
    },
    { code: `${pool}await pool.query('create temporary view v as select 1')`, errors: [{ messageId: 'temp-table' }] },
    { code: `${pool}await pool.query('select 1 into temp t')`, errors: [{ messageId: 'temp-table' }] },
    {
      code: `db.transaction(async (tx) => {\n await tx.query('declare c cursor with hold for select 1') })\nimport 'pg'`,
      errors: [{ messageId: 'with-hold-cursor', line: 2 }],
    },
    {
      code: `import 'pg'\nexports.down = function (db, cb) {\n  db.runSql(\`\n    create temp table a as select 1;\n    drop table a;\n    create temp table b as select 2;\n  \`, cb)\n}`,
      errors: [
        { messageId: 'temp-table', line: 4 },
        { messageId: 'temp-table', line: 6 },
      ],
    },
  ],
})
