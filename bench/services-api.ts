/**
 * The lists of the API at a hundred requests a second: a tenant with 100,000 jobs and a batch of 50,000 items, through a
 * transaction-mode pooler. The API runs in a process of its own; beside each list the same client asks for `select 1`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findPgBouncer, startPgBouncer, startPooler, startPostgres } from '@pooler-safe/testkit'
import pg from 'pg'
import { type CaseResult, machine, print } from './harness.ts'

const perSecond = 100
const seconds = 3
const limitMs = 50
const commands = join(import.meta.dirname, '../examples/http-api/src/commands')
const [batch, search] = ['01900000-0000-7002-8000-000000002710', '01900000-0000-7009-8000-000000001388']
const site = '/v1/sites/site-1.example'
const paths = [
  '/v1/jobs',
  '/v1/jobs?state=failed&type=bench.kind-0',
  '/v1/jobs?state=succeeded&type=bench.rare',
  '/v1/jobs?domain=site-7.example',
  '/v1/jobs/pending',
  '/v1/jobs/counts',
  '/v1/job-batches',
  '/v1/job-batches/01900000-0000-7001-8000-000000000007/jobs',
  '/v1/batches',
  '/v1/batches?state=partial',
  '/v1/batches?kind=none',
  '/v1/batches?host=site-40000.example',
  `/v1/batches/${batch}`,
  `/v1/batches/${batch}/items?after=49000`,
  `/v1/batches/${batch}/items?state=failed&errorCode=tls`,
  `/v1/batches/${batch}/rejects`,
  '/v1/scans',
  '/v1/scans?url=site-7.example',
  '/v1/domains',
  '/v1/sitemap-scans',
  '/v1/sitemap-scans?host=site-7.example',
  `${site}/sitemaps`,
  `${site}/urls`,
  `${site}/urls?pageType=product`,
  `${site}/urls?tag=seen`,
  `${site}/urls?contains=nothing`,
  '/v1/places',
  '/v1/places?status=Selected',
  '/v1/places?hasWebsite=true&minRating=4.8',
  '/v1/places?name=nothing',
  '/v1/places/searches',
  `/v1/places/searches/${search}/places`,
  `/v1/places?searchId=${search}`,
]

function start(command: string, variables: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [...process.execArgv, join(commands, command)], {
    env: { ...process.env, LOG_LEVEL: 'error', ...variables },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}

/** What a process has said once it matches. */
async function said(child: ChildProcess, pattern: RegExp): Promise<string> {
  let text = ''
  for await (const part of (child.stdout ?? []) as AsyncIterable<Buffer>) {
    text += part.toString()
    if (pattern.test(text)) return text
  }
  throw new Error(`The API has ended: ${text}`)
}

async function seed(directUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: directUrl })
  await client.connect()
  try {
    await client.query("select set_config('bench.tenant', (select id::text from tenants where name = 'bench'), false)")
    await client.query(readFileSync(join(import.meta.dirname, 'services-api/seed.sql'), 'utf8'))
    await client.query('vacuum analyze')
  } finally {
    await client.end()
  }
}

interface Times {
  /** Of requests one after the other. */
  readonly alone: number[]
  readonly asked: number[]
  readonly beside: number[]
}

/** Asks by the clock, whether the requests before were answered or not. */
async function ask(url: string, path: string, token: string): Promise<Times> {
  const times: Times = { alone: [], asked: [], beside: [] }
  const one = async (target: string, into: number[]): Promise<void> => {
    const startedAt = performance.now()
    const answer = await fetch(`${url}${target}`, { headers: { authorization: `Bearer ${token}` } })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${target}: ${answer.status} ${text}`)
    into.push(performance.now() - startedAt)
  }
  for (let n = 0; n < 30; n += 1) await one(path, times.alone)
  const begunAt = performance.now()
  const running: Promise<void>[] = []
  for (let n = 0; n < perSecond * seconds; n += 1) {
    await delay(Math.max(0, begunAt + (n * 1_000) / perSecond - performance.now()))
    running.push(one(path, times.asked))
    if (n % 4 === 0) running.push(one('/readyz', times.beside))
  }
  await Promise.all(running)
  return times
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

const cases: CaseResult[] = []
await using postgres = await startPostgres()
const pooler = findPgBouncer()
  ? await startPgBouncer({ upstream: postgres.url, poolSize: 6 })
  : await startPooler({ upstream: postgres.url, poolSize: 6 })
let api: ChildProcess | undefined
try {
  const migrated = start('migrate.ts', { DIRECT_DATABASE_URL: postgres.url })
  await once(migrated, 'exit')
  api = start('serve.ts', {
    DATABASE_URL: pooler.url,
    API_PORT: '0',
    API_TENANT: 'bench',
    API_WORKER: 'no',
    API_RATE_PER_SECOND: '100000',
  })
  const text = await said(api, /pst_\S{43}/)
  const [url = ''] = /http:\/\/\S+:\d+/.exec(text) ?? []
  const [token = ''] = /pst_\S{43}/.exec(text) ?? []
  await seed(postgres.url)
  for (const path of paths) {
    const { alone, asked, beside } = await ask(url, path, token)
    const [p50, p99] = [percentile(asked, 0.5), percentile(asked, 0.99)]
    const shown = path.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '…')
    const ms = `alone ${Math.min(...alone).toFixed(1)}, p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)} ms; select 1: ${percentile(beside, 0.5).toFixed(1)}, ${percentile(beside, 0.99).toFixed(1)} ms`
    const ratio = limitMs / p99
    cases.push({
      case: `${shown}: ${limitMs} ms / p99 (${ms})`,
      ratio,
      unit: '× the limit',
      runs: asked.length,
      spread: [ratio, ratio],
      target: 1,
    })
  }
} finally {
  api?.kill('SIGTERM')
  if (api?.exitCode === null) await once(api, 'exit')
  await pooler.stop()
}
print({ name: 'services-api', machine: machine({ postgres: postgres.version }), cases })
const missed = cases.filter(({ ratio, target = 0 }) => ratio < target)
if (missed.length > 0) process.stderr.write(`Below its target: ${missed.map((row) => row.case).join('; ')}\n`)
process.exitCode = missed.length === 0 ? 0 : 1
