import { useTestDatabase } from '@pooler-safe/tests/support'
import pg, * as pgNames from 'pg'
import { SafeClient, SafePool } from 'pooler-safe'
import safePg, * as safeNames from 'pooler-safe/pg'
import { expect, test } from 'vitest'
import { runProgram } from './run-program.ts'

const database = useTestDatabase()

test('I11: pooler-safe/pg exports every name of pg, as the same object, except the guarded classes and native', () => {
  const replaced = ['Client', 'Pool', 'default', 'module.exports']
  for (const name of Object.keys(pgNames).filter((one) => !replaced.includes(one))) {
    expect(safeNames[name as keyof typeof safeNames], name).toBe(pgNames[name as keyof typeof pgNames])
  }
  const rest = Object.keys(pg).filter((one) => !replaced.includes(one))
  expect(rest).toContain('utils')
  for (const name of rest) {
    expect(safePg[name as keyof typeof safePg], name).toBe(pg[name as keyof typeof pg])
  }
  expect([safePg.Client, safePg.Pool]).toEqual([safeNames.Client, safeNames.Pool])
  expect(safePg.Client.prototype).toBeInstanceOf(SafeClient)
  expect(safePg.Pool.prototype).toBeInstanceOf(SafePool)
  expect([safeNames.native, safePg.native]).toEqual([null, null])
})

test('I9: options that a library adds of its own are ignored, unsafe ones are refused', () => {
  const connectionString = 'postgres://app@localhost/shop'
  expect(() => new safePg.Pool({ connectionString, poolName: 'main', schema: 'jobs' } as object)).not.toThrow()
  expect(() => new safePg.Client({ connectionString, logger: console } as object)).not.toThrow()
  expect(() => new SafePool({ connectionString, poolName: 'main' } as object)).toThrow(/"poolName" is not known/)
  expect(() => new SafePool({ connectionString, schema: 'jobs' } as object)).toThrow(/"schema" is refused/)
  expect(() => new safePg.Pool({ connectionString, statement_timeout: 5 })).toThrow(/"statement_timeout" is refused/)
  expect(() => new safePg.Client({ connectionString, binary: true } as object)).toThrow(/"binary" is refused/)
})

const use = `
  const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 2 })
  pool.query({ name: 'first', text: 'select $1::int + 1 as two', values: [1] }).then(async ({ rows }) => {
    const refused = await pool.query("set search_path to 'x'").catch((error) => error.code)
    const sameInDefault = driver.Client === Client && driver.Pool === Pool && driver.native === null
    await pool.end()
    process.stdout.write(JSON.stringify({ rows, refused, sameInDefault, client: typeof new Client().query }))
  })`

const expected = { rows: [{ two: 2 }], refused: 'POOLER_SAFE_SESSION_STATE', sameInDefault: true, client: 'function' }

test('I11: pooler-safe/pg works as an ES module, as built', async () => {
  const program = `import driver, { Client, Pool } from 'pooler-safe/pg'\n${use}`
  const result = await runProgram(program, { type: 'module', url: database.pooledUrl })
  expect(result).toEqual({ code: 0, stderr: '', said: expected })
})

test('I11: pooler-safe/pg works with require, as built', async () => {
  const program = `const driver = require('pooler-safe/pg'); const { Client, Pool } = driver\n${use}`
  const result = await runProgram(program, { type: 'commonjs', url: database.pooledUrl })
  expect(result).toEqual({ code: 0, stderr: '', said: expected })
})

test('I11: the classes of pooler-safe/pg are those of pooler-safe, as built: no second copy is loaded', async () => {
  const compare = `process.stdout.write(JSON.stringify([two.Client.prototype instanceof one.SafeClient, two.Pool.prototype instanceof one.SafePool]))`
  const imported = `import * as one from 'pooler-safe'; import * as two from 'pooler-safe/pg'\n${compare}`
  const required = `const one = require('pooler-safe'), two = require('pooler-safe/pg')\n${compare}`
  expect((await runProgram(imported, { type: 'module' })).said).toEqual([true, true])
  expect((await runProgram(required, { type: 'commonjs' })).said).toEqual([true, true])
})
