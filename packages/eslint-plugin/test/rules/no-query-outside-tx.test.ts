import { noQueryOutsideTx } from '../../src/rules/no-query-outside-tx.ts'
import { ruleTester } from '../rule-tester.ts'

const drizzle = `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\n`

ruleTester.run('no-query-outside-tx', noQueryOutsideTx, {
  valid: [
    `${drizzle}await db.transaction(async (tx) => { await tx.insert(t).values(v) })`,
    // The same name inside.
    "import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql.begin(async (sql) => { await sql`select 1` })",
    // A subquery is built, not run.
    `${drizzle}await db.transaction(async (tx) => { await tx.insert(t).select(db.select().from(u)) })`,
    `import knex from 'knex'\nconst db = knex({ client: 'pg' })\nawait db.transaction(async (trx) => { await trx('t').select(db.raw('count(id) as n')) })`,
    // It is told which transaction to run in.
    "import { Sequelize } from 'sequelize'\nexport const up = (queryInterface) => queryInterface.sequelize.transaction(async (transaction) => { await queryInterface.sequelize.query('delete from t', { transaction }) })",
    `import knex from 'knex'\nconst db = knex({ client: 'pg' })\nawait db.transaction(async (trx) => { await db('t').del().transacting(trx) })`,
    // After it.
    `${drizzle}await db.transaction(async (tx) => { await tx.insert(t).values(v) })\nawait db.select().from(t)`,
    `import Database from 'better-sqlite3'\nconst db = new Database('x')\ndb.transaction((tx) => { db.exec('select 1') })`,
    `idb.transaction(async (tx) => { await idb.get('x') })`,
    `import { Kysely } from 'kysely'\nconst db = new Kysely({})\nawait db.transaction().execute(async (trx) => { await trx.insertInto('t').values(db.fn.now()).execute() })`,
  ],
  invalid: [
    {
      code: `import knex from 'knex'\nconst db = knex({ client: 'pg' })\nawait db.transaction(async (trx) => { await db.raw('delete from t') })`,
      errors: [{ messageId: 'query-escapes-tx' }],
    },
    {
      code: `${drizzle}await db.transaction(async (tx) => {\n  await tx.insert(t).values(v)\n  await db.insert(u).values(v)\n})`,
      errors: [{ messageId: 'query-escapes-tx', line: 5, column: 9 }],
    },
    {
      code: "import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql.begin(async (tx) => { await sql`select 1` })",
      errors: [{ messageId: 'query-escapes-tx' }],
    },
    {
      code: `import { Kysely } from 'kysely'\nconst db = new Kysely({})\nawait db.transaction().setIsolationLevel('serializable').execute(async (trx) => { await db.insertInto('t').values(v).execute() })`,
      errors: [{ messageId: 'query-escapes-tx' }],
    },
    {
      code: `import { PrismaClient } from '@prisma/client'\nclass S { constructor(private prisma: PrismaClient) {}\n  run() { return this.prisma.$transaction(async (tx) => { await this.prisma.user.create({}) }) } }`,
      errors: [{ messageId: 'query-escapes-tx', line: 3 }],
    },
    {
      code: `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({})\nawait db.transaction(async (tx) => { await db.query('select 1') })`,
      errors: [{ messageId: 'query-escapes-tx' }],
    },
    {
      code: `import { db } from './db'\nawait db.transaction(async (tx) => { await Promise.all([db.query('select 1')]) })`,
      errors: [{ messageId: 'query-escapes-tx' }],
    },
  ],
})
