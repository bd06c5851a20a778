import { requirePoolerConfig } from '../../src/rules/require-pooler-config.ts'
import { ruleTester } from '../rule-tester.ts'

ruleTester.run('require-pooler-config', requirePoolerConfig, {
  valid: [
    `import postgres from 'postgres'\npostgres('postgres://u@h:6543/db', { prepare: false })`,
    `import { Pool } from 'pg'\nnew Pool({ connectionString: 'postgres://u@h:6543/db' })`,
    `import { Client } from 'pg'\nnew Client({ pipeline: false })`,
    `fetch('postgres://h:6543/?pgbouncer=true')`,
  ],
  invalid: [
    {
      code: `import postgres from 'postgres'\npostgres('postgres://h/db?pgbouncer=true', { prepare: false })`,
      errors: [{ messageId: 'url-flag-folklore', column: 10 }],
    },
    { code: `import { Client } from 'pg'\nnew Client({ pipeline: true })`, errors: [{ messageId: 'sync-pipelining' }] },
  ],
})
