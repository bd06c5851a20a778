import { JobService, Worker } from '@pooler-safe/example-job-service'
import { silentLogger, wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { pageScraperHandlers, pageScraperJobTypes, scanJobType } from '../src/index.ts'
import { loopbackFetcher } from './loopback-fetcher.ts'
import { usePageDatabase, useScraper } from './page-database.ts'
import { useSiteServer } from './site-server.ts'

const database = usePageDatabase()
const server = useSiteServer()
const http = loopbackFetcher()
const scraping = useScraper(() => database.pooledUrl, http)

/** A site of two pages, which takes its time to answer. */
function site(host: string): string {
  const before = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 15))
  server.serve(host, {
    '/': { before, body: '<title>Home</title><a href="/kontakt">Kontakt</a>' },
    '/kontakt': { before, body: `<title>Kontakt</title><p>office@${host}` },
  })
  return `http://${host}:${server.port}/`
}

async function untilEnded(wanted: number): Promise<void> {
  for (const end = Date.now() + 30_000; ; await wait(10)) {
    const { rows } = await database.query<{ ended: number }>(
      `select count(*)::int as ended from jobs where state in ('succeeded', 'failed') and type = $1`,
      [scanJobType],
    )
    if (rows[0]!.ended >= wanted) return
    if (Date.now() > end) throw new Error(`${rows[0]!.ended} of ${wanted} scans have ended.`)
  }
}

test('the pooler dies and comes back in the middle of scans, three times: every scan ends, nothing is there twice', async () => {
  const hosts = Array.from({ length: 40 }, (_, n) => `outage-${String(n).padStart(2, '0')}.test`)
  const { scraper, tenant, database: session } = scraping
  await Promise.all(hosts.map((host) => scraper.initiateDomainScan(session, tenant, { url: site(host), maxPages: 2 })))
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  const stack = new AsyncDisposableStack()
  const usual = pageScraperJobTypes[scanJobType]
  const types = { [scanJobType]: { ...usual, maxAttempts: 20, retryDelaySeconds: 0, retryDelayMaxSeconds: 1 } }
  try {
    for (let n = 0; n < 2; n += 1) {
      const doomed = stack.use(createDatabase({ url: pooler.url, max: 4, onError: () => undefined }))
      const service = await JobService.open({ database: doomed, types, logger: silentLogger() })
      const tuning = { concurrency: 4, pollMs: 20, beatMs: 100, leaseMs: 1_500, recoverMs: 200, graceMs: 0 }
      const handlers = pageScraperHandlers(http)
      const worker = Worker.start({ database: doomed, service, handlers, logger: silentLogger(), ...tuning })
      stack.defer(async () => {
        await worker.stop()
        await service.close()
      })
    }
    for (const done of [5, 15, 25]) {
      await untilEnded(done)
      await pooler.stop({ drainMs: 0 })
      pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    }
    await untilEnded(hosts.length)
  } finally {
    await stack.disposeAsync()
    await pooler.stop({ drainMs: 0 })
  }
  const { rows } = await database.query(
    `select d.host, count(distinct s.id)::int as scans, count(distinct p.url)::int as pages, count(p)::int as stored,
       (select count(*)::int from contacts c where c.domain_id = d.id) as contacts,
       min(j.state) as state, bool_and(d.last_scan_id = s.id) as "isLast"
     from domains d join page_scans s on s.domain_id = d.id join jobs j on j.id = s.job_id
       left join pages p on p.scan_id = s.id
     where d.tenant_id = $1 group by d.id order by d.host`,
    [tenant],
  )
  expect(rows).toEqual(
    hosts.map((host) => ({ host, scans: 1, pages: 2, stored: 2, contacts: 1, state: 'succeeded', isLast: true })),
  )
}, 90_000)
