import { noConnectHookState } from '../../src/rules/no-connect-hook-state.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-connect-hook-state', noConnectHookState, {
  valid: [
    `${pool}pool.on('connect', () => { opened += 1 })`,
    `${pool}pool.on('connect', (client) => { client.on('error', log) })`,
    `socket.on('connect', () => { socket.emit('x') })`,
    `import knex from 'knex'\nconst db = knex({ client: 'pg', pool: { min: 0 } })`,
    `import { Pool } from 'pg'\nconst direct = new Pool({ connectionString: process.env.DIRECT_URL })\nawait direct.query('select 1')`,
  ],
  invalid: [
    {
      code: `${pool}pool.on('connect', (client) => { client.query('set search_path to app') })`,
      errors: [{ messageId: 'on-connect-setup', line: 3 }],
    },
    {
      code: `${pool}pool.on('acquire', async (client) => { await client.query(\`set search_path to \${schema}\`) })`,
      errors: [{ messageId: 'on-connect-setup' }],
    },
    {
      code: `import knex from 'knex'\nconst db = knex({ client: 'pg', searchPath: ['app'] })`,
      errors: [{ messageId: 'on-connect-setup', column: 33 }],
    },
    {
      code: `import knex from 'knex'\nimport 'pg'\nconst db = knex({ pool: { afterCreate(connection, done) { connection.query('set time zone 0', done) } } })`,
      errors: [{ messageId: 'on-connect-setup', line: 3 }],
    },
    {
      code: `import 'pg'\nsequelize.addHook('afterConnect', async (connection) => { await connection.query('set search_path = app') })`,
      errors: [{ messageId: 'on-connect-setup' }],
    },
  ],
})
