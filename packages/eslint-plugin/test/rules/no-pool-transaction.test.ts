import { noPoolTransaction } from '../../src/rules/no-pool-transaction.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-pool-transaction', noPoolTransaction, {
  valid: [
    // Either a transaction or a savepoint, and the same branch closes it.
    `import type { PoolClient } from 'pg'\nasync function f(c: PoolClient, level) {\n  if (level === 0) await c.query('begin')\n  else await c.query('savepoint a')\n  if (level === 0) await c.query('commit')\n  else await c.query('release savepoint a')\n}`,
    `${pool}const client = await pool.connect()\ntry {\n  await client.query('begin')\n  await client.query('commit')\n} catch (error) {\n  await client.query('rollback')\n  throw error\n} finally { client.release() }`,
    `${pool}await pool.query('begin; insert into t values (1); commit')`,
    `import { Client } from 'pg'\nconst client = new Client()\nawait client.query('begin')\nawait client.query('savepoint a')\nawait client.query('commit')`,
    // May be a client or a transaction.
    `import { Kysely, sql } from 'kysely'\nasync function f(db: Kysely<DB>) { await sql\`savepoint a\`.execute(db) }`,
    `import { session } from './session'\nawait session.query('begin')`,
    `import type { ClientBase } from 'pg'\nasync function tx(client: ClientBase, work) { await client.query('BEGIN'); await work(client); await client.query('COMMIT') }`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query('begin')\nawait pool.query('commit')`,
      errors: [
        { messageId: 'begin-on-pool-query', line: 3 },
        { messageId: 'commit-outside-tx', line: 4 },
      ],
    },
    { code: `${pool}await pool.query('savepoint a')`, errors: [{ messageId: 'savepoint-misuse' }] },
    {
      code: `${pool}await pool.query('begin; insert into t values (1)')`,
      errors: [{ messageId: 'begin-on-pool-query' }],
    },
    {
      code: "import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })\nawait sql`begin`",
      errors: [{ messageId: 'begin-on-pool-query' }],
    },
    {
      code: `import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()\nawait prisma.$executeRawUnsafe('BEGIN')`,
      errors: [{ messageId: 'begin-on-pool-query' }],
    },
    {
      code: `import { Pool } from 'pg'\nclass Db { private readonly pool = new Pool()\n  async tx() { await this.pool.query('BEGIN') } }`,
      errors: [{ messageId: 'begin-on-pool-query', line: 3 }],
    },
    {
      code: `import { Pool } from 'pg'\nasync function f({ pool }: { pool: Pool }) { await pool.query('rollback') }`,
      errors: [{ messageId: 'commit-outside-tx' }],
    },
    {
      code: `${pool}pool.connect(async (err, client) => {})\nconst run = (text) => pool.query(text)\nawait run('begin')`,
      errors: [{ messageId: 'begin-on-pool-query', line: 5 }],
    },
  ],
})
