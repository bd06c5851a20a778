import { JobService, Worker } from '@pooler-safe/example-job-service'
import { silentLogger, wait } from '@pooler-safe/example-foundation'
import { startPooler } from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { expect, test } from 'vitest'
import { googlePlaces, placesHandlers, placesJobTypes, PlacesService } from '../src/index.ts'
import { apiKey, startContractServer } from './contract-server.ts'
import { usePlaces, usePlacesDatabase } from './places-database.ts'

const database = usePlacesDatabase()
const under = usePlaces(() => database.pooledUrl)

async function untilEnded(wanted: number): Promise<void> {
  for (const end = Date.now() + 30_000; ; await wait(10)) {
    const { rows } = await database.query<{ ended: number }>(
      'select count(*)::int as ended from place_searches where finished_at is not null',
    )
    if (rows[0]!.ended >= wanted) return
    if (Date.now() > end) throw new Error(`${rows[0]!.ended} of ${wanted} searches have ended.`)
  }
}

test('the pooler dies and comes back in the middle of searches, three times: every search ends, no page is stored twice', async () => {
  await using server = await startContractServer({
    world: (query) =>
      Array.from({ length: 45 }, (_, n) => ({ id: `${query}-${n}`, name: `Place ${n}`, lat: 47, lng: 15 })),
    instead: async () => {
      await wait(15)
      return undefined
    },
  })
  const places = await under.google(server)
  const queries = Array.from({ length: 30 }, (_, n) => `outage-${String(n).padStart(2, '0')}`)
  for (const query of queries) {
    // Requests whose answer is lost count against the budget; these have enough.
    await places.initiatePlacesSearch(under.database, under.tenant, { query, budgetUsd: 5 })
  }
  let pooler = await startPooler({ upstream: database.directUrl, poolSize: 4 })
  const port = Number(new URL(pooler.url).port)
  const stack = new AsyncDisposableStack()
  const usual = placesJobTypes['places.search']
  const types = { 'places.search': { ...usual, maxAttempts: 20, retryDelaySeconds: 0, retryDelayMaxSeconds: 1 } }
  try {
    for (let n = 0; n < 2; n += 1) {
      const doomed = stack.use(createDatabase({ url: pooler.url, max: 4, onError: () => undefined }))
      const jobs = await JobService.open({ database: doomed, types, logger: silentLogger() })
      const providers = [googlePlaces({ http: server.client, apiKey, endpoint: server.origin })]
      const service = await PlacesService.open({ database: doomed, jobs, providers, logger: silentLogger() })
      const tuning = { concurrency: 4, pollMs: 20, beatMs: 100, leaseMs: 1_500, recoverMs: 200, graceMs: 0 }
      const handlers = placesHandlers(service)
      const worker = Worker.start({ database: doomed, service: jobs, handlers, logger: silentLogger(), ...tuning })
      stack.defer(async () => {
        await worker.stop()
        await jobs.close()
      })
    }
    for (const done of [4, 12, 20]) {
      await untilEnded(done)
      await pooler.stop({ drainMs: 0 })
      pooler = await startPooler({ upstream: database.directUrl, poolSize: 4, port })
    }
    await untilEnded(queries.length)
  } finally {
    await stack.disposeAsync()
    await pooler.stop({ drainMs: 0 })
  }
  const { rows } = await database.query(
    `select s.query, s.state, s.pages, s.found, s.stored, s.new, s.requests >= 3 as asked,
       (select array_agg(distinct p.rank)::int[] = array(select generate_series(1, 45)) and count(*) = 45
        from search_places p where p.search_id = s.id) as ranked,
       (select count(*)::int from places p where p.provider_place_id like s.query || '-%') as places
     from place_searches s order by s.query`,
  )
  const whole = { state: 'succeeded', pages: 3, found: 45, stored: 45, new: 45, asked: true, ranked: true, places: 45 }
  expect(rows).toEqual(queries.map((query) => ({ query, ...whole })))
}, 90_000)
