import { noNamedStatement } from '../../src/rules/no-named-statement.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-named-statement', noNamedStatement, {
  valid: [
    `${pool}await pool.query({ text: 'select 1', values: [] })`,
    `${pool}await pool.query({ name: undefined, text: 'select 1' })`,
    `${pool}await pool.query('select $1::text as name', [name])`,
    `const user = { name: 'x', text: 'y' }\nsave(user)`,
    `api.query({ name: 'users', variables: {} })`,
    `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })`,
    `import postgres from 'postgres'\nconst sql = postgres(url, options)`,
    `import postgres from 'postgres'\nconst sql = postgres('postgres://a/b?prepare=false')`,
    `import postgres from 'postgres'\nconst sql = postgres(url, { ...options })`,
    `import Database from 'better-sqlite3'\nconst db = new Database('x')\ndb.prepare('select 1').all()`,
    `import { drizzle } from 'drizzle-orm/better-sqlite3'\nconst db = drizzle(x)\ndb.select().from(t).prepare('a')`,
    `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(x)\nconst q = db.select().from(t).prepare()`,
    `await page.prepare('a')`,
  ],
  invalid: [
    {
      code: `${pool}await pool.query({ name: 'get_user', text: 'select 1', values: [] })`,
      output: `${pool}await pool.query({ text: 'select 1', values: [] })`,
      errors: [{ messageId: 'named-parse', line: 3, column: 20 }],
    },
    {
      code: `${pool}await pool.query({ text: 'select 1', name: 'get_user' })`,
      output: `${pool}await pool.query({ text: 'select 1' })`,
      errors: [{ messageId: 'named-parse' }],
    },
    {
      // The value may do something: only a suggestion.
      code: `${pool}await pool.query({ text: 'select 1', name: makeName() })`,
      output: null,
      errors: [
        {
          messageId: 'named-parse',
          suggestions: [{ messageId: 'suggestion', output: `${pool}await pool.query({ text: 'select 1' })` }],
        },
      ],
    },
    {
      code: `${pool}const config = { name: 'a', text: 'select 1' }\nawait pool.query(config)`,
      output: `${pool}const config = { text: 'select 1' }\nawait pool.query(config)`,
      errors: [{ messageId: 'named-parse', line: 3 }],
    },
    {
      code: `import type { PoolClient } from 'pg'\nimport { withClient } from './client'\nawait withClient((client) => client.query({ text, values, name: off ? undefined : \`job/\${schema}\` }))`,
      output: null,
      errors: [],
    },
    {
      code: `import type { PoolClient } from 'pg'\nimport { withClient } from './client'\nawait withClient((client) => client.query({ text: 'select 1', values, name: off ? undefined : \`job/\${schema}\` }))`,
      output: null,
      errors: [{ messageId: 'named-parse', suggestions: 1 }],
    },
    {
      code: `${pool}await pool.query('prepare p as select 1; execute p; deallocate p')`,
      errors: [{ messageId: 'sql-prepare' }, { messageId: 'sql-prepare' }, { messageId: 'sql-prepare' }],
    },
    { code: `${pool}await pool.query('deallocate all')`, errors: [{ messageId: 'deallocate-all' }] },
    {
      code: `import postgres from 'postgres'\nconst sql = postgres(url)`,
      output: `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })`,
      errors: [{ messageId: 'named-parse' }],
    },
    {
      code: `import postgres from 'postgres'\nconst sql = postgres(url, { max: 1 })`,
      output: `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false, max: 1 })`,
      errors: [{ messageId: 'named-parse' }],
    },
    {
      code: `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: true })`,
      output: `import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })`,
      errors: [{ messageId: 'named-parse' }],
    },
    {
      code: `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(x)\nconst q = db.select().from(t).where(w).prepare('get_user')`,
      errors: [{ messageId: 'named-parse', line: 3 }],
    },
    {
      code: `import { PreparedStatement } from 'pg-promise'\nconst q = new PreparedStatement({ name: 'a', text: 'select 1' })`,
      errors: [{ messageId: 'named-parse' }],
    },
    {
      code: `import { Client } from 'pg'\nimport Query from 'pg'\nimport pg from 'pg'\nnew pg.Query({ name: 'a', text: 'select 1' })`,
      output: `import { Client } from 'pg'\nimport Query from 'pg'\nimport pg from 'pg'\nnew pg.Query({ text: 'select 1' })`,
      errors: [{ messageId: 'named-parse' }],
    },
  ].filter((item) => item.errors.length > 0),
})
