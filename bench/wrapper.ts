/**
 * What one round trip for everything is worth: batches, executeMany and local settings against raw `pg`, its pipeline mode and
 * postgres.js, over links of several lengths, in the same run.
 */
import { findPgBouncer, startPgBouncer, startPostgres } from '@pooler-safe/testkit'
import pg from 'pg'
import { createDatabase, type Database } from 'pooler-safe'
import postgresJs from 'postgres'
import { writePage } from './write-page.ts'
import { startDelayedLink } from './link/delayed-link.ts'
import { type BenchReport, type CaseResult, closedLoop, machine, measure, print, type Variant } from './harness.ts'

const text = 'select $1::int as id, $2::text as name'
const statements = (count: number) => Array.from({ length: count }, (_, n) => ({ text, values: [n, `name ${n}`] }))

interface Contestants extends AsyncDisposable {
  readonly raw: pg.Pool
  readonly pipeline: pg.Pool
  readonly safe: Database
  readonly js: postgresJs.Sql
}

function contestants(url: string, max: number): Contestants {
  const raw = new pg.Pool({ connectionString: url, max })
  const pipeline = new pg.Pool({ connectionString: url, max, pipeline: true })
  // pg would crash the process for a client connection that ends while the link is taken down.
  for (const pool of [raw, pipeline]) pool.on('error', () => undefined)
  const safe = createDatabase({ url, max })
  const js = postgresJs(url, { prepare: false, max, fetch_types: false, onnotice: () => undefined })
  return {
    raw,
    pipeline,
    safe,
    js,
    async [Symbol.asyncDispose]() {
      await Promise.all([raw.end(), pipeline.end(), safe.close(), js.end()])
    },
  }
}

async function sequential(pool: pg.Pool, count: number): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    for (const one of statements(count)) await client.query(one)
    await client.query('commit')
  } finally {
    client.release()
  }
}

async function pipelined(pool: pg.Pool, count: number): Promise<void> {
  const client = await pool.connect()
  try {
    await Promise.all([
      client.query('begin'),
      ...statements(count).map((one) => client.query(one)),
      client.query('commit'),
    ])
  } finally {
    client.release()
  }
}

/** The batch against what does the same without it. `least` is what the project promises. */
function against(
  name: string,
  baseline: Variant,
  batch: Variant,
  least: number,
  sliceMs = 400,
): () => Promise<CaseResult[]> {
  return () => measure({ name, variants: [baseline, batch], rounds: 5, sliceMs }, { [batch.name]: least })
}

function nearCases({ raw, pipeline, safe }: Contestants): (() => Promise<CaseResult[]>)[] {
  return [10, 100].flatMap((count) => {
    const name = `${count} statements, no delay`
    const batch = closedLoop('batch', 1, () => safe.batch(statements(count)))
    return [
      against(
        name,
        closedLoop('pg BEGIN, n, COMMIT', 1, () => sequential(raw, count)),
        batch,
        1,
      ),
      against(
        name,
        closedLoop('pg pipeline mode', 1, () => pipelined(pipeline, count)),
        batch,
        1.4,
      ),
    ]
  })
}

function farCases({ raw, pipeline, safe, js }: Contestants): (() => Promise<CaseResult[]>)[] {
  const batchOf = (count: number): Variant => closedLoop('batch', 1, () => safe.batch(statements(count)))
  const begin = (count: number): Variant => closedLoop('pg BEGIN, n, COMMIT', 1, () => sequential(raw, count))
  const name = (count: number): string => `${count} statements, 10 ms each way`
  return [
    against(name(10), begin(10), batchOf(10), 11, 1_000),
    against(name(100), begin(100), batchOf(100), 80, 4_000),
    against(
      name(10),
      closedLoop('pg pipeline mode', 1, () => pipelined(pipeline, 10)),
      batchOf(10),
      1,
    ),
    against(
      name(10),
      closedLoop('postgres.js begin', 1, () =>
        js.begin((sql) => statements(10).map((one) => sql.unsafe(one.text, one.values))),
      ),
      batchOf(10),
      18,
      1_500,
    ),
  ]
}

function crowdCases({ raw, safe }: Contestants): (() => Promise<CaseResult[]>)[] {
  const name = '10 statements, 30 clients on 3 backends, 1 ms away'
  return [
    against(
      name,
      closedLoop('pg BEGIN, n, COMMIT', 30, () => sequential(raw, 10)),
      closedLoop('batch', 30, () => safe.batch(statements(10))),
      30,
      1_000,
    ),
  ]
}

/** Runs measurements one after the other: two at once would measure each other. */
async function inTurn(cases: readonly (() => Promise<CaseResult[]>)[]): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const one of cases) results.push(...(await one()))
  return results
}

async function manyRows({ raw, safe }: Contestants): Promise<CaseResult[]> {
  const rows = Array.from({ length: 100 }, (_, n) => [n, `/path/${n}`] as const)
  await raw.query('create table if not exists bench_url (id int, path text)')
  const literal = rows.map(([id, path]) => `insert into bench_url values (${id}, '${path}')`).join(';')
  const insert = 'insert into bench_url values ($1, $2)'
  try {
    return await measure(
      {
        name: '100 rows, no delay',
        rounds: 9,
        variants: [
          closedLoop('one simple query with literals', 1, () => raw.query(literal)),
          closedLoop('executeMany', 1, () => safe.executeMany(insert, rows)),
          closedLoop('batch', 1, () => safe.batch(rows.map((values) => ({ text: insert, values })))),
        ],
      },
      { executeMany: 1.3 },
    )
  } finally {
    await raw.query('drop table bench_url')
  }
}

function settings({ raw, safe }: Contestants): Promise<CaseResult[]> {
  const session = safe.withSettings({ 'app.tenant': 'acme' })
  return measure(
    {
      name: 'local settings and a query, 10 ms each way',
      rounds: 5,
      sliceMs: 600,
      variants: [
        closedLoop('pg BEGIN, set_config, query, COMMIT', 1, async () => {
          const client = await raw.connect()
          try {
            await client.query('begin')
            await client.query(`select set_config('app.tenant', $1, true)`, ['acme'])
            await client.query(text, [1, 'x'])
            await client.query('commit')
          } finally {
            client.release()
          }
        }),
        closedLoop('withSettings', 1, () => session.query(text, [1, 'x'])),
      ],
    },
    { withSettings: 3.8 },
  )
}

/** Short slices, many of them: what is compared differs by a few hundredths at most. */
function single(name: string, { raw, safe }: Contestants, connections: number): Promise<CaseResult[]> {
  return measure(
    {
      name: `query, ${name}, ${connections} connection${connections === 1 ? '' : 's'}`,
      rounds: 61,
      sliceMs: 60,
      variants: [
        closedLoop('pg', connections, () => raw.query(text, [7, 'batch'])),
        closedLoop('query', connections, () => safe.query(text, [7, 'batch'])),
      ],
    },
    { query: 0.98 },
  )
}

await using postgres = await startPostgres()
const cases: CaseResult[] = []
{
  await using near = contestants(postgres.url, 1)
  cases.push(...(await single('direct', near, 1)))
  cases.push(...(await manyRows(near)))
  cases.push(...(await inTurn(nearCases(near))))
}
{
  await using link = await startDelayedLink(postgres.url, 10)
  await using far = contestants(link.url, 1)
  cases.push(...(await inTurn(farCases(far))))
  cases.push(...(await settings(far)))
}
const pgBouncer = findPgBouncer() ? await startPgBouncer({ upstream: postgres.url, poolSize: 3 }) : undefined
if (pgBouncer) {
  try {
    {
      await using pooled = contestants(pgBouncer.url, 10)
      cases.push(...(await single('PgBouncer', pooled, 10)))
    }
    await using link = await startDelayedLink(pgBouncer.url, 1)
    await using crowd = contestants(link.url, 30)
    cases.push(...(await inTurn(crowdCases(crowd))))
  } finally {
    await pgBouncer.stop()
  }
}
const report: BenchReport = {
  name: 'wrapper',
  machine: machine({ postgres: postgres.version, ...(pgBouncer ? { pgbouncer: pgBouncer.version } : {}) }),
  cases,
}
print(report)
if (process.argv.includes('--write')) {
  const introduction =
    'What one round trip for everything is worth: each row is the operations per second of the first way as a multiple of those of the second, taken in turn in the same run. The red marks are what the project promises.'
  await writePage(report, 'Benchmarks of the wrapper', introduction)
}
