import { noSessionState } from '../../src/rules/no-session-state.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-session-state', noSessionState, {
  valid: [
    `${pool}await pool.query('select 1')`,
    // Inside a transaction of its own.
    `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait client.query("set local statement_timeout = '5s'")\nawait client.query('commit')`,
    `${pool}await pool.query("begin; set local statement_timeout = '5s'; select 1; commit")`,
    // A routine's own setting ends with the call.
    `${pool}await pool.query("create function f() returns int language sql set search_path = app as 'select 1'")`,
    // An UPDATE has a SET, too.
    `${pool}await pool.query('update job set status = $1 where id = $2', ['done', 1])`,
    "import sql from 'sql-template-tag'\nconst set = sql` set timezone = ${x} where id = 1`",
    // Not PostgreSQL.
    `import mysql from 'mysql2/promise'\nconst db = await mysql.createPool({})\nawait db.query('SET SESSION sql_mode = 1')\nawait db.query("SET time_zone = 'x'")`,
    `import { PGlite } from '@electric-sql/pglite'\nconst db = new PGlite()\nawait db.query("set statement_timeout = '5s'")`,
    `import Database from 'better-sqlite3'\nconst db = new Database('x')\ndb.exec("create temp table t (a int)")`,
    // A setting of another database behind a library for several.
    `import knex from 'knex'\nconst db = knex({})\nawait db.raw('SET FOREIGN_KEY_CHECKS = 0')`,
    // The grammar has the last word.
    `${pool}await pool.query('set statement_timeout = 1 where id = 2')`,
    // Prose.
    `${pool}logger.info("SET search_path = app")\nthrow new Error('RESET ALL is not allowed: SET statement_timeout = 1')`,
    `export const Button = () => <button title="Reset password">Reset password</button>`.replace(
      /<.*>/,
      '"Reset password"',
    ),
    // On the database's own URL.
    `import { Pool } from 'pg'\nconst direct = new Pool({ connectionString: process.env.DIRECT_URL })\nawait direct.query("set statement_timeout = '5s'")`,
    // currval after an insert of the same transaction.
    `db.transaction(async (tx) => {\n  await tx.query('insert into t default values')\n  await tx.query("select currval('t_id_seq')")\n})`,
    {
      code: `${pool}await pool.query("set statement_timeout = '5s'")`,
      filename: 'migrations/1.ts',
      settings: { 'pooler-safe': { sessionMode: { files: ['migrations/**'] } } },
    },
    // pooler-safe: session-mode
    `${pool}// pooler-safe: session-mode because this pool is the direct one\nawait pool.query("set statement_timeout = '5s'")`,
    `${pool}await pool.query('this is not SQL: SET x')`,
    `const circular = circular + 'x'\nawait db.query(circular)`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query("set statement_timeout = '5s'")`,
      errors: [
        {
          messageId: 'session-set',
          line: 3,
          column: 23,
          endColumn: 40,
          suggestions: [
            { messageId: 'suggestion', output: `${pool}await pool.query("set local statement_timeout = '5s'")` },
          ],
        },
      ],
    },
    {
      // Upper case stays upper case.
      code: `${pool}await pool.query("SET search_path TO app")`,
      errors: [
        {
          messageId: 'session-set',
          suggestions: [{ messageId: 'suggestion', output: `${pool}await pool.query("SET LOCAL search_path TO app")` }],
        },
      ],
    },
    {
      // Every statement at its own place.
      code: `${pool}await pool.query(\`\n  select 1;\n  set role tenant;\n  reset role\n\`)`,
      errors: [
        { messageId: 'set-role', line: 5, suggestions: 1 },
        { messageId: 'set-role', line: 6 },
      ],
    },
    {
      // Through constants, concatenation and a conditional.
      code: `${pool}const NAME = 'search_path'\nconst text = 'set ' + NAME + (flag ? ' to a' : ' to b')\nawait pool.query(text)`,
      errors: [{ messageId: 'session-set', line: 3, suggestions: 1 }],
    },
    {
      // Holes that no value fits at first.
      code: `${pool}await pool.query(\`SET search_path TO \${schemas.join(', ')}\`)`,
      errors: [{ messageId: 'session-set', suggestions: 1 }],
    },
    {
      // A helper that builds the text.
      code: `${pool}function timeout(ms) { return \`set statement_timeout = \${ms}\` }\nawait pool.query(timeout(5))`,
      errors: [{ messageId: 'session-set', line: 3, suggestions: 1 }],
    },
    {
      // A helper that runs it.
      code: `${pool}const run = (text) => pool.query(text)\nawait run('reset all')`,
      errors: [{ messageId: 'session-set', line: 4 }],
    },
    {
      // In a transaction it outlives it all the same.
      code: `db.transaction(async (tx) => {\n  await tx.execute(sql\`select set_config('app.tenant', \${id}, false)\`)\n})`,
      errors: [{ messageId: 'set-config-session', line: 2, suggestions: 1 }],
    },
    {
      code: `import { drizzle } from 'drizzle-orm/node-postgres'\nimport { sql } from 'drizzle-orm'\nconst db = drizzle(url)\nawait db.execute(sql\`set time zone 'UTC'\`)`,
      errors: [{ messageId: 'session-set', line: 4, suggestions: 1 }],
    },
    {
      code: "import { Kysely, sql } from 'kysely'\nexport async function f(db: Kysely<DB>) { await sql`set role ${sql.id(role)}`.execute(db) }",
      errors: [{ messageId: 'set-role', suggestions: 1 }],
    },
    {
      code: "import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })\nawait sql`set search_path = app`\nawait sql.unsafe('discard all')",
      errors: [{ messageId: 'session-set', suggestions: 1 }, { messageId: 'deallocate-all' }],
    },
    {
      code: "import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()\nawait prisma.$executeRaw`set statement_timeout = 5`\nawait prisma.$executeRawUnsafe('set role x')",
      errors: [
        { messageId: 'session-set', suggestions: 1 },
        { messageId: 'set-role', suggestions: 1 },
      ],
    },
    {
      code: `import knex from 'knex'\nconst db = knex({ client: 'pg' })\nawait db.raw('set search_path to app')`,
      errors: [{ messageId: 'session-set', suggestions: 1 }],
    },
    {
      code: `import { DataSource } from 'typeorm'\nclass Repo { constructor(private readonly source: DataSource) {}\n  run() { return this.source.query('set role x') } }`,
      errors: [{ messageId: 'set-role', line: 3, suggestions: 1 }],
    },
    {
      code: `import { Sequelize } from 'sequelize'\nconst sequelize = new Sequelize(url)\nawait sequelize.query('set search_path to app')`,
      errors: [{ messageId: 'session-set', suggestions: 1 }],
    },
    {
      code: `import pgPromise from 'pg-promise'\nconst pgp = pgPromise()\nconst db = pgp(url)\nawait db.none('set search_path to $1:name', [x])`,
      errors: [{ messageId: 'session-set', suggestions: 1 }],
    },
    {
      code: "import { createPool, sql } from 'slonik'\nconst pool = await createPool(url)\nawait pool.query(sql.unsafe`set role x`)",
      errors: [{ messageId: 'set-role', suggestions: 1 }],
    },
    {
      // An object of unknown origin, in a file about PostgreSQL.
      code: `import type { PoolClient } from 'pg'\nimport { db } from './db'\nawait db.query('set role x')`,
      errors: [{ messageId: 'set-role', suggestions: 1 }],
    },
    {
      // Text that never reaches a visible call.
      code: `export function prefix(ms) { return \`SET statement_timeout='\${ms}s'; SET idle_session_timeout='\${ms}s';\` }\n// postgres`,
      errors: [
        { messageId: 'session-set', line: 1, column: 42, suggestions: 1 },
        { messageId: 'session-set', line: 1, column: 74, suggestions: 1 },
      ],
    },
    {
      // Escapes and line ends do not shift the place.
      code: `${pool}await pool.query('select \\'a\\';\\nset statement_timeout = 1')`,
      errors: [{ messageId: 'session-set', line: 3, column: 38 }],
    },
    {
      code: `import pg = require('pg')\nconst { Pool } = require('pg')\nasync function f(pool: pg.Pool | undefined) { await pool!.query('reset all') }`,
      errors: [{ messageId: 'session-set', line: 3 }],
    },
    {
      // A user's own function.
      code: `import { run } from '@acme/legacy'\nimport 'pg'\nawait run(1, 'set role x')`,
      settings: { 'pooler-safe': { executors: [{ module: '@acme/legacy', export: 'run', sql: 1, kind: 'pool' }] } },
      errors: [{ messageId: 'set-role', suggestions: 1 }],
    },
    {
      code: `${pool}await pool.query('SET myext_limit = 1')`,
      settings: { 'pooler-safe': { extraGucs: ['myext_*'] } },
      errors: [{ messageId: 'session-set', suggestions: 1 }],
    },
    {
      // The transaction is over.
      code: `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait client.query('commit')\nawait client.query('set role x')`,
      errors: [{ messageId: 'set-role', line: 6, suggestions: 1 }],
    },
  ],
})
