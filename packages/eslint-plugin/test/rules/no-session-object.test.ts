import { noSessionObject } from '../../src/rules/no-session-object.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-session-object', noSessionObject, {
  valid: [
    `db.transaction(async (tx) => { await tx.query('create temp table t (a int) on commit drop') })`,
    `${pool}await pool.query('create table t (a int)')`,
    `${pool}await pool.query('begin; create temp table t (a int); insert into t values (1); rollback')`,
    // Tags that make no statement.
    'import "pg"\nimport { html } from "./html"\nexport const page = html`create temp table t (a int)`',
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
    {
      // A client connection of one's own, from a function of another file.
      code: "import 'pg'\nimport { connect } from './db'\nasync function f() { const sql = await connect()\nconst reserved = await sql.reserve()\nawait reserved`create temp table t (a int)` }",
      errors: [{ messageId: 'temp-table', line: 5 }],
    },
    {
      code: "import 'pg'\nimport { tx } from './db'\nawait tx`create temp table t (a int)`",
      errors: [{ messageId: 'temp-table' }],
    },
    {
      code: "import 'pg'\nclass A { async f() { await this.db`create temp table t (a int)` } }",
      errors: [{ messageId: 'temp-table' }],
    },
    {
      code: "import { Kysely, sql } from 'kysely'\nimport 'pg'\nexport async function up(db: Kysely<any>) { await db.executeQuery(sql`create temp table t as select 1`.compile(db)) }",
      errors: [{ messageId: 'temp-table' }],
    },
    {
      code: `${pool}await pool.query('begin; create temp table t (a int); commit')`,
      errors: [{ messageId: 'temp-table' }],
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
