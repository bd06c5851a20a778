import { forEachPooler } from '@pooler-safe/tests/support'
import { describe, expect, test } from 'vitest'
import type { InitiatedScan } from '../src/index.ts'
import { loopbackFetcher } from './loopback-fetcher.ts'
import { usePageDatabase, useScraper } from './page-database.ts'
import { useSiteServer } from './site-server.ts'

const database = usePageDatabase()
const server = useSiteServer()
const http = loopbackFetcher(new Set(['nowhere.test']))

forEachPooler(database, (pooler) => {
  // More client connections than the pooler has backends.
  const scraping = useScraper(() => pooler.url, http, 12)
  const site = (name: string): string => `${name}-${pooler.kind}.test`
  const urlOf = (host: string): string => `http://${host}:${server.port}/`

  const askedOf = (host: string): string[] => server.asked.filter((one) => one.startsWith(`${host} `))

  async function scan(url: string, maxPages = 5): Promise<InitiatedScan & { readonly state: string }> {
    const { scraper, tenant, database: session } = scraping
    const initiated = await scraper.initiateDomainScan(session, tenant, { url, maxPages })
    const { state } = await scraping.ended(initiated.jobId)
    return { ...initiated, state }
  }

  describe('a scan', () => {
    test('(14) stores what it found: metadata, pages, contacts with their source, technologies with their evidence', async () => {
      const host = site('bakery')
      server.serve(host, {
        '/': {
          headers: { server: 'nginx/1.25.3' },
          body: `<html lang="de"><title>Bäckerei</title><meta name="description" content="Brot"><h1>Brot</h1>
            <meta name="generator" content="WordPress 6.5"><a href="/kontakt">Kontakt</a>
            <a href="https://www.facebook.com/sharer.php?u=x">teilen</a><a href="https://www.instagram.com/bakery/">I</a>`,
        },
        '/kontakt': `<title>Kontakt</title><p>Mail: office@${host}, Tel. +43 316 123456`,
      })
      scraping.work()
      const { scanId, jobId, statusUrl, state } = await scan(urlOf(host))
      expect({ state, statusUrl }).toEqual({ state: 'succeeded', statusUrl: `/scans/${scanId}` })
      const found = await scraping.scraper.getScan(scraping.database, scraping.tenant, scanId)
      expect(found.scan).toMatchObject({
        id: scanId,
        jobId,
        host,
        state: 'succeeded',
        verdict: 'live',
        stoppedBy: 'done',
        pagesVisited: 2,
        pagesFailed: 0,
        previousScanId: null,
        error: null,
      })
      expect(found.domain).toMatchObject({
        host,
        title: 'Bäckerei',
        description: 'Brot',
        language: 'de',
        charset: 'utf-8',
        h1: ['Brot'],
        lastScanId: scanId,
        favicon: null,
        errorCode: null,
      })
      expect(found.pages).toMatchObject([
        { url: urlOf(host), kind: 'home', status: 200, title: 'Bäckerei', errorCode: null },
        { url: `${urlOf(host)}kontakt`, kind: 'contact', title: 'Kontakt' },
      ])
      expect(found.contacts.map(({ kind, value }) => [kind, value])).toEqual([
        ['email', `office@${host}`],
        ['phone', '+43316123456'],
        ['social', 'https://www.instagram.com/bakery'],
      ])
      expect(found.contacts[0]).toMatchObject({ sourceUrl: `${urlOf(host)}kontakt`, missingSince: null })
      expect(found.contacts[0]!.snippet).toContain('Mail: office@')
      expect(found.technologies).toMatchObject([
        { name: 'WordPress', version: '6.5', evidence: ['generator: WordPress 6.5'] },
        { name: 'nginx', version: '1.25.3', evidence: ['header server: nginx/1.25.3'] },
      ])
      expect(await scraping.scraper.getJobStatus(scraping.database, scraping.tenant, jobId)).toMatchObject({
        state: 'succeeded',
        scanId,
        progressDone: 2,
      })
    })

    test('(13) of a site by any of its names, at the same time and again, is of one row', async () => {
      const { scraper, tenant, database: session } = scraping
      const host = site('names')
      server.serve(host, { '/': '<title>Names</title>' })
      server.serve(`www.${host}`, { '/': '<title>Names</title>' })
      const spellings = [
        urlOf(host),
        urlOf(`www.${host}`),
        `HTTP://${host.toUpperCase()}:${server.port}/x`,
        `${host}.`,
        ` ${host} `,
        `https://www.${host}:443/`,
      ]
      const all = await Promise.all(
        [...spellings, ...spellings].map((url) => scraper.initiateDomainScan(session, tenant, { url })),
      )
      // One of them is made; the others are told of it.
      expect(new Set(all.map(({ scanId }) => scanId)).size).toBe(1)
      expect(all.filter(({ created }) => created)).toHaveLength(1)
      await scraper.initiateDomainScan(session, scraping.otherTenant, { url: urlOf(host) })
      const rows = await database.query('select tenant_id from domains where host = $1', [host])
      expect(rows.rows).toHaveLength(2)
      await scraping.jobs.cancelJob(session, tenant, all[0]!.jobId)
      scraping.work()
      await scan(urlOf(host))
      await scan(urlOf(`www.${host}`))
      const again = await database.query('select title, host from domains where tenant_id = $1 and host like $2', [
        tenant,
        `%${host}`,
      ])
      expect(again.rows).toEqual([{ title: 'Names', host }])
    })

    test('(16) that cannot read the site stores a failure: no page, no metadata, no contact', async () => {
      scraping.work()
      const host = site('failing')
      server.serve(host, { '/': { status: 503, body: '<title>Real looking</title>a@failing.test' } })
      const { scanId, state, jobId } = await scan(urlOf(host))
      expect(state).toBe('failed')
      const found = await scraping.scraper.getScan(scraping.database, scraping.tenant, scanId)
      expect(found).toMatchObject({
        scan: { state: 'failed', errorCode: 'http_5xx', verdict: null, pagesVisited: 1, pagesFailed: 1 },
        domain: {
          errorCode: 'http_5xx',
          failedScanId: scanId,
          lastScanId: null,
          verdict: null,
          title: null,
          charset: null,
        },
        pages: [],
        contacts: [],
        technologies: [],
      })
      // What may pass was tried again, and asked for each time.
      expect(await scraping.jobs.getJob(scraping.database, scraping.tenant, jobId)).toMatchObject({
        attempt: 3,
        errorCode: 'http_5xx',
      })
      expect(askedOf(host)).toHaveLength(3)
      expect(await scraping.scraper.listScans(scraping.database, scraping.tenant, { url: host })).toMatchObject({
        items: [{ id: scanId }],
      })
    })

    test('(16) that fails for good is tried once, and a challenge is no title', async () => {
      scraping.work()
      const host = site('challenge')
      server.serve(host, { '/': '<title>Just a moment...</title><script>window._cf_chl_opt={}</script>' })
      const { scanId } = await scan(urlOf(host))
      const { scan: stored, domain } = await scraping.scraper.getScan(scraping.database, scraping.tenant, scanId)
      expect(stored).toMatchObject({ state: 'failed', errorCode: 'blocked' })
      expect(domain).toMatchObject({ title: null, errorCode: 'blocked' })
      expect(askedOf(host)).toHaveLength(1)
    })

    test('(16) that fails after one that did not leaves what is known, with its date and the failure', async () => {
      scraping.work()
      const host = site('later')
      server.serve(host, { '/': `<title>Known</title><p>office@${host}` })
      const first = await scan(urlOf(host))
      server.serve(host, { '/': { status: 404, body: '<title>Gone</title>' } })
      const second = await scan(urlOf(host))
      const { domain, contacts } = await scraping.scraper.getDomain(scraping.database, scraping.tenant, host)
      expect(domain).toMatchObject({
        title: 'Known',
        lastScanId: first.scanId,
        failedScanId: second.scanId,
        errorCode: 'http_4xx',
      })
      expect(contacts).toMatchObject([{ missingSince: null }])
      server.serve(host, { '/': '<title>Back</title>' })
      await scan(urlOf(host))
      const back = await scraping.scraper.getDomain(scraping.database, scraping.tenant, host)
      expect(back.domain).toMatchObject({ title: 'Back', failedScanId: null, errorCode: null, error: null })
    })

    test('whose job is queued again by a person and cancelled is cancelled, whatever an earlier run wrote', async () => {
      const { scraper, jobs, tenant, database: session } = scraping
      const worker = scraping.work()
      const host = site('again')
      server.serve(host, { '/': { status: 404 } })
      const { scanId, jobId } = await scan(urlOf(host))
      await worker.stop()
      const state = async (): Promise<string> => (await scraper.getScan(session, tenant, scanId)).scan.state
      expect(await state()).toBe('failed')
      await jobs.retryJob(session, tenant, jobId)
      expect(await state()).toBe('queued')
      await jobs.cancelJob(session, tenant, jobId)
      expect(await state()).toBe('cancelled')
    })

    test('the tables themselves take no metadata without a site that was read', async () => {
      const { scraper, tenant, database: session } = scraping
      const host = site('tables')
      const { scanId } = await scraper.initiateDomainScan(session, tenant, { url: urlOf(host) })
      const refused = { code: '23514' }
      await expect(
        database.query(`update domains set title = 'made up' where host = $1`, [host]),
      ).rejects.toMatchObject(refused)
      await expect(
        database.query(
          `insert into pages (scan_id, ordinal, tenant_id, url, kind, depth, ms, title, error_code, error)
           values ($1, 0, $2, 'x', 'home', 0, 1, 'made up', 'dns', 'x')`,
          [scanId, tenant],
        ),
      ).rejects.toMatchObject(refused)
    })

    test('(17) asks the site for no more than maxPages, and the tables take no more', async () => {
      scraping.work()
      const host = site('limit')
      const links = Array.from({ length: 40 }, (_, n) => `<a href="/p${n}">x</a>`).join('')
      server.serve(host, { '/': `<p>home ${links}`, '/p0': 'a', '/p1': 'b', '/p2': 'c' })
      const { scanId } = await scan(urlOf(host), 3)
      expect(askedOf(host)).toHaveLength(3)
      const { scan: stored, pages } = await scraping.scraper.getScan(scraping.database, scraping.tenant, scanId)
      expect(stored).toMatchObject({ maxPages: 3, pagesVisited: 3, stoppedBy: 'max_pages' })
      expect(pages).toHaveLength(3)
      await expect(
        database.query('update page_scans set pages_visited = 4 where id = $1', [scanId]),
      ).rejects.toMatchObject({ code: '23514' })
    })

    test('asks the site while no transaction is open: every one that is ends before the site has answered', async () => {
      const host = site('waiting')
      const held: unknown[] = []
      const open = async (): Promise<Set<string>> => {
        const { rows } = await database.query(
          `select pid || ' since ' || xact_start as transaction from pg_stat_activity
           where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend' and xact_start is not null`,
        )
        return new Set(rows.map((row) => String(row['transaction'])))
      }
      const before = async (): Promise<void> => {
        let left = await open()
        for (const end = Date.now() + 3_000; left.size > 0 && Date.now() < end;) {
          const now = await open()
          left = new Set([...left].filter((one) => now.has(one)))
        }
        held.push(...left)
      }
      server.serve(host, { '/': { body: '<title>x</title><a href="/contact">c</a>', before }, '/contact': { before } })
      scraping.work()
      expect(await scan(urlOf(host))).toMatchObject({ state: 'succeeded' })
      expect(askedOf(host)).toHaveLength(2)
      expect(held).toEqual([])
    })

    test('that runs twice writes once: the later run replaces, the earlier one is told and writes nothing', async () => {
      const { scraper, tenant, database: session } = scraping
      const host = site('twice')
      server.serve(host, { '/': `<title>First</title><p>a@${host}` })
      const { jobId, scanId } = await scraper.initiateDomainScan(session, tenant, { url: urlOf(host) })
      await scraper.processDomainWithOwnSession(jobId, { attempt: 1 })
      let late: Promise<unknown> | undefined
      server.serve(host, {
        '/': {
          body: `<title>Late</title><p>b@${host}`,
          before: async () => {
            if (late !== undefined) return
            // While this run asks the site, another is given the job.
            late = Promise.resolve()
            await scraper.processDomainWithOwnSession(jobId, { attempt: 3 })
            await database.query(`update domains set title = 'Of attempt 3' where host = $1`, [host])
          },
        },
      })
      const stale = scraper.processDomainWithOwnSession(jobId, { attempt: 2 })
      await expect(stale).rejects.toMatchObject({ code: 'SCAN_SUPERSEDED' })
      await expect(scraper.processDomainWithOwnSession(jobId, { attempt: 1 })).rejects.toMatchObject({
        code: 'SCAN_SUPERSEDED',
      })
      const { domain, pages, contacts } = await scraper.getScan(session, tenant, scanId)
      expect(domain.title).toBe('Of attempt 3')
      expect(pages).toHaveLength(1)
      expect(contacts.map(({ value, missingSince }) => [value, missingSince])).toEqual([
        [`a@${host}`, null],
        [`b@${host}`, null],
      ])
    })

    test('of hostile text stores it as text: NUL, half surrogates, scripts', async () => {
      scraping.work()
      const host = site('hostile')
      server.serve(host, {
        '/': `<title><script>alert(1)</script>\0&#xD800;'; drop table domains; --</title><meta property="og:a\0b" content="x\0y"><p>\0`,
      })
      const { scanId, state } = await scan(urlOf(host))
      expect(state).toBe('succeeded')
      const { domain } = await scraping.scraper.getScan(scraping.database, scraping.tenant, scanId)
      expect(domain.title).toMatch(/^<script>alert\(1\)<\/script>.*'; drop table domains; --$/)
    })
  })

  describe('two scans', () => {
    test('are compared: fields, contacts, technologies with versions, pages; what is gone is marked, not deleted', async () => {
      const { scraper, tenant, database: session } = scraping
      scraping.work()
      const host = site('changing')
      const page = (title: string, version: string, mail: string, more = ''): string =>
        `<title>${title}</title><meta name=generator content="WordPress ${version}"><p>${mail}@${host} ${more}`
      server.serve(host, { '/': page('Old', '6.4', 'old', '<a href="/a">a</a>'), '/a': 'page a' })
      const first = await scan(urlOf(host))
      await expect(scraper.diffScans(session, tenant, { scanId: first.scanId })).rejects.toMatchObject({
        code: 'SCAN_UNFINISHED',
      })
      server.serve(host, { '/': page('New', '6.5', 'new', '<a href="/b">b</a>'), '/b': 'page b' })
      const second = await scan(urlOf(host))
      const diff = await scraper.diffScans(session, tenant, { scanId: second.scanId })
      expect(diff).toEqual({
        isEqual: false,
        changes: [
          { field: 'title', before: 'Old', after: 'New' },
          { field: 'generator', before: 'WordPress 6.4', after: 'WordPress 6.5' },
        ],
        contacts: {
          added: [{ kind: 'email', value: `new@${host}` }],
          removed: [{ kind: 'email', value: `old@${host}` }],
        },
        technologies: { added: [], removed: [], upgraded: [{ name: 'WordPress', before: '6.4', after: '6.5' }] },
        pages: { added: [`${urlOf(host)}b`], removed: [`${urlOf(host)}a`], changed: [urlOf(host)] },
      })
      const { contacts } = await scraper.getDomain(session, tenant, host)
      expect(contacts.map(({ value, missingSince }) => [value, missingSince !== null])).toEqual([
        [`new@${host}`, false],
        [`old@${host}`, true],
      ])
      const third = await scan(urlOf(host))
      expect(await scraper.diffScans(session, tenant, { scanId: third.scanId })).toMatchObject({
        isEqual: true,
        changes: [],
      })
    })
  })

  describe('a batch of scans', () => {
    test('reports what is no site and what is named twice, scans the others, and counts from their jobs', async () => {
      const { scraper, tenant, database: session } = scraping
      const [good, bad] = [site('batch-good'), site('batch-bad')]
      server.serve(good, { '/': '<title>Good</title>' })
      server.serve(bad, { '/': { status: 404 } })
      const urls = [urlOf(good), 'not a site', urlOf(`www.${good}`), urlOf(bad)]
      const batch = await scraper.initiateBatchScan(session, tenant, { urls, maxPages: 2 })
      expect(batch.scans.map(({ url, created }) => [url, created])).toEqual([
        [urlOf(good), true],
        [urlOf(bad), true],
      ])
      expect(batch.rejected).toMatchObject([
        { url: 'not a site' },
        { url: urlOf(`www.${good}`), reason: `${good} is in the batch already` },
      ])
      expect(await scraper.getBatchStatus(session, tenant, batch.batchId)).toMatchObject({
        state: 'queued',
        counts: { total: 2, queued: 2 },
      })
      scraping.work()
      for (const { jobId } of batch.scans) await scraping.ended(jobId)
      await scraping.jobs.batches.updateBatchProgress(session, tenant, batch.batchId)
      const status = await scraper.getBatchStatus(session, tenant, batch.batchId)
      expect(status).toMatchObject({ state: 'partial', counts: { total: 2, succeeded: 1, failed: 1 } })
      expect(status.scans.items.map(({ host, state }) => [host, state]).sort()).toEqual([
        [bad, 'failed'],
        [good, 'succeeded'],
      ])
    })
  })

  test('(34) a tenant cannot see or touch another’s scans and sites', async () => {
    const { scraper, tenant, otherTenant: me, database: session } = scraping
    const host = site('theirs')
    const { scanId, jobId } = await scraper.initiateDomainScan(session, tenant, { url: host })
    const batch = await scraper.initiateBatchScan(session, tenant, { urls: [site('theirs-too')] })
    await expect(scraper.getScan(session, me, scanId)).rejects.toMatchObject({ code: 'SCAN_NOT_FOUND' })
    await expect(scraper.diffScans(session, me, { scanId })).rejects.toMatchObject({ code: 'SCAN_NOT_FOUND' })
    await expect(scraper.getDomain(session, me, host)).rejects.toMatchObject({ code: 'DOMAIN_NOT_FOUND' })
    await expect(scraper.getJobStatus(session, me, jobId)).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' })
    await expect(scraper.getBatchStatus(session, me, batch.batchId)).rejects.toMatchObject({ code: 'BATCH_NOT_FOUND' })
    for (const filter of [{}, { url: host }, { batchId: batch.batchId }]) {
      const { items } = await scraper.listScans(session, me, filter)
      expect(items.filter((one) => one.tenantId !== me)).toEqual([])
    }
    const { items } = await scraper.listDomains(session, me)
    expect(items.filter((one) => one.tenantId !== me)).toEqual([])
  })

  test('what cannot be used is refused before anything is written', async () => {
    const { scraper, tenant, database: session } = scraping
    const before = await database.query('select count(*) from jobs')
    for (const maxPages of [0, -1, 1.5, 201, Number.NaN]) {
      await expect(scraper.initiateDomainScan(session, tenant, { url: 'example.com', maxPages })).rejects.toMatchObject(
        { code: 'SCAN_INPUT_INVALID' },
      )
    }
    await expect(scraper.initiateDomainScan(session, tenant, { url: 'ftp://example.com' })).rejects.toMatchObject({
      code: 'SCAN_INPUT_INVALID',
    })
    await expect(scraper.initiateBatchScan(session, tenant, { urls: ['', '?'] })).rejects.toMatchObject({
      code: 'SCAN_INPUT_INVALID',
    })
    await expect(scraper.getScan(session, tenant, "' or true --")).rejects.toMatchObject({ code: 'SCAN_NOT_FOUND' })
    await expect(scraper.listScans(session, tenant, {}, { limit: 0 })).rejects.toMatchObject({
      code: 'SCAN_INPUT_INVALID',
    })
    await expect(scraper.processDomainWithOwnSession('x')).rejects.toMatchObject({ code: 'SCAN_NOT_FOUND' })
    expect((await database.query('select count(*) from jobs')).rows).toEqual(before.rows)
  })

  test('a scan added in a transaction that rolls back is gone with its job and its site', async () => {
    const { scraper, tenant, database: session } = scraping
    const host = site('rolled-back')
    const failure = new Error('no')
    const work = session.transaction(async (tx) => {
      await scraper.initiateDomainScan(tx, tenant, { url: host })
      throw failure
    })
    await expect(work).rejects.toBe(failure)
    const { rows } = await database.query('select from domains where host = $1', [host])
    expect(rows).toEqual([])
  })
})
