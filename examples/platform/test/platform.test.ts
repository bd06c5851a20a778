import { createHttpClient, ensureTenant, openDatabase, silentLogger, wait } from '@pooler-safe/example-foundation'
import { startDemoWorld, startPlacesContractServer } from '@pooler-safe/example-foundation/demo'
import { googlePlaces } from '@pooler-safe/example-places-search'
import { forEachPooler, useTestDatabase } from '@pooler-safe/tests/support'
import { expect, test } from 'vitest'
import { migratePlatform, openPlatform, startPlatformWorker } from '../src/index.ts'

const database = useTestDatabase({
  template: 'platform',
  prepare: async (directUrl) => {
    await migratePlatform(directUrl, silentLogger())
  },
})

forEachPooler(database, (pooler) => {
  test('one process works on the jobs of all five services', async () => {
    await using stack = new AsyncDisposableStack()
    const logger = silentLogger()
    const world = stack.use(await startDemoWorld())
    const google = stack.use(await startPlacesContractServer())
    const http = stack.use(createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0 }))
    const db = openDatabase({ url: pooler.url, applicationName: 'platform', wireGuard: true, logger })
    stack.defer(() => db.close())
    const provider = googlePlaces({ http, apiKey: google.apiKey, endpoint: `${google.baseUrl}/v1/places:searchText` })
    const platform = stack.use(
      await openPlatform({ database: db, http, logger, providers: [provider], maintainQueue: true }),
    )
    const { batches, pages, sitemaps, places } = platform
    const tenant = await ensureTenant(db, 'platform')

    const { batch } = await batches.initiateBatchProcessing(db, tenant, [
      world.url(world.hosts.joinery),
      world.url(world.hosts.restaurant),
      'http://gibt-es-nicht.example',
    ])
    const scan = await pages.initiateDomainScan(db, tenant, { url: world.url(world.hosts.restaurant), maxPages: 5 })
    const map = await sitemaps.initiateSitemapScan(db, tenant, { url: world.url(world.hosts.newspaper) })
    const { search } = await places.initiatePlacesSearch(db, tenant, { query: 'Zahnarzt', provider: 'google' })
    stack.use(startPlatformWorker(platform, { pollMs: 20 }))

    const ended = async (): Promise<string[]> => [
      (await batches.getBatchStatus(db, tenant, batch.id)).state,
      (await pages.getScan(db, tenant, scan.scanId)).scan.state,
      (await sitemaps.getSitemapScan(db, tenant, map.scanId)).state,
      (await places.getPlacesSearch(db, tenant, search.id)).state,
    ]
    while ((await ended()).some((state) => state === 'queued' || state === 'running')) await wait(50)
    expect(await ended()).toEqual(['partial', 'succeeded', 'partial', 'succeeded'])
    expect((await sitemaps.getSitemapScan(db, tenant, map.scanId)).urlsFound).toBeGreaterThan(10)
  })
})
