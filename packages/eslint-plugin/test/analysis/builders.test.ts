import { parseForESLint } from '@typescript-eslint/parser'
import { analyze } from '@typescript-eslint/scope-manager'
import { describe, expect, test } from 'vitest'
import { analyzeFile, linkParents, type FileAnalysis, type Host, type Node } from '../../src/analysis.ts'

function analyse(source: string, dependencies: readonly string[] = [], always = true): FileAnalysis {
  const { ast, visitorKeys } = parseForESLint(source, { range: true, comment: true, sourceType: 'module' })
  linkParents(ast as unknown as Node, visitorKeys)
  const host: Host = { dependencies: new Set(dependencies) }
  return analyzeFile({
    ...{ path: 'src/jobs.ts', source, program: ast as unknown as Node, comments: ast.comments, host, always },
    scopeManager: analyze(ast, { sourceType: 'module' }),
  })
}

const built = (source: string, ...dependencies: string[]): string[] =>
  analyse(source, ['pg', ...dependencies]).builders.map(
    ({ driver, method, role, verdict }) => `${driver}.${method} ${role ?? '?'} ${verdict}`,
  )

describe('what a library writes is an operation', () => {
  test('of Prisma', () => {
    const source = `import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()
      await prisma.user.create(values)\nawait prisma.user.findMany()\nawait prisma.$transaction([a])`
    expect(built(source)).toEqual([
      'prisma.create pool safe',
      'prisma.findMany pool safe',
      'prisma.$transaction pool safe',
    ])
  })

  test('of Prisma, where the client comes from another file', () => {
    const source = `import { prisma } from './db'\nawait prisma.user.findUnique({ where: { id } })\nawait prisma.user.delete({ where: { id } })\nawait cache.user.delete(id)`
    expect(built(source, '@prisma/client')).toEqual(['prisma.findUnique ? safe', 'prisma.delete ? safe'])
    expect(built(source)).toEqual([])
  })

  test('of Drizzle', () => {
    const source = `import { drizzle } from 'drizzle-orm/node-postgres'\nconst db = drizzle(url)
      await db.select().from(a).where(b)\nawait db.insert(a).values(c)\nawait db.query.a.findFirst()
      await db.transaction(async (tx) => { await tx.update(a).set(c)\n await tx.select().from(a).for('update') })\nawait db.select().from(a).for('update')`
    expect(built(source)).toEqual([
      'drizzle.select pool safe',
      'drizzle.insert pool safe',
      'drizzle.findFirst pool safe',
      'drizzle.update transaction safe',
      'drizzle.select transaction tx',
      'drizzle.select pool tx',
    ])
  })

  test('but no method that every object has', () => {
    expect(built("import { db } from './db'\nawait db.a.toString().constructor()", 'drizzle-orm')).toEqual([])
  })

  test('of Kysely', () => {
    const source = `import { Kysely } from 'kysely'\nexport async function f(db: Kysely<any>) {
      await db.selectFrom('a').selectAll().execute()\nconst part = db.selectFrom('a').selectAll()
      await db.schema.createTable('b').execute()\nawait db.insertInto('a').values(c).executeTakeFirst() }`
    expect(built(source)).toEqual([
      'kysely.selectFrom either safe',
      'kysely.createTable either safe',
      'kysely.insertInto either safe',
    ])
  })

  test('of Knex', () => {
    const source = `import knex from 'knex'\nconst db = knex({ client: 'pg' })
      await db('a').where({ b: 1 }).first()\nawait db.schema.createTable('c', f)\nawait db.from('a').whereRaw(condition)\nawait db('a').whereRaw('b = 1')`
    expect(built(source)).toEqual([
      'knex.where pool safe',
      'knex.createTable pool safe',
      'knex.whereRaw pool unknown',
      'knex.whereRaw pool safe',
    ])
  })

  test('of Sequelize and TypeORM', () => {
    expect(
      built(
        `import { User } from './user'\nawait User.findAll()\nawait User.update(a, { where: { b } })\nawait Object.create(a)\nawait User.findOne({ where: { c }, lock: true })`,
        'sequelize',
      ),
    ).toEqual(['sequelize.findAll ? safe', 'sequelize.update ? safe', 'sequelize.findOne ? tx'])
    expect(
      built(
        `import type { Repository } from 'typeorm'\nclass A { constructor(private readonly users: Repository<User>) {}\n async f() { await this.users.find()\n await this.users.createQueryBuilder('u').where(a).getMany()\n items.find(b) } }`,
      ),
    ).toEqual(['typeorm.find either safe', 'typeorm.getMany either safe'])
  })

  test('and never twice: what runs SQL text is listed with its text', () => {
    const source = `import knex from 'knex'\nconst db = knex({ client: 'pg' })\nawait db.raw('select 1')`
    const { builders, operations } = analyse(source, ['pg'])
    expect(operations).toHaveLength(1)
    expect(builders).toEqual([])
  })

  test('but not of other databases, and not where nobody asked', () => {
    const source = `import mysql from 'mysql2'\nimport { db } from './db'\nawait db.select().from(a)`
    expect(analyse(source, ['drizzle-orm']).builders).toEqual([])
    const own = `import { drizzle } from 'drizzle-orm/node-postgres'\nawait drizzle(url).select().from(a)`
    expect(analyse(own, [], true).builders).toHaveLength(1)
    expect(analyse(own, [], false).builders).toEqual([])
  })
})

test('a part of a built statement that takes a session lock is found', () => {
  const found = (source: string): unknown[] =>
    analyse(source, ['pg'], false).findings.map(({ rule, subject }) => [rule, subject])
  const lock = [['no-session-lock', 'pg_try_advisory_lock']]
  expect(
    found("import { sql } from 'drizzle-orm'\nawait db.select({ ok: sql`pg_try_advisory_lock(1)` }).from(a)"),
  ).toEqual(lock)
  expect(found("import { db } from './knex'\nawait db.select(db.raw('pg_try_advisory_lock(?)', [1]))")).toEqual(lock)
  expect(
    found("import { sql } from 'kysely'\nawait db.selectNoFrom(sql`pg_try_advisory_xact_lock(1)`.as('ok')).execute()"),
  ).toEqual([])
})
