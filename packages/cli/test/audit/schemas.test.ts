import { Ajv2020 } from 'ajv/dist/2020.js'
import draft4 from 'ajv-draft-04'
import { readSettings } from 'eslint-plugin-pooler-safe/analysis'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { makeFolder, sample } from '../support/run-program.ts'

const load = (path: string): Record<string, unknown> =>
  JSON.parse(readFileSync(new URL(`../../schemas/${path}`, import.meta.url), 'utf8')) as Record<string, unknown>

/** A folder with something for every part of a report. */
const everything = {
  'package.json': '{"name":"shop","dependencies":{"pg":"8"}}',
  'src/a b.ts': sample,
  'src/named.ts': `import { Pool } from 'pg'\nconst pool = new Pool({ statement_timeout: 1 })\nawait pool.query({ name: 'a', text: 'select 1' })\n// pooler-safe: session-mode\n`,
  'db/1.sql': 'set role app;\nselect pg_advisory_lock(1);\n',
  'broken.ts': 'import pg from "pg"\nconst x = {',
  '.env.example': 'DATABASE_URL=postgres://a:secret@db.pooler.supabase.com:6543/app?statement_timeout=1\n',
  'docker-compose.yml': 'services:\n  pgbouncer:\n    environment:\n      POOL_MODE: statement\n',
}

test.each([
  ['everything', everything],
  ['nothing', { 'a.ts': 'export {}\n' }],
])('the JSON report of %s is as its schema says', async (_name, files) => {
  const validate = new Ajv2020({ strict: true, allErrors: true }).compile(load('audit-report.json'))
  const folder = makeFolder(files)
  const report: unknown = JSON.parse((await folder.run('audit', '--format', 'json')).out)
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true)
  // The schema is closed: what it does not know is refused.
  expect(validate({ ...(report as object), more: 1 })).toBe(false)
  const baseline = await folder.run('audit', '--baseline', 'known.json', '--update-baseline')
  expect(baseline.code).toBe(0)
  expect(validate(JSON.parse((await folder.run('audit', '--format', 'json', '--baseline', 'known.json')).out))).toBe(
    true,
  )
})

test.each([
  ['everything', everything],
  ['nothing', { 'a.ts': 'export {}\n' }],
])('the SARIF log of %s is as the schema of OASIS says', async (_name, files) => {
  const schema = createRequire(import.meta.url)('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json') as object
  // Formats (`uri`, `date-time`) are not known here; their shape is asserted below.
  const validate = new draft4.default({
    strict: false,
    allErrors: true,
    validateFormats: false,
    unicodeRegExp: false,
  }).compile(schema)
  const log: unknown = JSON.parse((await makeFolder(files).run('audit', '--format', 'sarif')).out)
  expect(validate(log), JSON.stringify(validate.errors)).toBe(true)
  const text = JSON.stringify(log)
  expect(text).not.toContain('secret')
  for (const [, uri = ''] of text.matchAll(/"uri":"([^"]*)"/g)) expect(() => new URL(uri, 'file:///x/')).not.toThrow()
  expect(validate({ ...(log as object), version: '3' })).toBe(false)
})

test('the schema of the settings knows what the settings know, and no more', () => {
  const schema = load('config.json')
  const validate = new Ajv2020({ strict: true }).compile(schema)
  const own = new Set(['$schema', 'exclude'])
  const properties = Object.keys(schema['properties'] as object).filter((name) => !own.has(name))
  let message = ''
  try {
    readSettings({ nonsense: 1 })
  } catch (error) {
    message = String(error)
  }
  const known = [...message.slice(message.indexOf('It has')).matchAll(/"(\w+)"/g)].map(([, name]) => name)
  expect(properties.sort()).toEqual(known.sort())
  const settings = {
    wrapper: ['@acme/db'],
    executors: [{ module: './db', export: 'run', sql: 1, kind: 'client' }],
    tags: { sql: 'postgres', gql: false },
    sessionMode: { urlEnv: ['DIRECT_URL'], files: ['migrations/**'] },
    pooler: 'pgbouncer>=1.21',
    extraGucs: ['app_*'],
    foreign: ['mysql/**'],
  }
  expect(readSettings(settings)).toEqual(settings)
  expect(validate(settings), JSON.stringify(validate.errors)).toBe(true)
  for (const wrong of [{ wraper: [] }, { pooler: 'x' }, { tags: { a: 1 } }, { executors: [{ module: 'a' }] }]) {
    expect(validate(wrong)).toBe(false)
    expect(() => readSettings(wrong)).toThrow()
  }
})
