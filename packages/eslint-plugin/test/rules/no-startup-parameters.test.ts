import { noStartupParameters } from '../../src/rules/no-startup-parameters.ts'
import { ruleTester } from '../rule-tester.ts'

ruleTester.run('no-startup-parameters', noStartupParameters, {
  valid: [
    `import { Pool } from 'pg'\nnew Pool({ max: 5, application_name: 'x', connectionTimeoutMillis: 5 })`,
    `import { Pool } from 'pg'\nnew Pool({ statement_timeout: 0, lock_timeout: undefined })`,
    `import { Pool } from 'pg'\nnew Pool({ connectionString: process.env.DIRECT_URL, statement_timeout: 5000 })`,
    `import { createDatabase } from 'pooler-safe'\ncreateDatabase({ statement_timeout: 1 })`,
    `configure({ statement_timeout: 5000 })`,
    // Types of other modules, other databases, and the URL past the pooler.
    `import type { PoolConfig } from './config'\nconst config: PoolConfig = { statement_timeout: 5 }`,
    `import type { Knex } from 'knex'\nconst config: Knex.Config = { client: 'mysql2', connection: { options: '-c a' } }`,
    `import type { PoolConfig } from 'pg'\nconst config: PoolConfig = { connectionString: process.env.DIRECT_URL, statement_timeout: 5 }`,
    `import type { PoolConfig } from 'pg'\nconst config: PoolConfig = { max: 5 }`,
    `import mysql from 'mysql2'\nmysql.createPool({ options: '-c x' })`,
    `import { Sequelize } from 'sequelize'\nnew Sequelize(url, { options: { a: 1 } })`,
  ],
  invalid: [
    {
      code: `import { Pool } from 'pg'\nnew Pool({ statement_timeout: 5000 })`,
      errors: [{ messageId: 'startup-param-rejected', column: 12 }],
    },
    {
      code: `import pg from 'pg'\nconst config = { lock_timeout: ms, idle_in_transaction_session_timeout: ms }\nnew pg.Client(config)`,
      errors: [
        { messageId: 'startup-param-rejected', line: 2 },
        { messageId: 'startup-param-rejected', line: 2 },
      ],
    },
    {
      code: `import { Pool } from 'pg'\nnew Pool({ options: '-c search_path=app' })`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
    {
      // Made here, used in another file.
      code: `import type { PoolConfig } from 'pg'\nconst config: PoolConfig = { max: 5, statement_timeout: 5000 }\nawait ensurePool(config)`,
      errors: [{ messageId: 'startup-param-rejected', line: 2, column: 38 }],
    },
    {
      code: `import type { Knex } from 'knex'\nexport function config({ ms }): Knex.Config {\n return { client: 'pg', connection: { statement_timeout: ms } }\n}`,
      errors: [{ messageId: 'startup-param-rejected', line: 3 }],
    },
    {
      code: `import knex from 'knex'\nclass Db { private config: knex.Knex.Config\n constructor(ms) { this.config = { client: 'postgres', connection: { statement_timeout: ms } } } }`,
      errors: [{ messageId: 'startup-param-rejected', line: 3 }],
    },
    {
      code: `import pg from 'pg'\nexport const config = { options: '-c search_path=a' } satisfies pg.ClientConfig`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
    {
      code: `import { knex } from '@mikro-orm/postgresql'\nknex({ client: 'pg', connection: { idle_in_transaction_session_timeout: ms } })`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
    {
      code: `import postgres from 'postgres'\npostgres(url, { prepare: false, connection: { statement_timeout: 5 } })`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
    {
      code: `import { DataSource } from 'typeorm'\nnew DataSource({ type: 'postgres', extra: { statement_timeout: 5 } })`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
    {
      code: `import { Pool } from 'pg'\nnew Pool({ connectionString: 'postgres://h/db?statement_timeout=5' })`,
      errors: [{ messageId: 'startup-param-rejected' }],
    },
  ],
})
