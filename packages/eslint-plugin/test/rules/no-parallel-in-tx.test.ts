import { noParallelInTx } from '../../src/rules/no-parallel-in-tx.ts'
import { pool, ruleTester } from '../rule-tester.ts'

const drizzle = `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)\n`

ruleTester.run('no-parallel-in-tx', noParallelInTx, {
  valid: [
    `${pool}await Promise.all([pool.query('select 1'), pool.query('select 2')])`,
    `${drizzle}await Promise.all([db.select().from(t), db.select().from(u)])`,
    `${drizzle}await db.transaction(async (tx) => { await tx.select().from(t); await Promise.all([a(), b()]) })`,
    // One client each.
    `${pool}await Promise.all(ids.map(async (id) => { const c = await pool.connect(); await c.query('select 1') }))`.replace(
      'const c = await pool.connect(); await c.query',
      'await pool.query',
    ),
    // One after the other, each its own transaction.
    `${pool}const c = await pool.connect()\nawait Promise.all(names.map((name) => c.query('drop database ' + name)))`,
    `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({})\nawait db.transaction(async (tx) => { await Promise.all([tx.query('select 1'), tx.query('select 2')]) })`,
  ],
  invalid: [
    {
      code: `${pool}const c = await pool.connect(); await c.query('begin')\nawait Promise.all([c.query('select 1'), c.query('select 2')])`,
      errors: [
        { messageId: 'parallel-in-tx', line: 4 },
        { messageId: 'parallel-in-tx', line: 4 },
      ],
    },
    {
      code: `${pool}const c = await pool.connect(); await c.query('begin')\nawait Promise.all(ids.map((id) => c.query('select $1', [id])))`,
      errors: [{ messageId: 'parallel-in-tx' }],
    },
    {
      // Whoever hands the client over may have opened a transaction.
      code: `import type { PoolClient } from 'pg'\nasync function f(c: PoolClient) { await Promise.all([c.query('select 1'), c.query('select 2')]) }`,
      errors: [{ messageId: 'parallel-in-tx' }, { messageId: 'parallel-in-tx' }],
    },
    {
      code: `${drizzle}await db.transaction(async (tx) => { await Promise.all([tx.insert(t).values(a), tx.insert(t).values(b)]) })`,
      errors: [{ messageId: 'parallel-in-tx' }],
    },
    {
      code: `${drizzle}await db.transaction(async (tx) => { await Promise.all(rows.map((row) => tx.insert(t).values(row))) })`,
      errors: [{ messageId: 'parallel-in-tx' }],
    },
  ],
})
