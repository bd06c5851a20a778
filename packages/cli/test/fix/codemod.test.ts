import { expect, test } from 'vitest'
import { makeFolder } from '../support/run-program.ts'

interface Converted {
  readonly code: number
  readonly out: string
  readonly err: string
  readonly text: string
  readonly files: Readonly<Record<string, string>>
}

/** Runs the codemod on files; `a.ts` is the one that most tests look at. */
async function convert(files: string | Readonly<Record<string, string>>, ...argv: string[]): Promise<Converted> {
  const given = typeof files === 'string' ? { 'a.ts': files } : files
  const folder = makeFolder({ 'package.json': '{"name":"x","dependencies":{"pg":"8","postgres":"3"}}', ...given })
  const ran = await folder.run('fix', '--codemod', 'create-database', ...argv)
  const now = Object.fromEntries(Object.keys(given).map((name) => [name, folder.read(name)]))
  // Twice is once.
  const again = await folder.run('fix', '--codemod', 'create-database', ...argv)
  for (const [name, text] of Object.entries(now))
    expect(folder.read(name), `${name} after a second run: ${again.err}`).toBe(text)
  return { ...ran, text: now['a.ts'] ?? '', files: now }
}

const pg = `import { Pool } from 'pg'\n`
const made = `import { createDatabase } from 'pooler-safe'\n`

test.each([
  [
    `import { Pool } from 'pg'\nconst pool = new Pool({ connectionString: url })\n`,
    `${made}const db = createDatabase({ url })\n`,
  ],
  [
    `import pg from 'pg'\nconst pool = new pg.Pool({ connectionString: 'postgres://h/d' })\n`,
    `${made}const db = createDatabase({ url: 'postgres://h/d' })\n`,
  ],
  [
    `import * as pg from 'pg'\nconst pool = new pg.Pool()\n`,
    `${made}const db = createDatabase({ url: 'postgres:///' })\n`,
  ],
  [
    `const { Pool } = require('pg')\nconst pool = new Pool()\n`,
    `const { createDatabase } = require('pooler-safe')\nconst db = createDatabase({ url: 'postgres:///' })\n`,
  ],
  [
    `const pg = require('pg');\nconst pool = new pg.Pool();\n`,
    `const { createDatabase } = require('pooler-safe');\nconst db = createDatabase({ url: 'postgres:///' });\n`,
  ],
  [`import pg from 'pg'\nconst { Pool } = pg\nconst pool = new Pool()\n`, undefined],
  [
    `import { Pool, type PoolClient } from 'pg'\nconst pool: Pool = new Pool()\nexport type C = PoolClient\n`,
    `import { Pool, type PoolClient } from 'pg'\n`,
  ],
])('a pool in its forms: %j', async (source, expected) => {
  const { text } = await convert(source)
  expect(text).toMatch(/= createDatabase\(\{ url/)
  expect(text).toMatch(/createDatabase \} (?:from|= require\()/)
  if (expected !== undefined && !source.includes('PoolClient')) expect(text).toBe(expected)
  if (source.includes('PoolClient')) expect(text).toContain('PoolClient } from')
  expect(text).not.toMatch(/new (?:pg\.)?Pool/)
})

test('options keep their meaning under their new names', async () => {
  const { text } = await convert(
    `${pg}const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 20, ssl: { rejectUnauthorized: false }, idleTimeoutMillis: 0, connectionTimeoutMillis: limit, application_name: 'api', statement_timeout: 5000, keepAlive: true })\n`,
  )
  expect(text).toContain(
    `createDatabase({ url: process.env.DATABASE_URL ?? 'postgres:///', max: 20, ssl: { rejectUnauthorized: false }, idleTimeoutMs: 2_147_483_647, connectionTimeoutMs: limit, applicationName: 'api', statementTimeoutMs: 5000 })`,
  )
})

test('an address of single options becomes a URL, encoded where it runs', async () => {
  const { text } = await convert(
    `${pg}const pool = new Pool({ host: 'db', port: 6543, user: name, password: secret, database: 'app' })\n`,
  )
  expect(text).toContain(
    'createDatabase({ url: `postgres://${encodeURIComponent(name)}@db:6543/app`, password: secret })',
  )
})

test('an option without a counterpart leaves the file, and is the reason in the patch', async () => {
  const source = `${pg}const pool = new Pool({ max: 2, query_timeout: 1000 })\nawait pool.query('select 1')\n`
  const { code, out, text } = await convert(source)
  expect([code, text]).toEqual([1, source])
  expect(out).toContain('not done because the option `query_timeout` has no counterpart')
  expect(out).toContain('+const db = createDatabase({')
})

test.each([
  [`const options = load()\nconst pool = new Pool(options)`, /its options are not written out/],
  [`const pool = new Pool({ ...base })`, /its options come in part from elsewhere/],
  [`let pool = new Pool()`, /not kept in a constant/],
  [`class A { pool = new Pool() }`, /not kept in a constant/],
])('a pool that cannot be followed is a remark: %s', async (source, reason) => {
  const { code, err, text } = await convert(`${pg}${source}\n`)
  expect([code, text]).toEqual([1, `${pg}${source}\n`])
  expect(err).toMatch(reason)
})

test('what only the API of pg can do goes to the guarded pool', async () => {
  const { text } = await convert(
    `${pg}import Cursor from 'pg-cursor'
const pool = new Pool()
pool.on('error', console.error)
await pool.query('select 1', [])
await pool.query('select 1; select 2')
await pool.query(anything)
await pool.query({ text: 'select 1', rowMode: 'array' })
pool.query('select 1', (error, result) => {})
pool.query(new Cursor('select 1'))
start({ pool }, pool)
console.log(pool.totalCount)
await pool.end()
`,
  )
  expect(text).toBe(
    `${made}import Cursor from 'pg-cursor'
const db = createDatabase({ url: 'postgres:///' })
db.pool.on('error', console.error)
await db.query('select 1', [])
await db.pool.query('select 1; select 2')
await db.pool.query(anything)
await db.pool.query({ text: 'select 1', rowMode: 'array' })
db.pool.query('select 1', (error, result) => {})
db.pool.query(new Cursor('select 1'))
start({ pool: db.pool }, db.pool)
console.log(db.pool.totalCount)
await db.close()
`,
  )
})

test('the name stays where `db` is taken', async () => {
  const { text } = await convert(
    `${pg}const pool = new Pool()\nconst db = 1\nawait pool.query('select 1')\nuse(pool)\n`,
  )
  expect(text).toContain("const pool = createDatabase({ url: 'postgres:///' })")
  expect(text).toContain("await pool.query('select 1')\nuse(pool.pool)")
})

const transaction = (
  body: string,
  parts: { readonly catch?: string; readonly begin?: string; readonly finally?: string; readonly after?: string } = {},
) => `${pg}const pool = new Pool()
export async function run(id: number) {
  const client = await pool.connect()
  try {
    await client.query('${parts.begin ?? 'BEGIN'}')
${body}
    await client.query('COMMIT')${parts.after ?? ''}
  } catch (error) {
${parts.catch ?? "    await client.query('ROLLBACK')\n    throw error"}
  } finally {
    ${parts.finally ?? 'client.release()'}
  }
}
`
const insert = `    await client.query('insert into t values ($1)', [id])`

test('BEGIN … COMMIT on a client becomes a transaction where the control flow proves it', async () => {
  const { code, text } = await convert(transaction(insert))
  expect(code).toBe(0)
  expect(text).toBe(`${made}const db = createDatabase({ url: 'postgres:///' })
export async function run(id: number) {
  await db.transaction(async (tx) => {
    await tx.query('insert into t values ($1)', [id])
  })
}
`)
})

test('its isolation level and its result are kept', async () => {
  const { text } = await convert(
    transaction(`    const { rows } = await client.query('insert into t values ($1) returning id', [id])`, {
      begin: 'begin transaction isolation level serializable, read only;',
      after: '\n    return { id: rows[0].id }',
    }),
  )
  expect(text).toContain('return await db.transaction(async (tx) => {')
  expect(text).toMatch(/return \{ id: rows\[0\]\.id \}\s+\}, \{ isolation: 'serializable', readOnly: true \}\)/)
})

test('what else the catch and the finally do stays around the transaction', async () => {
  const { code, text } = await convert(
    transaction(insert, {
      catch: "    await client.query('ROLLBACK')\n    console.error(error)\n    throw new Error('no')",
      finally: 'client.release()\n    console.log(1)',
    }),
  )
  expect(code).toBe(0)
  expect(text.replace(/\s+/g, ' ')).toContain(
    "try { await db.transaction(async (tx) => { await tx.query('insert into t values ($1)', [id]) }) } catch (error) { console.error(error) throw new Error('no') } finally { console.log(1) }",
  )
})

test.each([
  [
    'a call that may use the database',
    `    await notify(id)\n${insert}`,
    {},
    /`notify\(\)` may use the database itself/,
  ],
  [
    'a method of another object',
    `    await mailer.send(id)\n${insert}`,
    {},
    /`mailer\.send\(\)` may use the database itself/,
  ],
  ['the pool inside', `    await pool.query('select 1')\n${insert}`, {}, /the pool is used besides the client/],
  ['leaving in the middle', `    if (id > 1) return\n${insert}`, {}, /it is left in the middle/],
  [
    'an error caught before ROLLBACK',
    `    try {\n  ${insert}\n    } catch {}`,
    {},
    /an error inside of it is caught before ROLLBACK/,
  ],
  ['an assignment to an outer variable', `    seen = id\n${insert}`, {}, /`seen` is assigned inside/],
  ['a query nobody waits for', `    client.query('select 1')\n${insert}`, {}, /a query is not waited for/],
  ['a savepoint', `    await client.query('savepoint a')\n${insert}`, {}, /belongs inside a transaction for sure/],
  ['session state', `    await client.query('set role app')\n${insert}`, {}, /belongs inside a transaction for sure/],
  ['SQL that nobody can read', `    await client.query(text)\n${insert}`, {}, /belongs inside a transaction for sure/],
  ['no ROLLBACK', insert, { catch: '    throw error' }, /nothing rolls back/],
  [
    'something before ROLLBACK',
    insert,
    { catch: "    await log(error)\n    await client.query('ROLLBACK')\n    throw error" },
    /something happens before ROLLBACK/,
  ],
  ['a result worked out behind COMMIT', insert, { after: '\n    return await load(id)' }, /worked out behind COMMIT/],
] as const)('is only proposed with %s', async (_name, body, parts, reason) => {
  const { code, out, text } = await convert(transaction(body, parts))
  expect(code).toBe(1)
  expect(text).toContain('const client = await db.pool.connect()')
  expect(text).toContain("await client.query('COMMIT')")
  expect(out).toMatch(reason)
  expect(out).toContain('+  await db.transaction(async (tx) => {'.slice(0, 1))
  expect(out).toMatch(/^\+.*await db\.transaction\(async \(tx\) => \{/m)
})

test.each([
  ['handed on', `    await save(client, id)\n${insert}`, {}, /used for more than queries/],
  ['an unknown mode', insert, { begin: 'begin deferrable' }, /modes that are not known/],
  [
    'statements behind COMMIT',
    insert,
    { after: '\n    await done()\n    await more()' },
    /statements follow behind its COMMIT/,
  ],
  ['released elsewhere', insert, { finally: 'client.release(true)' }, /not released in the `finally`/],
] as const)('a client that is %s keeps the API of pg, with the reason', async (_name, body, parts, reason) => {
  const { code, err, text } = await convert(transaction(body, parts))
  expect(code).toBe(1)
  expect(text).toContain('const client = await db.pool.connect()')
  expect(err).toMatch(reason)
})

test('a client without a transaction becomes single queries, when each statement stands for itself', async () => {
  const block = (sql: string) =>
    `${pg}const pool = new Pool()\nexport async function f() {\n  const client = await pool.connect()\n  try {\n    const { rows } = await client.query(${sql})\n    return rows.map((row) => row.id)\n  } finally {\n    client.release()\n  }\n}\n`
  expect((await convert(block("'select id from t'"))).text).toContain(
    `{\n  const { rows } = await db.query('select id from t')\n  return rows.map((row) => row.id)\n}`,
  )
  const set = await convert(block("'set search_path to a'"))
  expect(set.text).toContain('db.pool.connect()')
  expect(set.out).toMatch(/may need what another one left on the client/)
})

test('the inside of texts over several lines keeps its blanks', async () => {
  const { text } = await convert(
    `${pg}const pool = new Pool()\nexport async function f() {\n  const client = await pool.connect()\n  try {\n    await client.query(\`\n    select 1\n    \`)\n    await client.query('select 2')\n  } finally {\n    client.release()\n  }\n}\n`,
  )
  expect(text).toContain("  await db.query(`\n    select 1\n    `)\n  await db.query('select 2')\n}")
})

test('an exported pool takes the files along that import it', async () => {
  const { code, files } = await convert({
    'db.ts': `${pg}export const pool = new Pool()\n`,
    'users.ts': `import { pool } from './db.js'\nexport const users = () => pool.query('select 1')\nexport const stop = () => pool.end()\n`,
    'jobs.ts': `import { pool as p } from './db.ts'\np.on('error', () => {})\nstart(p)\n`,
  })
  expect(code).toBe(0)
  expect(files['db.ts']).toBe(`${made}export const pool = createDatabase({ url: 'postgres:///' })\n`)
  expect(files['users.ts']).toContain("pool.query('select 1')")
  expect(files['users.ts']).toContain('pool.close()')
  expect(files['jobs.ts']).toContain("p.pool.on('error', () => {})\nstart(p.pool)")
})

test.each([
  ['imported as a whole', `import * as all from './db.ts'\nall.pool.end()\n`],
  ['exported again', `export { pool } from './db.ts'\n`],
  ['exported again with the rest', `export * from './db.ts'\n`],
  ['required', `const { pool } = require('./db')\n`],
])('a pool that is %s stays one, guarded', async (_name, other) => {
  const { files, err } = await convert({
    'db.ts': `${pg}export const pool = new Pool()\nawait pool.query('select 1')\n`,
    'other.ts': other,
  })
  expect(files['db.ts']).toBe(
    `${made}export const pool = createDatabase({ url: 'postgres:///' }).pool\nawait pool.query('select 1')\n`,
  )
  expect(files['other.ts']).toBe(other)
  expect(err).toMatch(/other\.ts: it is imported|other\.ts: it is exported/)
})

test('a file that is not among the given ones is not changed, and the pool stays one for it', async () => {
  const other = `import { pool } from '../db.ts'\nawait pool.end()\n`
  const { files } = await convert({ 'db.ts': `${pg}export const pool = new Pool()\n`, 'sub/o.ts': other }, 'db.ts')
  expect(files['db.ts']).toContain("createDatabase({ url: 'postgres:///' }).pool")
  expect(files['sub/o.ts']).toBe(other)
})

const tag = `import postgres from 'postgres'\nconst sql = postgres('postgres://h/d', { prepare: false, idle_timeout: 20, connection: { application_name: 'x' } })\n`

test('tagged templates become queries with numbered parameters', async () => {
  const { code, text } = await convert(
    `${tag}export async function f(id: number, names: readonly string[]) {
  const [user] = await sql\`select * from users where id = \${id}\`
  const rows = await sql\`select 1\`
  for (const name of names) await sql\`insert into t (a, b) values (\${id}, \${name})\`
  for (const row of await sql<User[]>\`select name from "user"\`) console.log(row)
  return rows.length + (user ? 1 : 0)
}
export const stop = () => sql.end()
`,
  )
  expect(code).toBe(0)
  expect(text).toBe(`import { createDatabase } from 'pooler-safe'
const db = createDatabase({ url: 'postgres://h/d', idleTimeoutMs: 20000, applicationName: 'x' })
export async function f(id: number, names: readonly string[]) {
  const [user] = (await db.query('select * from users where id = $1', [id])).rows
  const rows = (await db.query('select 1')).rows
  for (const name of names) await db.query('insert into t (a, b) values ($1, $2)', [id, name])
  for (const row of (await db.query<User>('select name from "user"')).rows) console.log(row)
  return rows.length + (user ? 1 : 0)
}
export const stop = () => db.close()
`)
})

test.each([
  ['a value of unknown type', 'await sql`select ${x}`', /`x` may be a fragment of SQL/],
  ['a fragment', 'const part = sql`where a`\nawait sql`select 1 ${part}`', /not waited for|fragment/],
  ['a result that is handed on', 'use(await sql`select 1`)', /its result is handed on/],
  ['a count', 'const r = await sql`select 1`\nuse(r.count)', /its result is handed on/],
  [
    'a value that may be missing',
    'const f = async (a: string | undefined) => { await sql`select ${a}` }',
    /may be a fragment of SQL, or undefined/,
  ],
])('a tag is only proposed with %s', async (_name, body, reason) => {
  const { code, out, text } = await convert(`${tag}${body}\n`)
  expect(code).toBe(1)
  expect(text).toContain("import postgres from 'postgres'")
  expect(out).toMatch(reason)
  expect(out).toMatch(/^\+.*createDatabase/m)
})

test.each([
  ['helpers', 'await sql`insert into t ${sql(rows)}`', /`sql\(rows\)` has no counterpart/],
  ['LISTEN', "await sql.listen('a', f)", /`sql\.listen` has no counterpart/],
  ['options of begin', "await sql.begin('read only', async (s) => {})", /`begin` is called with options/],
  ['a type', 'export type S = typeof sql', /has no counterpart/],
])('postgres.js stays with %s, with the reason', async (_name, body, reason) => {
  const { code, err, text } = await convert(`${tag}${body}\n`)
  expect(code).toBe(1)
  expect(text).toContain(`${tag}${body}`)
  expect(err).toMatch(reason)
})

test('what importing files use is judged by what the pool has become', async () => {
  const { code, err, files } = await convert({
    'package.json': '{"name":"x","dependencies":{"pg":"8","pooler-safe":"1"}}',
    'db.ts': `${pg}export const pool = new Pool()\n`,
    'users.ts': `import { pool } from './db.ts'\nexport const users = (text: string) => pool.query(text)\n`,
  })
  expect(files['users.ts']).toContain('pool.pool.query(text)')
  expect([code, err]).toEqual([0, expect.not.stringMatching(/left/)])
})

test('several pools of one file keep their names', async () => {
  const { text } = await convert(
    `${pg}const reads = new Pool()\nconst writes = new Pool()\nawait reads.query('select 1')\nawait writes.query('select 2')\n`,
  )
  expect(text).toBe(
    `${made}const reads = createDatabase({ url: 'postgres:///' })\nconst writes = createDatabase({ url: 'postgres:///' })\nawait reads.query('select 1')\nawait writes.query('select 2')\n`,
  )
})
