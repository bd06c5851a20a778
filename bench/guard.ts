/**
 * What the guard costs: `pooler-safe` against raw `pg`, over the same links, in the same run.
 * And what it saves: raw `pg.Pool` destroys a client connection for every failing `pool.query`.
 */
import { analyzeSql } from '@pooler-safe/hazards'
import { findPgBouncer, startPgBouncer, startPooler, startPostgres } from '@pooler-safe/testkit'
import pg from 'pg'
import { createDatabase } from 'pooler-safe'
import { type BenchReport, type CaseResult, closedLoop, machine, measure, median, print } from './harness.ts'

const text = 'select $1::int as id, $2::text as name'
const values = [7, 'batch']

interface Link {
  readonly name: string
  readonly url: string
}

async function queryCost(link: Link, connections: number): Promise<CaseResult[]> {
  const raw = new pg.Pool({ connectionString: link.url, max: connections })
  // The same once more: how far it is from 1 is what a ratio of this link can be wrong by.
  const rawAgain = new pg.Pool({ connectionString: link.url, max: connections })
  const safe = createDatabase({ url: link.url, max: connections })
  const watched = createDatabase({ url: link.url, max: connections, wireGuard: true })
  try {
    return await measure(
      {
        name: `query, ${link.name}, ${connections} connection${connections === 1 ? '' : 's'}`,
        rounds: 61,
        sliceMs: 60,
        variants: [
          closedLoop('pg', connections, () => raw.query(text, values)),
          closedLoop('pooler-safe', connections, () => safe.query(text, values)),
          closedLoop('pg once more', connections, () => rawAgain.query(text, values)),
          closedLoop('pooler-safe with wireGuard', connections, () => watched.query(text, values)),
        ],
      },
      { 'pooler-safe': 0.98 },
    )
  } finally {
    await Promise.all([raw.end(), rawAgain.end(), safe.close(), watched.close()])
  }
}

async function failureCost(link: Link): Promise<CaseResult[]> {
  const raw = new pg.Pool({ connectionString: link.url, max: 1 })
  raw.on('error', () => undefined)
  const safe = createDatabase({ url: link.url, max: 1 })
  const failing = 'select 1 / 0'
  try {
    return await measure(
      {
        name: `failing query, ${link.name}`,
        rounds: 5,
        variants: [
          closedLoop('pg.Pool', 1, () => raw.query(failing).catch(() => undefined)),
          closedLoop('pooler-safe', 1, () => safe.query(failing).catch(() => undefined)),
        ],
      },
      { 'pooler-safe': 20 },
    )
  } finally {
    await Promise.all([raw.end(), safe.close()])
  }
}

/** Nanoseconds for classifying a text that was seen before, as the share of one microsecond that it may cost. */
function classifierCost(): CaseResult {
  const built = Array.from({ length: 500 }, (_, index) => `select id, host from job where id = $1 and kind = ${index}`)
  for (const one of built) analyzeSql(one)
  const rounds = Array.from({ length: 7 }, () => {
    const started = performance.now()
    let seen = 0
    for (let turn = 0; turn < 400; turn += 1) {
      for (const one of built) seen += analyzeSql(one).statements.length
    }
    return ((performance.now() - started) * 1000) / seen
  })
  const microseconds = median(rounds)
  return {
    case: 'classifier, repeated text: 1 µs / cost',
    ratio: 1 / microseconds,
    unit: '× faster than one microsecond',
    runs: rounds.length,
    spread: [1 / Math.max(...rounds), 1 / Math.min(...rounds)],
    perSecond: 1e6 / microseconds,
    target: 1,
  }
}

await using postgres = await startPostgres()
await using pooler = await startPooler({ upstream: postgres.url, poolSize: 10 })
const pgBouncer = findPgBouncer() ? await startPgBouncer({ upstream: postgres.url, poolSize: 10 }) : undefined

const links: Link[] = [
  { name: 'direct', url: postgres.url },
  { name: 'rotating pooler', url: pooler.url },
  ...(pgBouncer ? [{ name: 'PgBouncer', url: pgBouncer.url }] : []),
]
try {
  const cases: CaseResult[] = [classifierCost()]
  for (const link of links) {
    for (const connections of [1, 10]) cases.push(...(await queryCost(link, connections)))
  }
  for (const link of links.filter(({ name }) => name !== 'rotating pooler')) cases.push(...(await failureCost(link)))
  const report: BenchReport = {
    name: 'guard',
    machine: machine({ postgres: postgres.version, ...(pgBouncer ? { pgbouncer: pgBouncer.version } : {}) }),
    cases,
  }
  print(report)
} finally {
  await pgBouncer?.stop()
}
