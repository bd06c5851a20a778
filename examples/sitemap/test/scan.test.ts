import { gzipSync } from 'node:zlib'
import { forEachPooler } from '@pooler-safe/tests/support'
import { JobService } from '@pooler-safe/example-job-service'
import { silentLogger } from '@pooler-safe/example-foundation'
import { createDatabase } from 'pooler-safe'
import { describe, expect, test } from 'vitest'
import { sitemapJobTypes, SitemapService } from '../src/index.ts'
import { useSitemapDatabase, useSitemaps } from './sitemap-database.ts'
import { index, page, richUrlset, sitemapNs, urlset } from './sitemap-files.ts'
import { useWeb, type Answer } from './web.ts'

const database = useSitemapDatabase()
const web = useWeb()

forEachPooler(database, (pooler) => {
  const sitemaps = useSitemaps(() => pooler.url, web.http)
  const { kind } = pooler
  const host = (name: string): string => `${name.toLowerCase()}-${kind}.test`
  const files = async (name: string) =>
    (await sitemaps.service.listSitemaps(sitemaps.database, sitemaps.tenant, host(name))).items
  const urls = async (name: string, removed: boolean | 'any' = false) =>
    (await sitemaps.service.listSitemapUrls(sitemaps.database, sitemaps.tenant, host(name), { removed })).items
  const paths = (list: readonly { readonly url: string }[]) => list.map(({ url }) => new URL(url).pathname).sort()

  describe('(18) indexes', () => {
    test('a namespaced index, nested and naming itself, yields every page once', async () => {
      const at = web.site(host('nested'), {
        '/': '<html></html>',
        '/robots.txt': `# Sitemap: /no.xml\nUser-agent: *\nDisallow: /x\nsitemap: /index.xml # yes`,
        '/index.xml': `<a:sitemapindex xmlns:a="${sitemapNs}"><a:sitemap><a:loc>/index.xml</a:loc></a:sitemap>
          <a:sitemap><a:loc>/deeper.xml</a:loc></a:sitemap><a:sitemap><a:loc>/one.xml.gz</a:loc></a:sitemap></a:sitemapindex>`,
        '/deeper.xml': index('/index.xml', '/two.xml', '/one.xml.gz', 'http://elsewhere.test/x.xml'),
        '/one.xml.gz': gzipSync(urlset(page('/a') + page('/b') + page('/b'))),
        '/two.xml': urlset(page('/b') + page('/c') + page('http://elsewhere.test/d')),
      })
      const scan = await sitemaps.scan(at)
      expect(scan).toMatchObject({ state: 'succeeded', sitemapsRead: 4, sitemapsFailed: 0, urlsFound: 3, urlsAdded: 3 })
      expect(paths(await urls('nested'))).toEqual(['/a', '/b', '/c'])
      const found = await files('nested')
      const byPath = new Map(found.map((file) => [new URL(file.url).pathname, file]))
      expect(paths(found)).toEqual(['/deeper.xml', '/index.xml', '/one.xml.gz', '/two.xml'])
      expect(byPath.get('/index.xml')).toMatchObject({
        kind: 'index',
        depth: 0,
        parentId: null,
        discoveryMethod: 'robots',
      })
      expect(byPath.get('/two.xml')).toMatchObject({ depth: 2, parentId: byPath.get('/deeper.xml')!.id, urlCount: 2 })
      expect(byPath.get('/one.xml.gz')).toMatchObject({ gzip: true, urlCount: 2 })
      expect(byPath.get('/one.xml.gz')!.issues).toMatchObject([
        { code: 'url_relative' },
        { code: 'url_duplicate', count: 1 },
      ])
      expect(byPath.get('/deeper.xml')!.issues.map(({ code, count }) => [code, count])).toEqual([
        ['url_relative', 3],
        ['child_repeated', 2],
        ['child_other_site', 1],
      ])
      expect(web.asked(host('nested')).filter(({ path }) => path === '/index.xml')).toHaveLength(1)
    })

    test('indexes nested without end are left at a depth', async () => {
      const at = web.site(host('deep'), (path) => {
        const level = Number(/^\/level-(\d+)\.xml$/.exec(path)?.[1] ?? NaN)
        if (path === '/robots.txt') return { body: 'Sitemap: /level-0.xml' }
        return Number.isNaN(level) ? undefined : { body: index(`/level-${level + 1}.xml`) }
      })
      const scan = await sitemaps.scan(at, { limits: { maxDepth: 3 } })
      expect(scan).toMatchObject({ state: 'succeeded', sitemapsRead: 4, urlsFound: 0 })
      expect((await files('deep')).at(-1)!.issues).toMatchObject([{ code: 'url_relative' }, { code: 'child_too_deep' }])
    })
  })

  describe('(19) hosts that answer for everything', () => {
    test.each([
      ['a page', '<!doctype html><title>Not found</title><p>https://shop.test/</p>'],
      ['nothing', ''],
      ['a sentence', 'Not found'],
      ['a list of pages', urlset(page('/home'))],
      ['a list of URLs', `http://${host('nonsense-4')}/home\n`],
    ])('with %s: no sitemap is stored', async (name, body) => {
      const site = `nonsense-${name.replaceAll(' ', '-')}`
      const at = web.site(host(site), () => ({ body }))
      const scan = await sitemaps.scan(at)
      expect(scan).toMatchObject({ state: 'succeeded', answersNonsense: true, urlsFound: 0, sitemapsRead: 0 })
      expect(await files(site)).toEqual([])
    })

    test('a sitemap that such a host names in robots.txt is read all the same', async () => {
      const at = web.site(host('soft'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /real.xml' }
        return { body: path === '/real.xml' ? urlset(page('/a')) : '<html>Oops</html>' }
      })
      expect(await sitemaps.scan(at)).toMatchObject({ state: 'succeeded', urlsFound: 1, sitemapsRead: 1 })
      expect(paths(await files('soft'))).toEqual(['/real.xml'])
    })
  })

  describe('discovery', () => {
    test('a well-known path, found although nobody names it', async () => {
      const at = web.site(host('guess'), {
        '/': '<html></html>',
        '/wp-sitemap.xml': index('/wp-1.xml'),
        '/wp-1.xml': urlset(page('/a')),
      })
      expect(await sitemaps.scan(at)).toMatchObject({ state: 'succeeded', urlsFound: 1, answersNonsense: false })
      expect((await files('guess')).map(({ discoveryMethod }) => discoveryMethod)).toEqual(['well_known', 'index'])
    })

    test('a link of the page, and feeds only when there is nothing else', async () => {
      const page1 = `<head><link rel="sitemap" href="map.xml"><link rel="alternate" type="application/rss+xml" href="/feed"></head>`
      const rss = `<rss><channel><item><link>/post</link></item></channel></rss>`
      const linked = web.site(host('link'), { '/': page1, '/map.xml': urlset(page('/a')), '/feed': rss })
      await sitemaps.scan(linked)
      expect((await files('link')).map(({ discoveryMethod }) => discoveryMethod)).toEqual(['link'])
      const fed = web.site(host('feed'), { '/': page1.replace('rel="sitemap"', ''), '/feed': rss })
      await sitemaps.scan(fed)
      expect(await files('feed')).toMatchObject([{ discoveryMethod: 'feed', kind: 'rss', state: 'read' }])
      expect(paths(await urls('feed'))).toEqual(['/post'])
    })

    test('the same file by another address is read once', async () => {
      const at = web.site(host('moved'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /old.xml\nSitemap: /new.xml' }
        if (path === '/old.xml') return { status: 301, headers: { location: '/new.xml' } }
        return path === '/new.xml' ? { body: urlset(page('/a')) } : undefined
      })
      expect(await sitemaps.scan(at)).toMatchObject({ sitemapsRead: 1, urlsFound: 1 })
      expect(await files('moved')).toHaveLength(1)
    })

    test('a site that cannot be reached is a failure of the scan, and invents nothing', async () => {
      const scan = await sitemaps.scan(`http://${host('nowhere')}:${web.port}`)
      expect(scan).toMatchObject({ state: 'failed', errorCode: 'dns', sitemapsRead: 0, urlsFound: 0 })
      expect(await files('nowhere')).toEqual([])
    })
  })

  test('(22) per-URL fields are stored as they stand in the file', async () => {
    const at = web.site(host('fields'), {})
    web.site(host('fields'), { '/sitemap.xml': richUrlset(at) })
    await sitemaps.scan(`${at}/sitemap.xml`)
    const [shoes, cdata, cafe, day] = await urls('fields')
    expect(shoes).toMatchObject({
      url: `${at}/shoes?a=1&b=2`,
      lastmod: '2026-03-04T05:06:07+02:00',
      lastmodAt: new Date('2026-03-04T03:06:07Z'),
      lastmodValid: true,
      changefreq: 'weekly',
      imageCount: 2,
      videoCount: 1,
      newsCount: 1,
      hreflangCount: 2,
      removedAt: null,
      tags: [],
    })
    expect(shoes!.priority).toBeCloseTo(0.8)
    expect(cdata).toMatchObject({
      url: `${at}/cdata?x=1&y=2`,
      lastmod: 'yesterday',
      lastmodAt: null,
      lastmodValid: false,
    })
    expect(cafe).toMatchObject({ url: `${at}/caf%C3%A9`, lastmodValid: false })
    expect(day).toMatchObject({ lastmodValid: true, changefreq: null, lastmodAt: new Date('2026-02-28') })
  })

  describe('(23) a second scan', () => {
    test('makes no duplicates, asks conditionally, skips what is unchanged and marks what is gone', async () => {
      let second = false
      const answer = (body: string, etag?: string): Answer => ({ body, headers: etag === undefined ? {} : { etag } })
      const at = web.site(host('again'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /index.xml' }
        if (path === '/index.xml')
          return answer(second ? index('/same.xml', '/new.xml') : index('/same.xml', '/dropped.xml', '/new.xml'))
        if (path === '/same.xml') return answer(urlset(page('/same-1') + page('/same-2')), '"v1"')
        if (path === '/dropped.xml') return answer(urlset(page('/dropped') + page('/moved')))
        if (path !== '/new.xml') return undefined
        return second
          ? answer(urlset(page('/new-2') + page('/moved') + page('/kept', '<lastmod>2026-02-02</lastmod>')), '"b"')
          : answer(urlset(page('/new-1') + page('/kept', '<lastmod>2026-01-01</lastmod>')), '"a"')
      })
      const first = await sitemaps.scan(at)
      expect(first).toMatchObject({ state: 'succeeded', urlsFound: 6, urlsAdded: 6, urlsRemoved: 0, sitemapsRead: 4 })
      const before = new Map((await urls('again')).map(({ id, url }) => [new URL(url).pathname, id]))
      second = true
      const again = await sitemaps.scan(at)
      expect(again).toMatchObject({
        state: 'succeeded',
        urlsFound: 5,
        urlsAdded: 1,
        urlsRemoved: 2,
        sitemapsRead: 2,
        sitemapsUnchanged: 1,
      })
      expect(paths(await urls('again'))).toEqual(['/kept', '/moved', '/new-2', '/same-1', '/same-2'])
      expect(paths(await urls('again', true))).toEqual(['/dropped', '/new-1'])
      for (const { id, url } of await urls('again', 'any')) {
        expect(before.get(new URL(url).pathname) ?? id, url).toBe(id)
      }
      expect((await files('again')).map(({ url, state }) => [new URL(url).pathname, state])).toEqual([
        ['/index.xml', 'read'],
        ['/same.xml', 'unchanged'],
        ['/dropped.xml', 'gone'],
        ['/new.xml', 'read'],
      ])
      expect(web.asked(host('again')).filter(({ path }) => path === '/same.xml')).toEqual([
        { host: host('again'), path: '/same.xml', conditional: false },
        { host: host('again'), path: '/same.xml', conditional: true },
      ])
      const { items } = await sitemaps.service.compareScans(sitemaps.database, sitemaps.tenant, first.id, again.id)
      expect(items.map(({ url, change }) => [new URL(url).pathname, change]).sort()).toEqual([
        ['/dropped', 'removed'],
        ['/kept', 'changed'],
        ['/new-1', 'removed'],
        ['/new-2', 'added'],
      ])
      await expect(
        sitemaps.service.compareScans(sitemaps.database, sitemaps.tenant, again.id, first.id),
      ).rejects.toMatchObject({ code: 'SITEMAP_SCANS_NOT_COMPARABLE' })
    })

    test('an unchanged index leads to its files all the same', async () => {
      let days = 1
      const at = web.site(host('same-index'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /index.xml' }
        if (path === '/index.xml') return { body: index('/a.xml'), headers: { etag: '"i"' } }
        return path === '/a.xml'
          ? { body: urlset(Array.from({ length: days }, (_, n) => page(`/${n}`)).join('')) }
          : undefined
      })
      await sitemaps.scan(at)
      days = 3
      expect(await sitemaps.scan(at)).toMatchObject({
        urlsFound: 3,
        urlsAdded: 2,
        sitemapsUnchanged: 1,
        sitemapsRead: 1,
      })
    })

    test('a file that was not read to its end is asked for without condition, and removes nothing', async () => {
      let breaks = true
      const body = urlset(Array.from({ length: 3_000 }, (_, n) => page(`/${n}`)).join(''))
      const at = web.site(host('broken'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /a.xml' }
        if (path !== '/a.xml') return undefined
        const half: Answer['body'] = (response) => {
          response.write(body.slice(0, body.length / 2), () => response.destroy())
        }
        return { headers: { etag: '"x"', 'content-length': String(body.length) }, body: breaks ? half : body }
      })
      const first = await sitemaps.scan(at)
      expect(first).toMatchObject({ state: 'partial', errorCode: 'connect', sitemapsFailed: 1 })
      expect(first.urlsFound).toBeGreaterThanOrEqual(1_000)
      expect(await files('broken')).toMatchObject([{ state: 'partial', etag: null, errorCode: 'connect' }])
      breaks = false
      expect(await sitemaps.scan(at)).toMatchObject({ state: 'succeeded', urlsFound: 3_000, urlsRemoved: 0 })
      breaks = true
      web.site(host('broken'), (path) => (path === '/robots.txt' ? { body: 'Sitemap: /a.xml' } : { status: 404 }))
      expect(await sitemaps.scan(at)).toMatchObject({ state: 'failed', urlsFound: 3_000, urlsRemoved: 0 })
    })
  })

  describe('(24) a child that fails', () => {
    test('makes the scan partial, with its reason; the others are complete', async () => {
      const bomb = gzipSync(urlset(page('/from-bomb') + ' '.repeat(2_000_000)))
      const at = web.site(host('partial'), {
        '/robots.txt': 'Sitemap: /index.xml',
        '/index.xml': index('/404.xml', '/500.xml', '/html.xml', '/bomb.xml', '/cut.xml', '/good.xml'),
        '/500.xml': { status: 500 },
        '/html.xml': '<!doctype html>',
        '/bomb.xml': bomb,
        '/cut.xml': urlset(page('/from-cut')).slice(0, -9),
        '/good.xml': urlset(page('/good')),
      })
      const scan = await sitemaps.scan(at, { limits: { maxBytes: 500_000 } })
      expect(scan).toMatchObject({ state: 'partial', sitemapsFailed: 5, urlsFound: 3 })
      expect(
        (await files('partial')).map(({ url, state, errorCode }) => [new URL(url).pathname, state, errorCode]),
      ).toEqual([
        ['/index.xml', 'read', null],
        ['/404.xml', 'failed', 'http_4xx'],
        ['/500.xml', 'failed', 'http_5xx'],
        ['/html.xml', 'failed', 'not_sitemap'],
        ['/bomb.xml', 'partial', 'too_large'],
        ['/cut.xml', 'partial', 'truncated'],
        ['/good.xml', 'read', null],
      ])
      const job = await sitemaps.jobs.getJob(sitemaps.database, sitemaps.tenant, scan.jobId!)
      expect(job).toMatchObject({ state: 'succeeded', result: { outcome: 'partial', failed: 5 } })
      const health = await sitemaps.service.healthReport(sitemaps.database, sitemaps.tenant, host('partial'))
      expect(health.verdict).toBe('poor')
      expect(health.findings[0]).toMatchObject({ code: 'sitemap_failed', severity: 'error', count: 5 })
    })

    test('a scan whose every file fails has failed, after trying again where that may help', async () => {
      const at = web.site(host('all-fail'), { '/robots.txt': 'Sitemap: /a.xml', '/a.xml': { status: 503 } })
      const scan = await sitemaps.scan(at)
      expect(scan).toMatchObject({ state: 'failed', errorCode: 'http_5xx', sitemapsFailed: 1 })
      expect(web.asked(host('all-fail')).filter(({ path }) => path === '/a.xml')).toHaveLength(3)
    })

    test('maxUrls ends the scan where it is, and says so', async () => {
      const at = web.site(host('many'), {
        '/robots.txt': 'Sitemap: /a.xml\nSitemap: /b.xml',
        '/a.xml': urlset(Array.from({ length: 50 }, (_, n) => page(`/${n}`)).join('')),
        '/b.xml': urlset(page('/last')),
      })
      expect(await sitemaps.scan(at, { maxUrls: 20 })).toMatchObject({
        state: 'partial',
        urlsFound: 20,
        errorCode: 'url_limit',
      })
      expect(await files('many')).toMatchObject([
        { state: 'partial', errorCode: 'url_limit', urlCount: 20 },
        { state: 'skipped', errorCode: 'url_limit' },
      ])
    })
  })

  describe('(25) status', () => {
    test('is right from another process and after a restart, while a scan runs and after it', async () => {
      const reached = Promise.withResolvers<undefined>()
      const go = Promise.withResolvers<undefined>()
      const at = web.site(host('status'), (path) => {
        if (path === '/robots.txt') return { body: 'Sitemap: /a.xml\nSitemap: /slow.xml' }
        if (path === '/a.xml') return { body: urlset(page('/a')) }
        if (path !== '/slow.xml') return undefined
        return {
          body: (response) => {
            reached.resolve(undefined)
            void go.promise.then(() => response.end(urlset(page('/slow'))))
          },
        }
      })
      const { service, tenant } = sitemaps
      const { scanId, jobId } = await service.initiateSitemapScan(sitemaps.database, tenant, { url: at })
      // Nothing is shared with the service that asked: as from another process.
      await using other = createDatabase({ url: pooler.url, max: 2 })
      const jobs = await JobService.open({ database: other, types: sitemapJobTypes, logger: silentLogger() })
      const elsewhere = await SitemapService.open({ database: other, jobs, http: web.http })
      expect(await elsewhere.getSitemapScan(other, tenant, scanId)).toMatchObject({ state: 'queued', jobId })
      const lost = sitemaps.startWorker()
      await reached.promise
      const running = await sitemaps.until(scanId, ({ progressDone }) => progressDone === 1)
      expect(running).toMatchObject({ state: 'running', progressTotal: 2 })
      expect(await elsewhere.getSitemapScan(other, tenant, scanId)).toMatchObject({ state: 'running', progressDone: 1 })
      // The worker goes in the middle; another takes over, and what was stored is not stored again.
      await lost.stop()
      expect(await elsewhere.getSitemapScan(other, tenant, scanId)).toMatchObject({ state: 'queued' })
      go.resolve(undefined)
      const next = sitemaps.startWorker()
      await sitemaps.until(scanId, ({ state }) => state === 'succeeded')
      await next.stop()
      expect(await elsewhere.getSitemapScan(other, tenant, scanId)).toMatchObject({
        state: 'succeeded',
        urlsFound: 2,
        urlsAdded: 2,
        sitemapsRead: 2,
      })
      await jobs.close()
    })

    test('a scan of a site that is being scanned is that scan', async () => {
      const at = web.site(host('twice'), {})
      const { service, tenant } = sitemaps
      const request = { url: at }
      const [first, second] = [
        await service.initiateSitemapScan(sitemaps.database, tenant, request),
        await service.initiateSitemapScan(sitemaps.database, tenant, { url: `${at}/sitemap.xml` }),
      ]
      expect([first.created, second.created]).toEqual([true, false])
      expect(second).toMatchObject({ scanId: first.scanId, jobId: first.jobId })
      await sitemaps.jobs.cancelJob(sitemaps.database, tenant, first.jobId)
      expect(await service.getSitemapScan(sitemaps.database, tenant, first.scanId)).toMatchObject({
        state: 'cancelled',
      })
    })

    test('a run that lost its job does not end the scan of the one that has it', async () => {
      const at = web.site(host('stale'), { '/robots.txt': 'Sitemap: /a.xml', '/a.xml': urlset(page('/a')) })
      const { service, tenant } = sitemaps
      const { scanId, jobId } = await service.initiateSitemapScan(sitemaps.database, tenant, { url: at })
      expect(await service.processSitemapScanWithOwnSession(jobId, { attempt: 2 })).toMatchObject({ superseded: false })
      await expect(service.processSitemapScanWithOwnSession(jobId, { attempt: 1 })).rejects.toMatchObject({
        code: 'SITEMAP_SCAN_NOT_FOUND',
      })
      await sitemaps.jobs.cancelJob(sitemaps.database, tenant, jobId)
      expect((await service.getSitemapScan(sitemaps.database, tenant, scanId)).urlsFound).toBe(1)
    })
  })

  test('while a sitemap is fetched no transaction is open: every one that is ends before the file has', async () => {
    const seen: unknown[] = []
    const openNow = async () =>
      (
        await database.query<{ state: string }>(
          `select state from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
        )
      ).rows
    const at = web.site(host('idle'), (path) => {
      if (path === '/robots.txt') return { body: 'Sitemap: /a.xml' }
      if (path !== '/a.xml') return undefined
      return {
        body: (response) => {
          response.write(urlset('').slice(0, -9) + Array.from({ length: 1_500 }, (_, n) => page(`/${n}`)).join(''))
          // What came so far is being stored; then the scan waits for the rest.
          const untilNone = async (): Promise<void> => {
            let rows = await openNow()
            for (const end = Date.now() + 2_000; rows.length > 0 && Date.now() < end;) rows = await openNow()
            seen.push(rows)
            response.end('</urlset>')
          }
          void untilNone()
        },
      }
    })
    expect(await sitemaps.scan(at)).toMatchObject({ state: 'succeeded', urlsFound: 1_500 })
    expect(seen).toEqual([[]])
  })
})
