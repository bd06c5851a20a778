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
      code: `import { Pool } from 'pg'\nimport { Kysely, PostgresDialect } from 'kysely'\nconst db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool() }) })`,
      errors: [{ messageId: 'pool-error-unhandled' }],
    },
  ],
})
