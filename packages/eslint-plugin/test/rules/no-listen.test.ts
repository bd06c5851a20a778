import { noListen } from '../../src/rules/no-listen.ts'
import { pool, ruleTester } from '../rule-tester.ts'

ruleTester.run('no-listen', noListen, {
  valid: [
    `${pool}await pool.query("select pg_notify('a', 'b')")`,
    `${pool}await pool.query('notify jobs')`,
    `import { createServer } from 'node:http'\ncreateServer().listen(3000)`,
    `const socket = io()\nsocket.on('notification', show)`,
    `import postgres from 'postgres'\nconst sql = postgres(process.env.DIRECT_URL)\nawait sql.listen('jobs', onJob)`,
    `import { createDatabase } from 'pooler-safe'\nconst db = createDatabase({})\nawait db.direct.listen('jobs', onJob, { reason: 'push to browsers' })`,
    `import { Client } from 'pg'\nconst client = new Client({ connectionString: process.env.DIRECT_URL })\nclient.on('notification', f)\nawait client.query('listen jobs')`,
  ],
  invalid: [
    {
      // Drivers of one's own over pg's protocol.
      code: "import type { Pool } from 'pg'\nawait connection.query({ statement: `listen ${channel}` })",
      errors: [{ messageId: 'listen', line: 2 }],
    },
    {
      code: `import type knex from 'knex'\nclass Emitter {\n  private client: any = null\n  constructor(private readonly knex: knex.Knex) {}\n  async connect() {\n    this.client = await this.knex.client.acquireRawConnection()\n    await this.client.query(\`LISTEN \${this.channel}\`)\n  }\n}`,
      errors: [{ messageId: 'listen', line: 7 }],
    },
    {
      // In the callback of `begin`, and in each one of a list.
      code: "import postgres from 'postgres'\nconst sql = postgres(url, { prepare: false })\nawait Promise.all(names.map((name) => sql`listen ${sql(name)}`))",
      errors: [{ messageId: 'listen' }],
    },
    {
      code: `${pool}const c = await pool.connect()\nawait c.query('listen jobs')`,
      errors: [{ messageId: 'listen', line: 4 }],
    },
    {
      code: `import { Client } from 'pg'\nconst client = new Client()\nclient.on('notification', f)\nawait client.query(\`LISTEN "\${channel}"; UNLISTEN *\`)`,
      errors: [
        { messageId: 'listen', line: 3 },
        { messageId: 'listen', line: 4 },
        { messageId: 'listen', line: 4 },
      ],
    },
    {
      code: `import postgres from 'postgres'\nconst sql = postgres(url)\nawait sql.listen('jobs', f)\nawait sql.subscribe('*', f)`,
      errors: [
        { messageId: 'listen', line: 3, column: 11 },
        { messageId: 'listen', line: 4 },
      ],
    },
    {
      code: `import type { Sql } from 'postgres'\nclass S { constructor(private sql: Sql) {}\n go() { return this.sql.listen('a', f) } }`,
      errors: [{ messageId: 'listen', line: 3 }],
    },
    {
      code: `import createSubscriber from 'pg-listen'\nconst s = createSubscriber({ connectionString })`,
      errors: [{ messageId: 'listen' }],
    },
  ],
})
