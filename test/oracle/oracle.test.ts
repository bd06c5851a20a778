import { classifySql, verdicts } from '@pooler-safe/hazards'
import { functionRules, statementRules } from '@pooler-safe/hazards/sql-table'
import { startPostgres, type PostgresServer } from '@pooler-safe/testkit'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { functions } from './corpus/functions.ts'
import { harmless } from './corpus/harmless.ts'
import { hidden } from './corpus/hidden.ts'
import { sessions } from './corpus/sessions.ts'
import { settings } from './corpus/settings.ts'
import { temporary } from './corpus/temporary.ts'
import { transactions } from './corpus/transactions.ts'
import { fixtures, loopback } from './fixtures.ts'
import type { Mode } from './experiment.ts'
import { exceptions, type ExceptionId } from './exceptions.ts'
import { judge, type Judgement } from './judge.ts'
import { exceptionsOf, type Row } from './row.ts'

const corpus: Readonly<Record<string, readonly Row[]>> = {
  settings,
  sessions,
  temporary,
  functions,
  transactions,
  hidden,
  harmless,
}
const everyRow = Object.values(corpus).flat()

// Replication slots, prepared transactions, backups and roles belong to the whole server: this one is the test's own.
let server: PostgresServer
const databases = { alone: 'oracle_alone', inside: 'oracle_inside' } as const

async function onServer(database: string, ...texts: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: server.urlFor(database) })
  await client.connect()
  try {
    for (const text of texts) await client.query(text)
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  server = await startPostgres({
    settings: { wal_level: 'logical', max_prepared_transactions: 5, max_replication_slots: 20, autovacuum: 'off' },
  })
  await onServer('postgres', "select pg_replication_origin_create('origin')", 'create role oracle_role')
  for (const name of Object.values(databases)) {
    await onServer('postgres', `create database ${name}`)
    await onServer(name, fixtures, loopback(server.urlFor(name)))
  }
}, 120_000)

afterAll(async () => {
  await server.stop()
})

/** The statement to undo may have failed, as it should. */
function onlyIfNothingIsThere(error: unknown): void {
  if ((error as pg.DatabaseError).code !== '42704') throw error
}

const judgements: Judgement[] = []

describe('what a statement leaves on a real PostgreSQL against what the classifier says', () => {
  test('the corpus has at least 400 statements, none of them twice', () => {
    const texts = everyRow.map(({ sql, given = [] }) => JSON.stringify([sql, given]))
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
    expect(new Set(everyRow.map(({ sql }) => sql)).size).toBeGreaterThanOrEqual(400)
  })

  test('the corpus has every function and every hazard of the classifier’s table', () => {
    const all = everyRow.map(({ sql }) => sql.toLowerCase()).join('\n')
    const functionsMissing = [...functionRules.keys()].filter((name) => !new RegExp(`\\b${name}\\b`).test(all))
    expect(functionsMissing).toEqual([])
    const found = new Set<string>()
    for (const { sql } of everyRow) {
      for (const mode of ['autocommit', 'transaction', 'batch'] as const) {
        for (const { hazard } of classifySql(sql, { mode })) found.add(hazard)
      }
    }
    const rules = [...functionRules.values(), ...Object.values(statementRules)]
    expect([...new Set(rules.map(({ hazard }) => hazard))].filter((hazard) => !found.has(hazard))).toEqual([])
  })

  test.each(Object.keys(corpus))('%s: the classifier and PostgreSQL agree', { timeout: 120_000 }, async (name) => {
    const urls = { alone: server.urlFor(databases.alone), inside: server.urlFor(databases.inside) }
    const disagreements: string[] = []
    for (const row of corpus[name] ?? []) {
      const undo = async (mode: Mode): Promise<void> => {
        if (row.undo) await onServer(databases[mode], ...row.undo).catch(onlyIfNothingIsThere)
      }
      try {
        const judgement = await judge(row, urls, undo)
        judgements.push(judgement)
        disagreements.push(...judgement.disagreements)
      } catch (error) {
        disagreements.push(`${row.sql}\n    the experiment failed: ${String(error)}`)
      }
    }
    expect(disagreements.join('\n')).toBe('')
  })

  test('every verdict was put to the test by statements that PostgreSQL ran', () => {
    const ran = judgements.filter(({ alone, inside }) => !(alone.answer.sqlstate && inside.answer.sqlstate))
    for (const verdict of verdicts) {
      expect(ran.filter(({ analysis }) => analysis.verdict === verdict).length, verdict).toBeGreaterThanOrEqual(15)
    }
    const opaque = ran.filter(({ analysis }) => analysis.verdict === 'opaque')
    const changesSomething = ({ alone }: Judgement): boolean => alone.left.some(({ kind }) => kind !== 'library')
    expect(opaque.filter(changesSomething).length, 'harmful opaque statements').toBeGreaterThanOrEqual(5)
    expect(opaque.filter((one) => !changesSomething(one)).length, 'harmless opaque statements').toBeGreaterThanOrEqual(
      5,
    )
    report(ran.length)
  })
})

/** Says what was seen, and which exceptions were needed. */
function report(ran: number): void {
  const used = judgements.flatMap(({ row }) => exceptionsOf(row))
  const disagreements = judgements.flatMap((one) => one.disagreements).length
  const excepted = judgements.filter(({ row }) => exceptionsOf(row).length > 0).length
  const counts = (Object.keys(exceptions) as ExceptionId[]).map(
    (id) => `${id} ${used.filter((one) => one === id).length}`,
  )
  process.stdout.write(
    `oracle: ${judgements.length} statements (${judgements.length - ran} refused by PostgreSQL, as declared), ` +
      `${disagreements} disagreements, ${excepted} documented exceptions (${counts.join(', ')})\n`,
  )
}
