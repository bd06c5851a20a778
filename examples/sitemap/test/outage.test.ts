import { JobService, Worker } from '@pooler-safe/example-job-service'
import { silentLogger, wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { sitemapHandlers, sitemapJobTypes } from '../src/index.ts'
import { useSitemapDatabase, useSitemaps } from './sitemap-database.ts'
import { index, page, urlset } from './sitemap-files.ts'
import { useWeb, type Answer } from './web.ts'

const database = useSitemapDatabase()
const web = useWeb()
const sitemaps = useSitemaps(() => database.pooledUrl, web.http)
const paths = Array.from({ length: 60 }, (_, n) => `/page-${n}`)

/** A site of an index and three files with twenty pages each, which takes its time to answer. */
function site(host: string): string {
  const slowly = (body: string): Answer => ({
    body: (response) => void setTimeout(() => response.end(body), 15),
  })
  const file = (n: number): string =>
    urlset(
      paths
        .slice(n * 20, n * 20 + 20)
        .map((path) => page(path))
        .join(''),
    )
  return web.site(host, {
    '/': '<html></html>',
    '/robots.txt': slowly('Sitemap: /index.xml'),
    '/index.xml': slowly(index('/0.xml', '/1.xml', '/2.xml')),
    '/0.xml': slowly(file(0)),
    '/1.xml': slowly(file(1)),
    '/2.xml': slowly(file(2)),
  })
}

/** How many files, pages and links between them a site has, and how many of its scans have ended. */
async function stored(hosts: readonly string[]): Promise<unknown> {
  const { rows } = await database.query(
    `select d.host,
       (select count(*)::int from sitemaps s where s.domain_id = d.id) as files,
       (select count(*)::int from sitemap_urls u where u.domain_id = d.id and u.removed_at is null) as pages,
       (select count(*)::int from jobs j join sitemap_scans c on c.job_id = j.id
        where c.domain_id = d.id and j.state = 'succeeded') as succeeded
     from sitemap_domains d where d.host = any($1) order by d.host`,
    [hosts],
  )
  return rows
}

test('the pooler dies and comes back in the middle of scans, three times: every scan ends, nothing is there twice', async () => {
  const hosts = Array.from({ length: 30 }, (_, n) => `outage-${String(n).padStart(2, '0')}.test`)
  const scans = await Promise.all(
    hosts.map((host) => sitemaps.service.initiateSitemapScan(sitemaps.database, sitemaps.tenant, { url: site(host) })),
  )
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  const stack = new AsyncDisposableStack()
  const usual = sitemapJobTypes['sitemap.scan']
  const types = { 'sitemap.scan': { ...usual, maxAttempts: 20, retryDelaySeconds: 0, retryDelayMaxSeconds: 1 } }
  try {
    for (let n = 0; n < 2; n += 1) {
      const doomed = stack.use(createDatabase({ url: pooler.url, max: 4, onError: () => undefined }))
      const service = await JobService.open({ database: doomed, types, logger: silentLogger() })
      const tuning = { concurrency: 4, pollMs: 20, beatMs: 100, leaseMs: 1_500, recoverMs: 200, graceMs: 0 }
      const handlers = sitemapHandlers({ http: web.http })
      const worker = Worker.start({ database: doomed, service, handlers, logger: silentLogger(), ...tuning })
      stack.defer(async () => {
        await worker.stop()
        await service.close()
      })
    }
    for (const done of [4, 12, 20]) {
      await untilEnded(done)
      await pooler.stop({ drainMs: 0 })
      pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    }
    await untilEnded(hosts.length)
  } finally {
    await stack.disposeAsync()
    await pooler.stop({ drainMs: 0 })
  }
  expect(await stored(hosts)).toEqual(hosts.map((host) => ({ host, files: 4, pages: 60, succeeded: 1 })))
  for (const { scanId } of scans) {
    expect(await sitemaps.service.getSitemapScan(sitemaps.database, sitemaps.tenant, scanId)).toMatchObject({
      state: 'succeeded',
      sitemapsRead: 4,
      urlsFound: 60,
      error: null,
    })
  }
}, 90_000)

async function untilEnded(wanted: number): Promise<void> {
  for (const end = Date.now() + 30_000; ; await wait(10)) {
    const { rows } = await database.query<{ ended: number }>(
      `select count(*)::int as ended from jobs where state in ('succeeded', 'failed') and type = 'sitemap.scan'`,
    )
    if (rows[0]!.ended >= wanted) return
    if (Date.now() > end) throw new Error(`${rows[0]!.ended} of ${wanted} scans have ended.`)
  }
}

test('three runs of one scan at once: the latest stores every page once, the others nothing more; the same request twelve times at once is one scan', async () => {
  const host = 'race.test'
  const url = site(host)
  const made = await Promise.all(
    Array.from({ length: 12 }, () => sitemaps.service.initiateSitemapScan(sitemaps.database, sitemaps.tenant, { url })),
  )
  expect(new Set(made.map(({ scanId }) => scanId)).size).toBe(1)
  expect(made.filter(({ created }) => created)).toHaveLength(1)
  const { jobId, scanId } = made[0]!
  const runs = await Promise.allSettled(
    [1, 2, 3].map((attempt) => sitemaps.service.processSitemapScanWithOwnSession(jobId, { attempt })),
  )
  // The last one that took it has it; the others are told, before they drop what it has stored.
  const refused = runs.flatMap((run) => (run.status === 'rejected' ? [(run.reason as { code: string }).code] : []))
  expect(runs.at(-1)).toMatchObject({ status: 'fulfilled', value: { superseded: false } })
  expect(refused).toHaveLength(2)
  expect(new Set([...refused, 'SITEMAP_SCAN_NOT_FOUND', 'SITEMAP_SCAN_SUPERSEDED']).size).toBe(2)
  expect(await stored([host])).toMatchObject([{ files: 4, pages: 60 }])
  expect(await sitemaps.service.getSitemapScan(sitemaps.database, sitemaps.tenant, scanId)).toMatchObject({
    urlsFound: 60,
  })
})
