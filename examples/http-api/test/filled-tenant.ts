import { wait } from '@pooler-safe/example-foundation'
import { startPlatformWorker } from '@pooler-safe/example-platform'
import type { ApiUnderTest } from './api-under-test.ts'

/** Ids of one of everything, made over HTTP and worked on to the end. */
export interface Filled {
  readonly job: string
  readonly jobBatch: string
  readonly batch: string
  readonly scan: string
  readonly laterScan: string
  readonly scanBatch: string
  readonly sitemapScan: string
  readonly laterSitemapScan: string
  readonly search: string
  readonly place: string
  readonly placeChange: string
  readonly token: string
  readonly host: string
  readonly sitemapHost: string
}

/** Fills the tenant of a token. */
export async function fillTenant(under: ApiUnderTest, token: string): Promise<Filled> {
  const { platform, world } = under
  const call = under.as(token)
  const post = async (path: string, json: unknown): Promise<{ location: string; body: Record<string, unknown> }> => {
    const answer = await call(path, { json })
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
    return { location: answer.headers.get('location') ?? '', body: (await answer.json()) as Record<string, unknown> }
  }
  const idOf = ({ location }: { readonly location: string }): string => location.split('/').at(-1) ?? ''
  const get = async <T>(path: string): Promise<T> => (await (await call(path)).json()) as T
  const ended = async (path: string, read: (body: never) => string): Promise<void> => {
    while (['queued', 'running'].includes(read(await get(path)))) await wait(50)
  }
  const echo = { type: 'test.echo', payload: { text: 'x' } }
  const worker = startPlatformWorker(platform, {
    pollMs: 20,
    handlers: { 'test.echo': () => Promise.reject(new Error('it always fails')) },
  })
  try {
    const job = idOf(await post('/v1/jobs', echo))
    const jobBatch = idOf(await post('/v1/job-batches', { kind: 'test', jobs: [echo, echo] }))
    const batch = idOf(
      await post('/v1/batches', {
        domains: [world.url(world.hosts.joinery), 'http://gibt-es-nicht.example', 'no site', world.hosts.joinery],
        maxAttempts: 1,
      }),
    )
    const scanned = idOf(await post('/v1/batches', { domains: [world.url(world.hosts.joinery)], kind: 'domain-scan' }))
    const url = world.url(world.hosts.restaurant)
    const news = world.url(world.hosts.newspaper)
    const scan = idOf(await post('/v1/scans', { url, maxPages: 3 }))
    const sitemapScan = idOf(await post('/v1/sitemap-scans', { url: news }))
    const search = idOf(await post('/v1/places/searches', { query: 'Zahnarzt' }))
    const state = (body: { state: string }) => body.state
    await ended(`/v1/scans/${scan}`, ({ scan: { state: one } }: { scan: { state: string } }) => one)
    await ended(`/v1/sitemap-scans/${sitemapScan}`, state)
    const scanBatch = idOf(await post('/v1/scan-batches', { urls: [url, 'nonsense'], maxPages: 2 }))
    const laterSitemapScan = idOf(await post('/v1/sitemap-scans', { url: news }))
    await ended(`/v1/scan-batches/${scanBatch}`, state)
    await ended(`/v1/sitemap-scans/${laterSitemapScan}`, state)
    await ended(`/v1/places/searches/${search}`, state)
    await ended(`/v1/batches/${batch}`, state)
    await ended(`/v1/batches/${scanned}`, state)
    await ended(`/v1/jobs/${job}`, state)
    await ended(`/v1/job-batches/${jobBatch}`, state)
    const scans = await get<{ items: { id: string }[] }>('/v1/scans?limit=1')
    const places = await get<{ items: { id: string }[] }>('/v1/places?limit=2')
    const place = places.items[0]?.id ?? ''
    const { body: change } = await post('/v1/places/status', { ids: [place], status: 'Maybe' })
    const { body: made } = await post('/v1/tokens', { name: 'another', scopes: ['jobs:read'] })
    return {
      job,
      jobBatch,
      batch,
      scan,
      laterScan: scans.items[0]?.id ?? '',
      scanBatch,
      sitemapScan,
      laterSitemapScan,
      search,
      place,
      placeChange: String(change['changeId']),
      token: String(made['id']),
      host: world.hosts.restaurant,
      sitemapHost: world.hosts.newspaper,
    }
  } finally {
    await worker.stop()
  }
}
