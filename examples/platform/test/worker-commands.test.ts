import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  createHttpClient,
  ensureTenant,
  openDatabase,
  silentLogger,
  wait,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { googlePlaces } from '@pooler-safe/example-places-search'
import { startPostgres, startPooler } from '@pooler-safe/testkit'
import { useTestDatabase } from '@pooler-safe/tests/support'
import type { Database } from 'pooler-safe'
import { afterEach, expect, test } from 'vitest'
import { migratePlatform, openPlatform, type Platform } from '../src/index.ts'

const examples = join(import.meta.dirname, '../..')
const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})
const children: ChildProcess[] = []

afterEach(async () => {
  const left = children.splice(0).filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
  for (const child of left) child.kill('SIGKILL')
  await Promise.all(left.map((child) => once(child, 'exit')))
})

function start(service: string, command: string, variables: Readonly<Record<string, string>>) {
  const loopback = new URL('./fixtures/loopback.ts', import.meta.url).href
  const file = join(examples, service, 'src/commands', `${command}.ts`)
  const child = spawn(process.execPath, ['--conditions=@pooler-safe/source', '--import', loopback, file], {
    env: { PATH: process.env['PATH'], ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  children.push(child)
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = once(child, 'close').then(([code]) => code as number | null)
  return { child, ended, said: () => said }
}

/** A site that answers at once, but not for hosts that begin with `slow`, which it never answers. */
async function startSite(stack: AsyncDisposableStack) {
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    const host = request.headers.host?.replace(/:\d+$/, '') ?? ''
    asked.add(host)
    if (host.startsWith('slow')) return
    if (request.method === 'POST') {
      response.setHeader('content-type', 'application/json').end('{"places":[{"id":"one"}]}')
    } else if (request.url === '/') {
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>One</title><h1>One</h1>')
    } else if (request.url === '/sitemap.xml') {
      const urls = '<url><loc>http://one.example/a</loc></url>'
      response.end(`<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">${urls}</urlset>`)
    } else {
      response.writeHead(404).end()
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stack.defer(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  const { port } = server.address() as AddressInfo
  return { asked, url: (host: string): string => `http://${host}:${port}/` }
}

interface Work {
  readonly db: Database
  readonly tenant: TenantId
  readonly platform: Platform
  readonly url: string
}

/** How the job of each service is made; resolves to the id of the job. */
const services: Readonly<Record<string, (work: Work) => Promise<string>>> = {
  platform: async ({ db, tenant, platform, url }) =>
    (await platform.pages.initiateDomainScan(db, tenant, { url, maxPages: 1 })).jobId,
  'page-scraper': async ({ db, tenant, platform, url }) =>
    (await platform.pages.initiateDomainScan(db, tenant, { url, maxPages: 1 })).jobId,
  sitemap: async ({ db, tenant, platform, url }) =>
    (await platform.sitemaps.initiateSitemapScan(db, tenant, { url })).jobId,
  'batch-processor': async ({ db, tenant, platform, url }) => {
    const { batch } = await platform.batches.initiateBatchProcessing(db, tenant, [url], { kind: 'home-page' })
    return batch.jobId!
  },
  'places-search': async ({ db, tenant, platform, url }) => {
    // The worker asks one endpoint: what is slow is made so by its name.
    const { search } = await platform.places.initiatePlacesSearch(db, tenant, { query: new URL(url).host })
    return search.jobId!
  },
}

test.each(Object.keys(services))(
  'the worker command of %s does a job, and a signal ends it with 0 and hands the running one back',
  async (service) => {
    await using stack = new AsyncDisposableStack()
    const site = await startSite(stack)
    const db = openDatabase({ url: database.pooledUrl, applicationName: 'test', max: 3, logger: silentLogger() })
    stack.defer(() => db.close())
    const http = stack.use(createHttpClient())
    const providers = [googlePlaces({ http, apiKey: 'key' })]
    const platform = stack.use(await openPlatform({ database: db, http, logger: silentLogger(), providers }))
    const tenant = await ensureTenant(db, service)
    const create = services[service]!
    const stateOf = async (id: string): Promise<string> => (await platform.jobs.getJob(db, tenant, id)).state
    const run = (host: string) => {
      const worker = start(service, 'worker', {
        DATABASE_URL: database.pooledUrl,
        LOG_LEVEL: 'info',
        JOBS_POLL_MS: '20',
        JOBS_GRACE_MS: '0',
        ...(service === 'places-search' && {
          PLACES_GOOGLE_API_KEY: 'key',
          PLACES_GOOGLE_ENDPOINT: site.url(host),
        }),
      })
      const until = async (what: () => boolean | Promise<boolean>): Promise<void> => {
        for (const end = Date.now() + 20_000; !(await what()); await wait(20)) {
          if (Date.now() > end || worker.child.exitCode !== null) throw new Error(`It did not happen: ${worker.said()}`)
        }
      }
      return { ...worker, until }
    }

    const first = await create({ db, tenant, platform, url: site.url('one.example') })
    const quick = run('one.example')
    await quick.until(async () => ['succeeded', 'failed'].includes(await stateOf(first)))
    expect([await stateOf(first), quick.said()]).toEqual(['succeeded', expect.stringContaining('"msg":"ready"')])
    quick.child.kill('SIGTERM')
    expect([await quick.ended, quick.said()]).toEqual([0, expect.stringContaining('shutting down: SIGTERM')])

    const second = await create({ db, tenant, platform, url: site.url('slow.example') })
    const slow = run('slow.example')
    await slow.until(() => site.asked.has('slow.example'))
    slow.child.kill('SIGTERM')
    expect(await slow.ended).toBe(0)
    expect(await stateOf(second)).toBe('queued')
    const { rows } = await db.query<{ reason: string }>(
      `select reason from job_events where job_id = $1 and from_state = 'running' order by at desc limit 1`,
      [second],
    )
    expect(rows).toEqual([{ reason: 'handed back' }])
    await platform.jobs.cancelJob(db, tenant, second)
  },
  60_000,
)

test('the migrate command makes the tables of all services, and again nothing; without a direct URL it says so', async () => {
  await using postgres = await startPostgres()
  const migrate = (variables: Readonly<Record<string, string>>) => start('platform', 'migrate', variables)
  const made = migrate({ DIRECT_DATABASE_URL: postgres.url })
  expect([await made.ended, made.said()]).toEqual([0, expect.stringMatching(/Applied .*tenants.*places/s)])
  const again = migrate({ DIRECT_DATABASE_URL: postgres.url })
  expect([await again.ended, again.said()]).toEqual([0, expect.stringContaining('The database is up to date.')])
  const without = migrate({})
  expect([await without.ended, without.said()]).toEqual([
    1,
    expect.stringMatching(/^migrate: The configuration cannot be used:\n +DIRECT_DATABASE_URL is missing/),
  ])

  // The worker of all services starts on what was made.
  await using pooler = await startPooler({ upstream: postgres.url, poolSize: 2 })
  const worker = start('platform', 'worker', { DATABASE_URL: pooler.url })
  for (const end = Date.now() + 20_000; !worker.said().includes('"msg":"ready"'); await wait(20)) {
    if (Date.now() > end || worker.child.exitCode !== null) throw new Error(`It did not start: ${worker.said()}`)
  }
  worker.child.kill('SIGTERM')
  expect(await worker.ended).toBe(0)
}, 60_000)
