import { forEachPooler } from '@pooler-safe/tests/support'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openApiUnderTest, useApiDatabase, type ApiUnderTest } from './api-under-test.ts'
import { answerValidator, documentedOperations, readDocument, type OpenApiDocument } from './document.ts'
import { fillTenant, type Filled } from './filled-tenant.ts'
import { serviceMethods } from './watched-platform.ts'

const database = useApiDatabase()

type Init = RequestInit & { readonly json?: unknown }
type Asked = readonly [path: string, init?: Init]

const csv = (body: string): Init => ({ method: 'POST', body, headers: { 'content-type': 'text/csv' } })
const post = (json: unknown): Init => ({ json })
const remove: Init = { method: 'DELETE' }
const before = encodeURIComponent('2020-01-01T00:00:00Z')
const echo = { type: 'test.echo', payload: { text: 'x' } }

/** For each operation of the document requests that succeed, in the order in which they are sent. */
function requestsOf(f: Filled): Readonly<Record<string, readonly Asked[]>> {
  const site = `/v1/sites/${f.sitemapHost}`
  const search = `/v1/places/searches/${f.search}`
  const batch = `/v1/batches/${f.batch}`
  const ended = { signal: AbortSignal.timeout(20_000) }
  return {
    getHealth: [['/healthz']],
    getReadiness: [['/readyz']],
    getMetrics: [['/metrics']],
    getOpenApi: [['/openapi.json']],
    getReference: [['/reference']],
    listJobs: [['/v1/jobs'], ['/v1/jobs?state=failed&type=test.echo&limit=1'], [`/v1/jobs?domain=${f.host}`]],
    createJob: [
      ['/v1/jobs', post({ ...echo, dedupeKey: 'k', priority: 3, scheduledAt: '2999-01-01T00:00:00Z' })],
      ['/v1/jobs', post({ ...echo, dedupeKey: 'k' })],
    ],
    listPendingJobs: [['/v1/jobs/pending']],
    countJobs: [['/v1/jobs/counts']],
    getJobActivity: [['/v1/jobs/activity'], ['/v1/jobs/activity?minutes=5&steps=10']],
    deleteEndedJobs: [[`/v1/jobs?endedBefore=${before}`, remove]],
    getJob: [],
    listJobEvents: [[`/v1/jobs/${f.job}/events`]],
    retryJob: [[`/v1/jobs/${f.job}/retry`, post({ reason: 'because' })]],
    cancelJob: [[`/v1/jobs/${f.job}/cancel`, post({})]],
    bulkJobs: [['/v1/jobs/bulk', post({ action: 'retry', ids: [f.job, crypto.randomUUID()] })]],
    listJobBatches: [['/v1/job-batches']],
    createJobBatch: [['/v1/job-batches', post({ kind: 'test', jobs: [echo] })]],
    getJobBatch: [[`/v1/job-batches/${f.jobBatch}`]],
    listJobsOfBatch: [[`/v1/job-batches/${f.jobBatch}/jobs?limit=1`]],
    completeJobBatch: [],
    failJobBatch: [],
    createBatch: [
      ['/v1/batches', post({ domains: 'a.test\nb.test\n', name: 'text', webhookUrl: 'https://hook.test/x' })],
      ['/v1/batches', post({ domains: [{ url: 'https://c.test/' }, 'no site'] })],
    ],
    uploadBatch: [['/v1/batches/upload?column=site&maxAttempts=2', csv('name,site\nA,a.test\nB,b.test\n"C,c.test\n')]],
    listBatches: [['/v1/batches?state=partial'], [`/v1/batches?createdFrom=${before}&limit=1`]],
    getBatch: [[`${batch}?limit=1&state=failed`]],
    getBatchProgress: [[`${batch}/progress`]],
    listBatchItems: [[`${batch}/items?limit=1`]],
    listRejectedLines: [[`${batch}/rejects`]],
    exportBatch: [[`${batch}/export`], [`${batch}/export?format=ndjson`], [`${batch}/export?format=json`]],
    streamBatch: [[`${batch}/stream`, ended]],
    retryBatch: [[`${batch}/retry`, post({})]],
    pauseBatch: [[`${batch}/pause`, { method: 'POST' }]],
    resumeBatch: [[`${batch}/resume`, { method: 'POST' }]],
    cancelBatch: [[`${batch}/cancel`, { method: 'POST' }]],
    deleteEndedBatches: [[`/v1/batches?endedBefore=${before}`, remove]],
    createScan: [['/v1/scans', post({ url: 'a.test' })]],
    listScans: [['/v1/scans'], [`/v1/scans?url=${f.host}&limit=1`]],
    getScan: [[`/v1/scans/${f.scan}`]],
    diffScan: [[`/v1/scans/${f.laterScan}/diff?since=${f.scan}`]],
    createScanBatch: [['/v1/scan-batches', post({ urls: ['c.test', 'd.test', 'no site'] })]],
    getScanBatch: [[`/v1/scan-batches/${f.scanBatch}`]],
    listDomains: [['/v1/domains']],
    getDomain: [[`/v1/domains/www.${f.host}`]],
    createSitemapScan: [['/v1/sitemap-scans', post({ url: 'a.test', maxUrls: 10 })]],
    listSitemapScans: [['/v1/sitemap-scans'], [`/v1/sitemap-scans?host=${f.sitemapHost}&limit=1`]],
    getSitemapScan: [[`/v1/sitemap-scans/${f.sitemapScan}`]],
    compareSitemapScans: [[`/v1/sitemap-scans/${f.laterSitemapScan}/changes?since=${f.sitemapScan}`]],
    listSitemaps: [[`${site}/sitemaps`]],
    listSitemapUrls: [[`${site}/urls?limit=2`], [`${site}/urls?removed=any&contains=news`]],
    tagSitemapUrls: [[`${site}/urls/tags`, post({ filter: { pageType: 'article' }, add: ['seen'] })]],
    getSitemapHealth: [[`${site}/health`]],
    exportSitemapUrls: [[`${site}/urls/export?format=json`], [`${site}/urls/export?tag=seen`]],
    estimatePlacesSearch: [['/v1/places/searches/estimate', post({ query: 'Bäcker', near: 'Graz' })]],
    createPlacesSearch: [['/v1/places/searches', post({ query: 'Bäcker', maxResults: 20 })]],
    listPlacesSearches: [['/v1/places/searches?limit=1']],
    getPlacesSearch: [[search]],
    listSearchPlaces: [[`${search}/places?limit=2`]],
    cancelPlacesSearch: [],
    resumePlacesSearch: [],
    listPlaces: [['/v1/places?limit=2&hasWebsite=true&minRating=1.5'], [`/v1/places?searchId=${f.search}`]],
    importPlaces: [['/v1/places/imports?name=file', csv('name,lat,lng\nPlace,47.1,15.4\n')]],
    curatePlaces: [['/v1/places/status', post({ ids: [f.place], status: 'Selected' })]],
    undoStatusChange: [[`/v1/places/status-changes/${f.placeChange}/undo`, { method: 'POST' }]],
    exportPlaces: [['/v1/places/export'], ['/v1/places/export?format=json'], ['/v1/places/export?format=geojson']],
    getPlace: [[`/v1/places/${f.place}`]],
    getPlaceHistory: [[`/v1/places/${f.place}/history`]],
    createToken: [['/v1/tokens', post({ name: 't', scopes: ['jobs:read'], expiresAt: '2999-01-01T00:00:00+02:00' })]],
    listTokens: [['/v1/tokens?limit=1']],
    revokeToken: [[`/v1/tokens/${f.token}`, remove]],
    streamEvents: [[`/v1/events?topics=sitemap-scan:${f.sitemapScan},scan:${f.scan}`, ended]],
    streamJob: [],
    streamJobBatch: [[`/v1/job-batches/${f.jobBatch}/stream`, ended]],
    streamScan: [[`/v1/scans/${f.scan}/stream`, ended]],
    streamSitemapScan: [[`/v1/sitemap-scans/${f.sitemapScan}/stream`, ended]],
    streamPlacesSearch: [[`${search}/stream`, ended]],
  }
}

/** What cannot be asked for over HTTP, and why. */
const unreached: Readonly<Record<string, string>> = {
  'jobs.close': 'of the process',
  'jobs.createJobs': 'a list of jobs is a job batch',
  'jobs.createJobForDomain': 'createJob with a domain',
  'jobs.getRecentJobs': 'the first page of listJobs',
  'jobs.updateJobStatus': 'cancelJob and retryJob; the other transitions are of workers',
  'jobs.updateProgress': 'of workers',
  'jobs.completeJob': 'of workers',
  'jobs.failJob': 'of workers',
  'jobBatches.updateBatchProgress': 'of workers',
  'batches.createBatch': 'an input that comes in parts is an upload',
  'batches.addLines': 'an input that comes in parts is an upload',
  'batches.startBatch': 'an input that comes in parts is an upload',
  'batches.getBatch': 'getBatchStatus tells it and more',
  'batches.processBatchWithOwnSession': 'of workers',
  'batches.recoverUnworkedWithOwnSession': 'of workers',
  'pages.processDomainWithOwnSession': 'of workers',
  'pages.getJobStatus': 'getScan tells it and more',
  'pages.getSnapshot': 'getScan and diffScans tell it as rows',
  'sitemaps.processSitemapScanWithOwnSession': 'of workers',
  'places.processPlacesSearchBackground': 'of workers',
  'places.updatePlaceProcessing': 'of workers',
}

forEachPooler(database, (pooler) => {
  let under: ApiUnderTest
  let filled: Filled
  let document: OpenApiDocument
  beforeAll(async () => {
    under = await openApiUnderTest(pooler.url)
    filled = await fillTenant(under, under.token)
    document = await readDocument(under.url)
  }, 120_000)
  afterAll(() => under.close())

  test('the routes of the server are those of the document, and the other way round', () => {
    expect(document.openapi).toBe('3.1.0')
    const served = under.api.app.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    const documented = documentedOperations(document).map(({ method, path }) => `${method} ${path}`)
    expect(documented.sort()).toEqual(served.sort())
    const ids = documentedOperations(document).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('every documented operation is answered as the document says, and together they reach what the services can do', async () => {
    const validate = answerValidator(document)
    const { call } = under
    const made = async (path: string, json: unknown): Promise<string> =>
      (await call(path, { json })).headers.get('location') ?? ''
    const open = await made('/v1/job-batches', { kind: 'open' })
    const failing = await made('/v1/job-batches', { kind: 'open' })
    const search = await made('/v1/places/searches', { query: 'Anwalt' })
    const cancelled = await made('/v1/jobs', echo)
    await call(`${cancelled}/cancel`, { json: {} })
    const { publicId } = (await (await call(`/v1/jobs/${filled.job}`)).json()) as { publicId: string }
    const requests: Record<string, readonly Asked[]> = {
      ...requestsOf(filled),
      getJob: [[`/v1/jobs/${filled.job}`], [`/v1/jobs/${publicId}`]],
      completeJobBatch: [[`${open}/complete`, { method: 'POST' }]],
      failJobBatch: [[`${failing}/fail`, post({ errorCode: 'given-up', error: 'No use.' })]],
      cancelPlacesSearch: [[`${search}/cancel`, { method: 'POST' }]],
      resumePlacesSearch: [[`${search}/resume`, post({})]],
      streamJob: [[`${cancelled}/stream`, { signal: AbortSignal.timeout(20_000) }]],
    }
    const operations = new Map(documentedOperations(document).map((one) => [one.id, one]))
    expect(Object.keys(requests).sort()).toEqual([...operations.keys()].sort())
    const wrong: string[] = []
    for (const [id, asked] of Object.entries(requests)) {
      expect(asked.length, id).toBeGreaterThan(0)
      for (const [path, init] of asked) {
        const answer = await call(path, init)
        const why = answer.ok ? undefined : `${answer.status} ${await answer.clone().text()}`
        const invalid = await validate(operations.get(id)!, answer)
        if (!answer.bodyUsed) await answer.text()
        if (why ?? invalid) wrong.push(`${id} ${path}: ${why ?? invalid ?? ''}`)
      }
    }
    expect(wrong).toEqual([])
    expect(serviceMethods.length).toBeGreaterThan(60)
    const missed = serviceMethods.filter((name) => !under.called.has(name))
    expect(missed.sort(), 'methods of the services that no operation reaches').toEqual(Object.keys(unreached).sort())
  }, 60_000)
})
