import { requirePoolErrorHandler } from '../../src/rules/require-pool-error-handler.ts'
import { ruleTester } from '../rule-tester.ts'

ruleTester.run('require-pool-error-handler', requirePoolErrorHandler, {
  valid: [
    `import { Pool } from 'pg'\nconst pool = new Pool()\npool.on('error', log)`,
    `import { Pool } from 'pg'\nconst pool = new Pool().on('error', log)`,
    `import { Pool } from 'pg'\nclass Db { pool = new Pool()\n constructor() { this.pool.on('connect', f).on('error', log) } }`,
    `import { Pool } from 'pg'\nexport function makePool() { return new Pool() }`,
    `import { Pool } from 'pg'\nconst pool = new Pool()\nwatchErrors(pool)`,
    `import { Pool } from 'pg'\nexport const make = () => new Pool()`,
    // It lives no longer than the function that makes it.
    `import { Pool } from 'pg'\nasync function check(config) { const pool = new Pool(config)\ntry { await pool.query('select 1') } finally { await pool.end() } }`,
    `import { Pool } from 'pg'\nconst check = (config) => { const pool = new Pool(config)\nreturn new Promise((resolve) => { pool.query('select 1', (error) => { pool.end(); resolve(error) }) }) }`,
    // Nor than the script.
    `import { Pool } from 'pg'\nconst pool = new Pool()\nasync function main() { await pool.query('select 1')\npool.end() }\nmain().catch(log)`,
    `import { Pool } from 'pg'\nconst pool = new Pool()\nwork().finally(() => pool.end())`,
    // A test that loses its database fails, as it should.
    `import { Pool } from 'pg'\nimport { test } from 'vitest'\nconst pool = new Pool()\ntest('a', async () => { await pool.query('select 1') })`,
    `import { Pool } from 'pg'\nlet pool\nbeforeEach(() => { pool = new Pool() })\nit('a', () => pool.query('select 1'))`,
    `import { Pool } from 'generic-pool'\nconst pool = new Pool()`,
    `import { SafePool } from 'pooler-safe'\nconst pool = new SafePool()`,
    `import { Client } from 'pg'\nconst client = new Client()`,
  ],
  invalid: [
    {
      code: `import { Pool } from 'pg'\nconst pool = new Pool()`,
      errors: [{ messageId: 'pool-error-unhandled', line: 2, column: 18 }],
    },
    {
      code: `import pg from 'pg'\nexport const pool = new pg.Pool()\npool.on('connect', f)`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      code: `import { Pool } from 'pg'\nclass Db { constructor() { this.pool = new Pool() } }`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      // A service that ends it when it is told to stop.
      code: `import { Pool } from 'pg'\nconst pool = new Pool()\nprocess.on('SIGTERM', () => pool.end())`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      code: `import { Pool } from 'pg'\nclass Db { pool = new Pool()\n async close() { await this.pool.end() } }`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      // Whoever calls this decides how long it lives.
      code: `import { Pool } from 'pg'\nexport const open = () => { const pool = new Pool()\nreturn { pool, close: () => pool.end() } }`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      code: `import { Pool } from 'pg'\nexport function start() { const pool = new Pool()\nprocess.on('SIGTERM', () => pool.end()) }`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      // A new pool for every call, and no end of it.
      code: `import { Pool } from 'pg'\nasync function search(config) { const pool = new Pool(config)\nconst client = await pool.connect()\nclient.release() }`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      code: `import { Pool } from 'pg'\nimport { it } from './own'\nconst pool = new Pool()\nit('a', f)\nit('b', f)`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
    {
      code: `import { Pool } from 'pg'\nimport { Kysely, PostgresDialect } from 'kysely'\nconst db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool() }) })`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
  ],
})
