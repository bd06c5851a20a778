import { expect, test } from 'vitest'
import type { AuditReport } from '../../src/audit/report.ts'
import { makeFolder } from '../support/run-program.ts'

async function report(files: Readonly<Record<string, string>>): Promise<AuditReport> {
  const { out } = await makeFolder({ 'package.json': '{"name":"app","dependencies":{"pg":"8"}}', ...files }).run(
    'audit',
    '--format',
    'json',
  )
  return JSON.parse(out) as AuditReport
}

const short = ({ findings }: AuditReport) =>
  findings.map(({ file, line, rule, hazard, subject }) => [file, line, rule, hazard, subject])

test('URLs of .env.example are checked and listed, and their passwords stay out of the report', async () => {
  const found = await report({
    '.env.example': [
      '# database',
      'DATABASE_URL="postgres://app.ref:hunter2@aws-0-eu-central-1.pooler.supabase.com:6543/postgres?pgbouncer=true"',
      'DIRECT_URL=postgres://app:hunter2@db.abcdef.supabase.co:5432/postgres',
      'PORT=8080',
    ].join('\n'),
  })
  expect(found.endpoints).toMatchObject([
    { name: 'DATABASE_URL', line: 2, mode: 'transaction', provider: 'supabase', pooler: 'supavisor' },
    { name: 'DIRECT_URL', line: 3, mode: 'direct' },
  ])
  expect(short(found)).toContainEqual(['.env.example', 2, 'require-pooler-config', 'url-flag-folklore', 'pgbouncer'])
  expect(JSON.stringify(found)).not.toContain('hunter2')
})

test('the real .env is never read', async () => {
  const found = await report({ '.env': 'DATABASE_URL=postgres://a:b@h:6543/x?pgbouncer=true\n' })
  expect([found.endpoints, found.findings, found.summary.files]).toEqual([[], [], 0])
})

test('written-out URLs of schema.prisma are read as Prisma reads them', async () => {
  const found = await report({
    'prisma/schema.prisma': [
      'datasource db {',
      '  provider  = "postgresql"',
      '  url       = "postgresql://app:x@aws-0-eu.pooler.supabase.com:6543/postgres"',
      '  directUrl = env("DIRECT_URL")',
      '}',
    ].join('\n'),
  })
  expect(found.endpoints).toMatchObject([{ name: 'url', mode: 'transaction' }])
  expect(found.findings.map(({ line, hazard }) => [line, hazard])).toContainEqual([3, 'named-parse'])
})

test('a knexfile, an ormconfig and a drizzle config are read without being run', async () => {
  const found = await report({
    'knexfile.js': `module.exports = { client: 'pg', connection: { host: 'db', port: 6432, statement_timeout: 5000 } }`,
    'drizzle.config.ts': `export default { dialect: 'postgresql', dbCredentials: { url: process.env.URL ?? 'postgres://a:b@h:6543/x?search_path=app' } }`,
    'ormconfig.json': '{"type":"postgres","host":"db","port":6543,"statement_timeout":1000}',
    'ormconfig.ts': 'throw new Error("never run")',
  })
  const places = found.findings.map(({ file, rule, subject }) => [file, rule, subject])
  expect(places).toContainEqual(['knexfile.js', 'no-startup-parameters', 'statement_timeout'])
  expect(places).toContainEqual(['ormconfig.json', 'no-startup-parameters', 'statement_timeout'])
  expect(places).toContainEqual(['drizzle.config.ts', expect.any(String), 'search_path'])
})

test('compose files and the configuration of Supabase say which mode a pooler has', async () => {
  const found = await report({
    'docker-compose.yml':
      'services:\n  pgbouncer:\n    environment:\n      POOL_MODE: statement\n      DATABASE_URL: postgres://a:secret@db:5432/app\n',
    'supabase/config.toml': '[db]\nport = 54322\n[db.pooler]\nenabled = false\npool_mode = "transaction"\n',
  })
  expect(found.endpoints.map(({ file, line, name, mode }) => [file, line, name, mode])).toEqual([
    ['docker-compose.yml', 5, 'DATABASE_URL', 'unknown'],
    ['docker-compose.yml', 4, 'POOL_MODE', 'statement'],
    ['supabase/config.toml', 5, 'db.pooler', 'transaction'],
  ])
  expect(found.notes).toMatchObject([
    { file: 'supabase/config.toml', note: expect.stringMatching(/local stack is off/) },
  ])
})

test('configuration that cannot be read is a note', async () => {
  const found = await report({ 'ormconfig.json': '{', 'knexfile.js': 'module.exports = {' })
  expect(found.notes.map(({ file }) => file).sort()).toEqual(['knexfile.js', 'ormconfig.json'])
})

test('the addresses of a compose file lead to its poolers, by the names of the services', async () => {
  const found = await report({
    'compose.yaml': [
      'services:',
      '  app:',
      '    environment:',
      '      DATABASE_URL: postgres://app:hunter2@pgbouncer:6432/app',
      '      MIGRATION_URL: postgres://app:hunter2@pgbouncer:6432/app',
      '      DIRECT_URL: postgres://app:hunter2@db:5432/app',
      '  pgbouncer:',
      '    image: edoburu/pgbouncer',
      '    environment:',
      '      - POOL_MODE=transaction',
      '  supavisor:',
      '    environment:',
      '      POOLER_POOL_MODE: statement',
      '      # POOL_MODE: session',
      '',
    ].join('\n'),
  })
  expect(found.endpoints.map(({ line, name, mode, pooler }) => [line, name, mode, pooler])).toEqual([
    [4, 'DATABASE_URL', 'transaction', 'pgbouncer'],
    [5, 'MIGRATION_URL', 'transaction', 'pgbouncer'],
    [6, 'DIRECT_URL', expect.any(String), undefined],
    [10, 'POOL_MODE', 'transaction', 'pgbouncer'],
    [13, 'POOL_MODE', 'statement', 'supavisor'],
  ])
  const places = short(found).map(([, line, , hazard, subject]) => [line, hazard, subject])
  expect(places).toContainEqual([5, 'wrong-port', 'MIGRATION_URL'])
  expect(places).toContainEqual([13, 'statement-mode', 'POOL_MODE'])
  expect(places.filter(([line]) => line === 4 || line === 6)).toEqual([])
  expect(JSON.stringify(found)).not.toContain('hunter2')
})

const pooled = 'postgresql://app.ref:x@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true'
const datasource = (...lines: readonly string[]) =>
  ['datasource db {', '  provider = "postgresql"', ...lines.map((line) => `  ${line}`), '}'].join('\n')

test.each([
  ['written out', datasource(`url = "${pooled}"`), {}],
  [
    'in an example of the environment',
    datasource('url = env("DATABASE_URL")'),
    { '.env.example': `DATABASE_URL="${pooled}"\n` },
  ],
])('Prisma with a pooled url, %s, needs a directUrl', async (_name, schema, more) => {
  const found = await report({ 'prisma/schema.prisma': schema, ...more })
  expect(short(found)).toContainEqual(['prisma/schema.prisma', 3, 'require-pooler-config', 'wrong-port', 'directUrl'])
  const cured = await report({
    'prisma/schema.prisma': schema.replace('\n}', '\n  directUrl = env("DIRECT_URL")\n}'),
    ...more,
  })
  expect(short(cured).filter(([, , , hazard]) => hazard === 'wrong-port')).toEqual([])
})

test('Prisma on the database itself needs none', async () => {
  const found = await report({
    'prisma/schema.prisma': datasource('url = env("DATABASE_URL")'),
    '.env.example': 'DATABASE_URL=postgres://app:x@db.example.org:5432/app\n',
  })
  expect(short(found).filter(([file]) => file === 'prisma/schema.prisma')).toEqual([])
})
