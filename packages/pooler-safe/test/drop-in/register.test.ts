import { useTestDatabase } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const database = useTestDatabase()

const ways = [
  ['--import', ['--import', 'pooler-safe/register']],
  ['--require', ['--require', 'pooler-safe/register']],
  ['both at once', ['--import', 'pooler-safe/register', '--require', 'pooler-safe/register']],
] as const

const formats = [
  ['module', `import pg, { Client, Pool } from 'pg'`],
  ['commonjs', `const pg = require('pg'); const { Client, Pool } = pg`],
] as const

/** What a program sees that knows nothing of pooler-safe. */
const report = `
  const url = process.env.DATABASE_URL
  const code = (promise) => promise.then(() => 'ran', (error) => error.code)
  async function main() {
    const pool = new Pool({ connectionString: url, max: 2 })
    const client = new Client({ connectionString: url })
    await client.connect()
    const checkedOut = await pool.connect()
    checkedOut.release()
    const said = {
      pool: await code(pool.query('set role none')),
      client: await code(client.query('listen jobs')),
      read: (await pool.query({ name: 'n', text: 'select $1::int as one', values: [1] })).rows,
      sameInDefault: pg.Client === Client && pg.Pool === Pool,
      native: pg.native,
      instances: [pool instanceof Pool, client instanceof Client, checkedOut instanceof Client, {} instanceof Pool],
      name: pool.constructor.name,
    }
    await client.end()
    await pool.end()
    process.stdout.write(JSON.stringify(said))
  }
  main()`

describe.each(ways)('%s', (_way, flags) => {
  test.each(formats)('I11: pg is guarded in a program of type %s', async (type, load) => {
    const result = await runProgram(`${load}\n${report}`, { type, flags, url: database.pooledUrl })
    expect(result).toEqual({
      code: 0,
      stderr: '',
      said: {
        pool: 'POOLER_SAFE_SESSION_STATE',
        client: 'POOLER_SAFE_SESSION_STATE',
        read: [{ one: 1 }],
        sameInDefault: true,
        native: null,
        instances: [true, true, true, false],
        name: 'Pool',
      },
    })
  })
})

test.each(formats)(
  'I11: a program of type %s uses pooler-safe itself beside it, and is guarded once',
  async (type, load) => {
    const own =
      type === 'module'
        ? `import { createDatabase } from 'pooler-safe'`
        : `const { createDatabase } = require('pooler-safe')`
    const program = `${load}\n${own}
      const db = createDatabase({ url: process.env.DATABASE_URL })
      db.transaction(async (tx) => (await tx.query('select $1::int as one', [1])).rows).then(async (rows) => {
        const client = await db.pool.connect()
        const said = { rows, instances: [db.pool instanceof Pool, client instanceof Client] }
        client.release()
        await db.close()
        process.stdout.write(JSON.stringify(said))
      })`
    const flags = ['--import', 'pooler-safe/register']
    const result = await runProgram(program, { type, flags, url: database.pooledUrl })
    expect(result).toEqual({ code: 0, stderr: '', said: { rows: [{ one: 1 }], instances: [true, true] } })
  },
)

test('a subclass of a registered class has only its own instances', async () => {
  const program = `import { Pool } from 'pg'
    class Mine extends Pool {}
    process.stdout.write(JSON.stringify([new Mine() instanceof Mine, new Mine() instanceof Pool, new Pool() instanceof Mine]))`
  const result = await runProgram(program, { type: 'module', flags: ['--import', 'pooler-safe/register'] })
  expect(result.said).toEqual([true, true, false])
})

test.each([
  ['module', `import 'pg'; await import('pooler-safe/register')`],
  ['module', `import 'pooler-safe'; await import('pooler-safe/register')`],
  ['commonjs', `require('pg'); require('pooler-safe/register')`],
] as const)('I9: in a program of type %s it refuses to come too late: %s', async (type, program) => {
  const result = await runProgram(program, { type })
  expect(result.code).not.toBe(0)
  expect(result.stderr).toMatch(/POOLER_SAFE_REGISTERED_TOO_LATE/)
  expect(result.stderr).toMatch(/node --import pooler-safe\/register/)
})
