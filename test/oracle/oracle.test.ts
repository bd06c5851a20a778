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
  await onServer('postgres', "select pg_replication_origin_create('origin')")
  for (const name of Object.values(databases)) {
    await onServer('postgres', `create database ${name}`)
    await onServer(name, fixtures, loopback(server.urlFor(name)))
  }
}, 120_000)

afterAll(async () => {
  await server.stop()
})

const judgements: Judgement[] = []

describe('what a statement leaves on a real PostgreSQL against what the classifier says', () => {
  test('no statement stands in the corpus twice', () => {
    const texts = everyRow.map(({ sql, given = [] }) => JSON.stringify([sql, given]))
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
  })

  test.each(Object.entries(corpus))(
    '%s: the classifier and PostgreSQL agree',
    { timeout: 120_000 },
    async (_, rows) => {
      const urls = { alone: server.urlFor(databases.alone), inside: server.urlFor(databases.inside) }
      const disagreements: string[] = []
      for (const row of rows) {
        const undo = async (mode: Mode): Promise<void> => {
          if (row.undo) await onServer(databases[mode], ...row.undo)
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
    },
  )
})
