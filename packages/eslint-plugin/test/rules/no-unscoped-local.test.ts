import { noUnscopedLocal } from '../../src/rules/no-unscoped-local.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-unscoped-local', noUnscopedLocal, {
  valid: [
    `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait client.query("set local role x")\nawait client.query('commit')`,
    `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\nawait db.transaction(async (tx) => { await tx.execute(sql\`set local role x\`) })`,
    "import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql.begin(async (sql) => { await sql`set local role x` })",
    "import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()\nawait prisma.$transaction(async (tx) => { await tx.$executeRaw`select set_config('a.b', ${v}, true)` })",
    "import { Kysely, sql } from 'kysely'\nconst db = new Kysely({})\nawait db.transaction().execute(async (trx) => { await sql`set local role x`.execute(trx) })",
    `import knex from 'knex'\nconst db = knex({})\nawait db.transaction(async (trx) => { await trx.raw('set local role x') })`,
    // One text is one implicit transaction.
    `${pool}await pool.query("set local role x; select 1")`,
    // Whoever calls this may have opened one.
    `import type { PoolClient } from 'pg'\nasync function f(client: PoolClient) { await client.query('set local role x') }`,
    `${pool}const client = await pool.connect()\nawait begin(client)\nawait client.query('set local role x')`,
    "import { Kysely, sql } from 'kysely'\nexport async function up(db: Kysely<unknown>) { await sql`SET LOCAL lock_timeout = '5s'`.execute(db) }",
    // After an early end of the transaction in a branch it is still open.
    `${pool}const client = await pool.connect()\nawait client.query('begin')\nif (done) { await client.query('rollback'); throw new Error() }\nawait client.query('set local role x')\nawait client.query('commit')`,
    `import { dataSource } from './source'\nconst runner = dataSource.createQueryRunner()\nawait runner.query('set local role x')`,
    `${pool}await pool.query('select * from job where id = 1')`,
    // The call itself says in which transaction it runs.
    `import { Sequelize } from 'sequelize'\nconst s = new Sequelize(url)\nconst setUp = (t) => s.query('set local statement_timeout = 5', { transaction: t })`,
    `import knex from 'knex'\nconst db = knex({})\nconst setUp = (trx) => db.raw('set local statement_timeout = 5').transacting(trx)`,
    // What an unknown method gives may be a transaction.
    `import 'pg'\nasync function f(db) { const t = await db.beginTransaction()\nawait t.query("select set_config('a.b', $1, true)", [c]) }`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query("set local role x")\nawait pool.query('select 1')`,
      errors: [{ messageId: 'set-local-outside-tx', line: 3 }],
    },
    {
      code: `import { Sequelize } from 'sequelize'\nconst s = new Sequelize(url)\nawait s.query('set local statement_timeout = 5', { transaction: undefined })`,
      errors: [{ messageId: 'set-local-outside-tx' }],
    },
    {
      code: `import 'pg'\nasync function f(db) { const c = await db.getClient()\nawait c.query("select set_config('a.b', $1, true)", [d]) }`,
      errors: [{ messageId: 'set-local-outside-tx' }],
    },
    {
      code: `${pool}await pool.query("select set_config('app.tenant', $1, true)", [id])`,
      errors: [{ messageId: 'set-local-outside-tx' }],
    },
    { code: `${pool}await pool.query('select pg_advisory_xact_lock(1)')`, errors: [{ messageId: 'autocommit-locks' }] },
    {
      code: `${pool}await pool.query('select id from job for update skip locked')`,
      errors: [{ messageId: 'autocommit-locks' }],
    },
    {
      code: `${pool}const client = await pool.connect()\nawait client.query('set local role x')\nawait client.query('select 1')`,
      errors: [{ messageId: 'set-local-outside-tx', line: 4 }],
    },
    {
      code: `${pool}const client = await pool.connect()\nawait client.query('begin')\nawait client.query('commit')\nawait client.query('set local role x')`,
      errors: [{ messageId: 'set-local-outside-tx', line: 6 }],
    },
    { code: `${pool}await pool.query('declare c cursor for select 1')`, errors: [{ messageId: 'declare-outside-tx' }] },
    { code: `${pool}await pool.query('set constraints all deferred')`, errors: [{ messageId: 'set-constraints' }] },
    {
      code: "import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql`set local role x`",
      errors: [{ messageId: 'set-local-outside-tx' }],
    },
    {
      code: `import { drizzle } from 'drizzle-orm/node-postgres'\nimport { sql } from 'drizzle-orm'\nconst db = drizzle(url)\nawait db.transaction(async (tx) => { await db.execute(sql\`set local role x\`) })`,
      errors: [{ messageId: 'set-local-outside-tx' }],
    },
    {
      code: `${pool}await pool.query('create temp table t (a int) on commit drop')`,
      errors: [{ messageId: 'temp-table' }],
    },
  ],
})
