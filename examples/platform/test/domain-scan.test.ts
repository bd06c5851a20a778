import { createHttpClient, ensureTenant, openDatabase, silentLogger, wait } from '@pooler-safe/example-foundation'
import { startDemoWorld } from '@pooler-safe/example-foundation/demo'
import { domainScanProcessor } from '@pooler-safe/example-page-scraper'
import { useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { migratePlatform, openPlatform, startPlatformWorker } from '../src/index.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

async function openWorld(stack: AsyncDisposableStack) {
  const logger = silentLogger()
  const world = stack.use(await startDemoWorld())
  const http = stack.use(createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0 }))
  const db = openDatabase({ url: database.pooledUrl, applicationName: 'platform', wireGuard: true, logger })
  stack.defer(() => db.close())
  const platform = stack.use(await openPlatform({ database: db, http, logger, providers: [], maintainQueue: true }))
  return { logger, world, http, db, platform, tenant: await ensureTenant(db, 'domain scans') }
}

test('a batch scans many sites: each item has its result, each site its row, each failure its reason', async () => {
  await using stack = new AsyncDisposableStack()
  const { world, db, platform, tenant } = await openWorld(stack)
  const { batches, pages } = platform
  const { hosts } = world
  const { batch } = await batches.initiateBatchProcessing(
    db,
    tenant,
    [hosts.joinery, hosts.restaurant, hosts.failing, hosts.missing, `www.${hosts.joinery}`].map((host) =>
      world.url(host),
    ),
    { kind: 'domain-scan', options: { maxPages: 3 }, maxAttempts: 1 },
  )
  stack.use(startPlatformWorker(platform, { pollMs: 20 }))
  while ((await batches.getBatchProgress(db, tenant, batch.id)).state !== 'partial') await wait(20)
  const status = await batches.getBatchStatus(db, tenant, batch.id)
  expect(status).toMatchObject({
    counts: { total: 4, succeeded: 2, failed: 2 },
    lines: { duplicate: 1 },
    topErrors: [
      { errorCode: 'dns', items: 1 },
      { errorCode: 'http_5xx', items: 1 },
    ],
  })
  const [joinery, restaurant, failing, missing] = status.items.items
  expect([joinery, restaurant].map((item) => item?.result)).toMatchObject([
    { verdict: 'live', pagesVisited: 3, pagesFailed: 0 },
    { verdict: 'live', pagesVisited: 3 },
  ])
  expect([failing, missing].map((item) => [item?.state, item?.errorCode, item?.result])).toEqual([
    ['failed', 'http_5xx', null],
    ['failed', 'dns', null],
  ])
  // The result names the scan, and the scan its batch.
  const { scanId } = joinery!.result as { scanId: string }
  const { scan, domain, contacts } = await pages.getScan(db, tenant, scanId)
  expect(scan).toMatchObject({ state: 'succeeded', batchId: batch.id, itemOrdinal: 1, jobId: null, pagesVisited: 3 })
  expect(domain.lastScanId).toBe(scanId)
  expect(contacts.length).toBeGreaterThan(0)
  const { items: scans } = await pages.listScans(db, tenant, { batchId: batch.id })
  expect(scans.map(({ itemOrdinal, state, errorCode }) => [itemOrdinal, state, errorCode]).sort()).toEqual([
    [1, 'succeeded', null],
    [2, 'succeeded', null],
    [3, 'failed', 'http_5xx'],
    [4, 'failed', 'dns'],
  ])
  expect(await pages.getDomain(db, tenant, hosts.failing)).toMatchObject({
    domain: { title: null, verdict: null, errorCode: 'http_5xx' },
  })
})

test('an item that is run again has one scan: a later run replaces it, and one that lost the item writes nothing', async () => {
  await using stack = new AsyncDisposableStack()
  const { logger, world, http, db, platform, tenant } = await openWorld(stack)
  const { batch } = await platform.batches.initiateBatchProcessing(db, tenant, [world.url(world.hosts.hotel)], {
    kind: 'domain-scan',
  })
  const scan = domainScanProcessor(http)
  const { signal } = new AbortController()
  const run = (attempt: number) =>
    scan(
      { batchId: batch.id, tenantId: tenant, ordinal: 1, input: world.url(world.hosts.hotel), attempt },
      { signal, session: db, logger, timeoutMs: 30_000, options: { maxPages: 2 } },
    )
  const first = await run(1)
  const third = await run(3)
  await expect(run(2)).rejects.toMatchObject({ code: 'SCAN_SUPERSEDED' })
  expect(third.scanId).toBe(first.scanId)
  const { scan: stored, pages } = await platform.pages.getScan(db, tenant, first.scanId)
  expect(stored).toMatchObject({ state: 'succeeded', pagesVisited: 2 })
  expect(pages).toHaveLength(2)
  const { rows } = await database.query('select attempt from page_scans where batch_id = $1', [batch.id])
  expect(rows).toEqual([{ attempt: 3 }])
  expect(await Promise.all([run(4), run(4)])).toMatchObject([{ scanId: first.scanId }, { scanId: first.scanId }])
})

test('options that the kind does not know make no batch', async () => {
  await using stack = new AsyncDisposableStack()
  const { db, platform, tenant } = await openWorld(stack)
  for (const options of [{ maxPages: 0 }, { maxPages: 'many' }, { pages: 3 }]) {
    await expect(
      platform.batches.initiateBatchProcessing(db, tenant, ['firma-1.example'], { kind: 'domain-scan', options }),
    ).rejects.toMatchObject({ code: 'BATCH_INPUT_INVALID', message: expect.stringContaining('domain-scan') })
  }
})
