import { noClientOnlyTimeout } from '../../src/rules/no-client-only-timeout.ts'
import { ruleTester } from '../rule-tester.ts'

ruleTester.run('no-client-only-timeout', noClientOnlyTimeout, {
  valid: [
    `import { Pool } from 'pg'\nnew Pool({ connectionTimeoutMillis: 5 })`,
    `import { Pool } from 'pg'\nnew Pool({ query_timeout: undefined })`,
    `import { Pool } from 'pg'\nnew Pool({ query_timeout: 5000, statement_timeout: 4000 })`,
    `configure({ query_timeout: 5 })`,
  ],
  invalid: [
    {
      code: `import { Pool } from 'pg'\nnew Pool({ query_timeout: 5000 })`,
      errors: [{ messageId: 'query-timeout-client-only', column: 12 }],
    },
    {
      code: `import { Client } from 'pg'\nnew Client({ query_timeout: ms })`,
      errors: [{ messageId: 'query-timeout-client-only' }],
    },
  ],
})
