import { wait } from '@pooler-safe/example-foundation'
import type { DashboardWorld } from './dashboard-world.ts'

/** The addresses of things that show everything a page can show. */
export interface SamplePaths {
  readonly batch: string
  readonly scan: string
  readonly sitemaps: string
  readonly search: string
  readonly job: string
}

/** Every page of a dashboard that is filled with samples. */
export const pagesOf = (paths: SamplePaths): string[] => [
  '/',
  '/jobs',
  paths.job,
  '/batches',
  '/batches/new',
  paths.batch,
  `${paths.batch}/rejected`,
  '/scans',
  paths.scan,
  '/sitemaps',
  paths.sitemaps,
  `${paths.sitemaps}/urls`,
  `${paths.sitemaps}/changes`,
  '/places',
  '/places/new?query=Zahnarzt',
  '/places/all',
  paths.search,
  '/settings',
]

/** Fills the dashboard with work of every kind and waits until it has ended. */
export async function fillWithSamples({ platform, world, tenant }: DashboardWorld): Promise<SamplePaths> {
  const { batches, pages, sitemaps, places, jobs, database } = platform
  const { hosts } = world
  const companies = Array.from({ length: 60 }, (_, at) => world.url(`firma-${at + 1}.example`))
  const difficult = [hosts.hostile, hosts.failing, hosts.missing, hosts.inside, hosts.parked].map((host) =>
    world.url(host),
  )
  const { batch } = await batches.initiateBatchProcessing(
    database,
    tenant,
    [...companies, ...difficult, 'not a site', world.url('firma-1.example'), world.url('www.firma-2.example')],
    { name: 'Companies of Graz', maxAttempts: 1 },
  )
  const scans = []
  for (const host of [hosts.hostile, hosts.parked, hosts.failing, hosts.potteryShop, hosts.joinery, hosts.joinery]) {
    const { scanId, jobId } = await pages.initiateDomainScan(database, tenant, { url: world.url(host), maxPages: 8 })
    scans.push(scanId)
    await ended(async () => (await jobs.getJob(database, tenant, jobId)).state, host === hosts.failing)
  }
  const maps = []
  for (const host of [hosts.softNotFound, hosts.newspaper, hosts.newspaper]) {
    const { scanId } = await sitemaps.initiateSitemapScan(database, tenant, { url: world.url(host) })
    maps.push(scanId)
    await ended(async () => (await sitemaps.getSitemapScan(database, tenant, scanId)).state)
  }
  const { search } = await places.initiatePlacesSearch(database, tenant, { query: 'Zahnarzt', near: 'Graz' })
  await ended(async () => (await places.getPlacesSearch(database, tenant, search.id)).state)
  const found = await places.listSearchPlaces(database, tenant, search.id, { limit: 20 })
  const ids = found.items.map(({ id }) => id)
  await places.updatePlaceStatus(database, tenant, ids.slice(0, 6), 'Selected')
  await places.updatePlaceStatus(database, tenant, ids.slice(6, 10), 'Maybe')
  await places.updatePlaceStatus(database, tenant, ids.slice(10, 13), 'Not a fit')
  await ended(async () => (await batches.getBatch(database, tenant, batch.id)).state)
  const { items } = await jobs.listJobs(database, tenant, {}, { limit: 500 })
  const job = items.find(({ error }) => error !== null) ?? items[0]
  return {
    batch: `/batches/${batch.id}`,
    scan: `/scans/${scans.at(-1) ?? ''}`,
    sitemaps: `/sitemaps/${maps.at(-1) ?? ''}`,
    search: `/places/searches/${search.id}`,
    job: `/jobs/${job?.id ?? ''}`,
  }
}

/** Waits for the end; of what is tried again for a long time only for a while. */
async function ended(state: () => Promise<string>, isRetried = false): Promise<void> {
  for (let looks = 0; !isRetried || looks < 20; looks += 1) {
    if (!['queued', 'running'].includes(await state())) return
    await wait(50)
  }
}
