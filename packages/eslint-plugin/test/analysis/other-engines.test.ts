import * as parser from '@typescript-eslint/parser'
import { Linter } from 'eslint'
import { expect, test } from 'vitest'
import plugin from '../../src/index.ts'

const rulesOf = (code: string): (string | undefined)[] =>
  new Linter()
    .verify(code, [plugin.configs.recommended, { files: ['**/*.ts'], languageOptions: { parser } }], 'a.ts')
    .map(({ ruleId }) => ruleId?.replace('pooler-safe/', ''))

const postgres = `import type { Pool } from 'pg'\n`
const listen = 'driver.instance.query(`LISTEN "${channel}"`)'

test.each([
  ['the branch of another database', `if (driver.dialect === 'pglite') { ${listen} }`],
  [
    'one of several',
    `if (dialect === 'pglite' || dialect === 'pglite_test') { await tx.execute('SET search_path TO app') }`,
  ],
  ['the other branch of a question for PostgreSQL', `if (kind === 'postgres') { go() } else { ${listen} }`],
  ['what is not PostgreSQL', `if (kind !== 'postgresql') ${listen}`],
  ['a conditional expression', `const a = kind === 'sqlite' ? ${listen} : undefined`],
  ['a case', `switch (kind) { case 'mysql': ${listen}; break }`],
])('nothing is said about %s', (_name, code) => {
  expect(rulesOf(postgres + code)).toEqual([])
})

test.each([
  ['the branch of PostgreSQL', `if (driver.dialect === 'postgres') { ${listen} }`],
  ['the other branch of a question for another database', `if (kind === 'pglite') { go() } else { ${listen} }`],
  ['a branch for both', `if (kind === 'pglite' || kind === 'postgres') { ${listen} }`],
  ['a case of PostgreSQL', `switch (kind) { case 'postgres': ${listen}; break }`],
  ['a branch about something else', `if (mode === 'listen') { ${listen} }`],
])('%s is judged', (_name, code) => {
  expect(rulesOf(postgres + code)).toEqual(['no-listen'])
})

test('a transaction object that the code makes itself may begin and commit', () => {
  const code = (tx: string): string =>
    `import { NodePgTransaction } from 'drizzle-orm/node-postgres'\nexport async function run(${tx ? '' : 'tx: NodePgTransaction'}) { ${tx}\nawait tx.execute('begin')\nawait tx.execute('commit') }`
  expect(rulesOf(code('const tx = new NodePgTransaction(dialect, session)'))).toEqual([])
  expect(rulesOf(code(''))).toEqual(['no-pool-transaction', 'no-pool-transaction'])
})

test('a pool inside of an object that its function destroys needs no error handler', () => {
  const code = (end: string): string =>
    `import { Pool } from 'pg'\nimport { Kysely, PostgresDialect } from 'kysely'\nexport async function setUp(config) {\nconst db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool(config) }) })\nawait work(db)\n${end} }`
  expect(rulesOf(code('await db.destroy()'))).toEqual([])
  expect(rulesOf(code("process.on('SIGTERM', () => db.destroy())"))).toEqual(['require-pool-error-handler'])
})

test('a bundle, a broken file and one with a byte order mark do not end a run of ESLint', () => {
  const statement = `pool.query("set role a");`
  const bundle = `var {Pool}=require("pg"),pool=new Pool;pool.on("error",f);${statement.repeat(3_000)}`
  expect(rulesOf(bundle)).toHaveLength(3_000)
  expect(new Linter().verify('const x = {', [plugin.configs.recommended], 'a.mjs')).toMatchObject([{ fatal: true }])
  expect(rulesOf(`\uFEFF${postgres}${listen}`)).toEqual(['no-listen'])
})
