import { forEachPooler } from '@pooler-safe/tests/support'
import { afterEach, describe, expect, test } from 'vitest'
import { googlePlaces, type PlacesService } from '../src/index.ts'
import { apiKey, googleError, startContractServer, type ContractServer, type WorldPlace } from './contract-server.ts'
import { hasEnded, memoryLogger, until, usePlaces, usePlacesDatabase } from './places-database.ts'

const database = usePlacesDatabase()
const servers: ContractServer[] = []

afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
})

async function serve(options: Parameters<typeof startContractServer>[0]): Promise<ContractServer> {
  const server = await startContractServer(options)
  servers.push(server)
  return server
}

const street = (count: number, prefix: string): WorldPlace[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `${prefix}${n + 1}`,
    name: `Zahnarzt ${n + 1} <script>`,
    lat: 47.07 + n / 10_000,
    lng: 15.44,
  }))

forEachPooler(database, (pooler) => {
  const under = usePlaces(() => pooler.url)
  const results = async (places: PlacesService, id: string, tenant = under.tenant) =>
    (await places.listSearchPlaces(under.database, tenant, id, { limit: 500 })).items
  const kind = pooler.kind

  test('(26) three pages are 60 places, their ranks kept, one commit for each page with the token of the next', async () => {
    const saved: unknown[] = []
    let searchId = ''
    const server = await serve({
      world: () => street(75, `pages-${kind}-`),
      instead: async () => {
        // What another process sees while the provider is asked.
        const { rows } = await database.query<{ state: string; pages: number; stored: number; token: boolean }>(
          `select s.state, s.pages, s.stored, t.next_page_token is not null as token
           from place_searches s join place_search_tiles t on t.search_id = s.id where s.id = $1`,
          [searchId],
        )
        saved.push(rows[0])
        return undefined
      },
    })
    const places = await under.google(server)
    const { search, estimate, created } = await places.initiatePlacesSearch(under.database, under.tenant, {
      query: 'dentist',
      lat: 47.07,
      lng: 15.44,
    })
    searchId = search.id
    expect(created).toBe(true)
    expect(search).toMatchObject({ state: 'queued', requests: 0, source: `contract server at ${server.origin}` })
    expect(estimate).toMatchObject({ minRequests: 1, maxRequests: 3 })
    expect(estimate.maxCostUsd).toBeCloseTo(0.105)
    expect((await under.jobs.getJob(under.database, under.tenant, search.jobId!)).state).toBe('queued')

    under.work(places)
    const ended = await until(under, places, search.id, hasEnded)
    expect(ended).toMatchObject({
      state: 'succeeded',
      requests: 3,
      pages: 3,
      found: 60,
      stored: 60,
      new: 60,
      nextPageToken: null,
      error: null,
    })
    expect(ended.costUsd).toBeCloseTo(0.105)
    expect(saved).toEqual([
      { state: 'running', pages: 0, stored: 0, token: false },
      { state: 'running', pages: 1, stored: 20, token: true },
      { state: 'running', pages: 2, stored: 40, token: true },
    ])
    const items = await results(places, search.id)
    expect(items.map(({ rank, page, providerPlaceId }) => [rank, page, providerPlaceId])).toEqual(
      Array.from({ length: 60 }, (_, n) => [n + 1, Math.floor(n / 20) + 1, `pages-${kind}-${n + 1}`]),
    )
    expect(items[0]).toMatchObject({
      name: 'Zahnarzt 1 <script>',
      rating: 4.5,
      ratingCount: 12,
      priceLevel: 2,
      types: ['dentist', 'point_of_interest'],
      status: 'New',
      processing: 'pending',
    })
    expect(server.asked.map(({ headers }) => String(headers['x-goog-fieldmask']).includes('nextPageToken'))).toEqual([
      true,
      true,
      true,
    ])
  })

  test('(27) a place of two searches and of two tenants is visible in each; the later one takes nothing away', async () => {
    const world = street(5, `shared-${kind}-`)
    const server = await serve({ world: (query) => (query === 'few' ? world.slice(2) : world) })
    const places = await under.google(server)
    const run = async (query: string, tenant = under.tenant) => {
      const { search } = await places.initiatePlacesSearch(under.database, tenant, { query })
      return places.processPlacesSearchBackground(tenant, search.id)
    }
    const first = await run('all')
    const second = await run('few')
    const third = await run('all', under.otherTenant)
    expect([first, second, third].map(({ stored, new: fresh }) => [stored, fresh])).toEqual([
      [5, 5],
      [3, 0],
      [5, 5],
    ])
    const ids = world.map(({ id }) => id)
    expect((await results(places, first.id)).map((one) => one.providerPlaceId)).toEqual(ids)
    expect((await results(places, second.id)).map((one) => one.providerPlaceId)).toEqual(ids.slice(2))
    expect((await results(places, third.id, under.otherTenant)).map((one) => one.providerPlaceId)).toEqual(ids)
    const [mine] = await results(places, second.id)
    expect((await results(places, first.id))[2]!.id).toBe(mine!.id)
    const { database: db, tenant, otherTenant } = under
    for (const operation of [
      () => places.getPlacesSearch(db, otherTenant, first.id),
      () => places.listSearchPlaces(db, otherTenant, first.id),
      () => places.cancelSearch(db, otherTenant, first.id),
      () => places.resumeSearch(db, otherTenant, first.id),
      () => places.processPlacesSearchBackground(otherTenant, first.id),
    ]) {
      await expect(operation()).rejects.toMatchObject({ code: 'SEARCH_NOT_FOUND' })
    }
    await expect(places.updatePlaceStatus(db, otherTenant, [mine!.id], 'Selected')).rejects.toMatchObject({
      code: 'PLACE_NOT_FOUND',
    })
    expect((await places.listPlaces(db, otherTenant, { searchId: first.id })).items).toEqual([])
    const change = await places.updatePlaceStatus(db, tenant, mine!.id, 'Selected')
    await expect(places.undoStatusChange(db, otherTenant, change.changeId)).rejects.toMatchObject({
      code: 'CHANGE_NOT_FOUND',
    })
  })

  describe('(28) answers that are not pages', () => {
    test('no results are a success with 0', async () => {
      const places = await under.google(await serve({ world: () => [] }))
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'nothing' })
      under.work(places)
      expect(await until(under, places, search.id, hasEnded)).toMatchObject({
        state: 'succeeded',
        pages: 1,
        found: 0,
        stored: 0,
        errorCode: null,
      })
    })

    test('a quota on page 2 is waited for, and the search goes on at the page that was saved', async () => {
      const server = await serve({
        world: () => street(45, `quota-${kind}-`),
        instead: (_asked, number) =>
          number === 2 ? googleError(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded for quota metric.') : undefined,
      })
      const places = await under.google(server)
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
      const first = places.processPlacesSearchBackground(under.tenant, search.id)
      await expect(first).rejects.toMatchObject({ code: 'quota', retryable: true })
      const waiting = await places.getPlacesSearch(under.database, under.tenant, search.id)
      expect(waiting).toMatchObject({ state: 'running', pages: 1, stored: 20, errorCode: 'quota' })
      expect(waiting.nextPageToken).not.toBeNull()

      under.work(places)
      const ended = await until(under, places, search.id, hasEnded)
      expect(ended).toMatchObject({ state: 'succeeded', pages: 3, requests: 4, found: 45, stored: 45, errorCode: null })
      expect(server.asked.map(({ body }) => body.pageToken === undefined)).toEqual([true, false, false, false])
      expect(server.asked[1]!.body.pageToken).toBe(server.asked[2]!.body.pageToken)
      expect((await results(places, search.id)).map(({ rank }) => rank)).toEqual(
        Array.from({ length: 45 }, (_, n) => n + 1),
      )
    })

    test('a quota that does not come back ends the search as partial, with what was found; it can be resumed', async () => {
      let closed = true
      const server = await serve({
        world: () => street(30, `closed-${kind}-`),
        instead: (_asked, number) =>
          closed && number > 1 ? googleError(429, 'RESOURCE_EXHAUSTED', 'Quota.') : undefined,
      })
      const places = await under.google(server)
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, {
        query: 'dentist',
        maxResults: 60,
      })
      await database.query('update place_searches set max_requests = 20 where id = $1', [search.id])
      under.work(places)
      const ended = await until(under, places, search.id, hasEnded)
      expect(ended).toMatchObject({ state: 'partial', stored: 20, errorCode: 'quota' })
      closed = false
      await places.resumeSearch(under.database, under.tenant, search.id)
      expect(await until(under, places, search.id, hasEnded)).toMatchObject({
        state: 'succeeded',
        stored: 30,
        errorCode: null,
      })
      expect(server.asked.filter(({ body }) => body.pageToken === undefined)).toHaveLength(1)
    })

    test('a denied request fails at once with a clear text, and is not repeated', async () => {
      const server = await serve({ world: () => street(5, 'denied-') })
      const provider = googlePlaces({ http: server.client, apiKey: 'wrong', endpoint: server.origin })
      const places = await under.open([provider])
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
      under.work(places)
      const ended = await until(under, places, search.id, hasEnded)
      expect(ended).toMatchObject({ state: 'failed', errorCode: 'denied', requests: 1, stored: 0 })
      expect(ended.error).toMatch(/API key not valid.*Check that the key is right/)
      await expect
        .poll(async () => (await under.jobs.getJob(under.database, under.tenant, search.jobId!)).state)
        .toBe('failed')
      expect(server.asked).toHaveLength(1)
    })

    test('an answer that is not as documented is a failure, and nothing is made up', async () => {
      for (const body of [{ places: [{ displayName: { text: 'no id' } }] }, { places: 'many' }, []]) {
        const server = await serve({ world: () => [], instead: () => ({ status: 200, body }) })
        const places = await under.google(server)
        const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'odd' })
        await expect(places.processPlacesSearchBackground(under.tenant, search.id)).rejects.toMatchObject({
          code: 'bad_answer',
        })
        expect(await places.getPlacesSearch(under.database, under.tenant, search.id)).toMatchObject({
          state: 'failed',
          stored: 0,
        })
      }
    })
  })

  test('(29) running is visible to others while the provider is asked, and no transaction is open', async () => {
    const [asked, go] = [Promise.withResolvers<null>(), Promise.withResolvers<undefined>()]
    const server = await serve({
      world: () => street(3, `open-${kind}-`),
      instead: () => {
        asked.resolve(null)
        return go.promise
      },
    })
    const places = await under.google(server)
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
    under.work(places)
    await asked.promise
    try {
      const { rows: states } = await database.query('select state, requests from place_searches where id = $1', [
        search.id,
      ])
      expect(states).toEqual([{ state: 'running', requests: 1 }])
      for (let look = 0; look < 20; look += 1) {
        const { rows } = await database.query(
          `select query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
             and state_change < now() - interval '250 milliseconds'`,
        )
        expect(rows).toEqual([])
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    } finally {
      go.resolve(undefined)
    }
    expect(await until(under, places, search.id, hasEnded)).toMatchObject({ state: 'succeeded' })
  })

  test('(30) the key is in a header, and in no URL, log line, row or error', async () => {
    const { logger, text } = memoryLogger()
    let number = 0
    const server = await serve({
      world: () => street(3, `key-${kind}-`),
      instead: () => {
        number += 1
        if (number === 1) return googleError(503, 'UNAVAILABLE', `The key ${apiKey} is being moved.`)
        if (number === 2) return googleError(429, 'RESOURCE_EXHAUSTED', `Quota of ${apiKey}.`)
        return googleError(403, 'PERMISSION_DENIED', `Requests with ${apiKey} are blocked.`)
      },
    })
    const places = await under.google(server, logger)
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
    await database.query('update place_searches set max_requests = 10 where id = $1', [search.id])
    under.work(places, logger)
    expect(await until(under, places, search.id, hasEnded)).toMatchObject({ state: 'failed', errorCode: 'denied' })
    await expect
      .poll(async () => (await under.jobs.getJob(under.database, under.tenant, search.jobId!)).state)
      .toBe('failed')
    expect(server.asked.map(({ url, headers }) => [url, headers['x-goog-api-key']])).toEqual(
      Array.from({ length: 3 }, () => ['/v1/places:searchText', apiKey]),
    )
    expect(text()).toMatch(/no page came/)
    expect(text()).not.toContain(apiKey)
    const { rows } = await database.query<{ everything: string }>(
      `select (select jsonb_agg(to_jsonb(s)) from place_searches s)::text || (select jsonb_agg(to_jsonb(j)) from jobs j)::text
         || (select jsonb_agg(to_jsonb(e)) from job_events e)::text as everything`,
    )
    expect(rows[0]!.everything).toContain('***')
    expect(rows[0]!.everything).not.toContain(apiKey)
  })

  test('the same place twice in one answer, and again on the next page, is stored once with its first rank', async () => {
    const twice = street(25, `twice-${kind}-`)
    const server = await serve({ world: () => [twice[0]!, twice[1]!, twice[0]!, ...twice.slice(2), twice[1]!] })
    const places = await under.google(server)
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
    const ended = await places.processPlacesSearchBackground(under.tenant, search.id)
    expect(ended).toMatchObject({ state: 'succeeded', found: 27, stored: 25, new: 25 })
    expect(
      (await results(places, search.id)).slice(0, 3).map(({ rank, providerPlaceId }) => [rank, providerPlaceId]),
    ).toEqual([
      [1, `twice-${kind}-1`],
      [2, `twice-${kind}-2`],
      [4, `twice-${kind}-3`],
    ])
  })

  test('no more places are stored than were wanted, places of an earlier answer not counted', async () => {
    const world = street(30, `few-${kind}-`)
    // The second page begins with two places of the first.
    const server = await serve({ world: () => [...world.slice(0, 20), world[3]!, world[0]!, ...world.slice(20)] })
    const places = await under.google(server)
    for (const maxResults of [5, 23]) {
      const { search } = await places.initiatePlacesSearch(under.database, under.tenant, {
        query: 'dentist',
        maxResults,
      })
      const ended = await places.processPlacesSearchBackground(under.tenant, search.id)
      expect(ended).toMatchObject({ state: 'succeeded', stored: maxResults, requests: Math.ceil(maxResults / 20) })
      expect((await results(places, search.id)).map(({ providerPlaceId }) => providerPlaceId)).toEqual(
        world.slice(0, maxResults).map(({ id }) => id),
      )
    }
    const { rows } = await under.database.query(
      'select count(*)::int as stored from places where tenant_id = $1 and provider_place_id like $2',
      [under.tenant, `few-${kind}-%`],
    )
    expect(rows).toEqual([{ stored: 23 }])
  })

  test('beyond 60 results a full area is split until none is full: every place is found once', async () => {
    const grid = Array.from({ length: 300 }, (_, n) => ({
      id: `grid-${kind}-${n}`,
      name: `Place ${n}`,
      lat: 47.07 + ((n % 20) - 10) / 400,
      lng: 15.44 + (Math.floor(n / 20) - 7) / 400,
    }))
    const server = await serve({ world: () => grid })
    const places = await under.google(server)
    const wanted = { query: 'dentist', lat: 47.07, lng: 15.44, radiusM: 5_000, maxResults: 1_000 }
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, wanted)
    const ended = await places.processPlacesSearchBackground(under.tenant, search.id)
    expect(ended).toMatchObject({ state: 'succeeded', stored: 300, new: 300, tiles: { open: 0 } })
    expect(ended.tiles.total).toBeGreaterThan(5)
    expect(ended.requests).toBeLessThanOrEqual(ended.maxRequests)
    const items = await results(places, search.id)
    expect(new Set(items.map(({ providerPlaceId }) => providerPlaceId))).toEqual(new Set(grid.map(({ id }) => id)))
  })

  test('the budget holds to the request: what does not fit is not asked, and the search says so', async () => {
    const server = await serve({ world: () => street(60, `budget-${kind}-`) })
    const places = await under.google(server)
    const wanted = { query: 'dentist', budgetUsd: 0.07 }
    expect(places.estimateCost(wanted)).toMatchObject({ maxRequests: 2, isLimitedByBudget: true })
    expect(server.asked).toEqual([])
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, wanted)
    under.work(places)
    expect(await until(under, places, search.id, hasEnded)).toMatchObject({
      state: 'partial',
      errorCode: 'budget',
      requests: 2,
      stored: 40,
    })
    expect(server.asked).toHaveLength(2)
    const again = { budgetUsd: 0.035 }
    await expect(places.resumeSearch(under.database, under.tenant, search.id, again)).rejects.toMatchObject({
      code: 'BUDGET_EXCEEDED',
    })
    await places.resumeSearch(under.database, under.tenant, search.id, { budgetUsd: 1 })
    expect(await until(under, places, search.id, hasEnded)).toMatchObject({
      state: 'succeeded',
      requests: 3,
      stored: 60,
    })
    await expect(
      places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist', budgetUsd: 0.01 }),
    ).rejects.toMatchObject({ code: 'BUDGET_EXCEEDED' })
  })

  test('two runs of one search store every page once', async () => {
    const server = await serve({ world: () => street(60, `race-${kind}-`) })
    const places = await under.google(server)
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
    await database.query('update place_searches set max_requests = 50 where id = $1', [search.id])
    await Promise.all([1, 2, 3].map(() => places.processPlacesSearchBackground(under.tenant, search.id)))
    expect(await places.getPlacesSearch(under.database, under.tenant, search.id)).toMatchObject({
      state: 'succeeded',
      pages: 3,
      found: 60,
      stored: 60,
    })
    expect((await results(places, search.id)).map(({ rank }) => rank)).toEqual(
      Array.from({ length: 60 }, (_, n) => n + 1),
    )
  })

  test('a search whose job has ended without it has ended, too, and can be resumed', async () => {
    const server = await serve({ world: () => street(3, `left-${kind}-`) })
    const places = await under.google(server)
    const { database: db, tenant } = under
    const { search } = await places.initiatePlacesSearch(db, tenant, { query: 'dentist' })
    const leave = (state: string) =>
      database.query(
        `update jobs set state = $2, error_code = $3, error = $3, finished_at = now(), started_at = now() where id = $1`,
        [search.jobId, state, state === 'failed' ? 'worker_lost' : null],
      )
    await leave('failed')
    const left = await places.getPlacesSearch(db, tenant, search.id)
    expect(left).toMatchObject({ state: 'failed', errorCode: 'worker_lost', finishedAt: expect.any(Date) })
    await expect(places.cancelSearch(db, tenant, search.id)).rejects.toMatchObject({
      code: 'SEARCH_TRANSITION_REFUSED',
    })
    const resumed = await places.resumeSearch(db, tenant, search.id)
    expect(resumed).toMatchObject({ state: 'queued', finishedAt: null })
    expect(await places.processPlacesSearchBackground(tenant, search.id)).toMatchObject({ state: 'succeeded' })
    await under.jobs.cancelJob(db, tenant, resumed.jobId!)
    expect(await places.getPlacesSearch(db, tenant, search.id)).toMatchObject({ state: 'succeeded' })
  })

  test('a cancelled search sends no further request and keeps what it has', async () => {
    const [asked, go] = [Promise.withResolvers<null>(), Promise.withResolvers<undefined>()]
    const server = await serve({
      world: () => street(60, `cancel-${kind}-`),
      instead: (_one, number) => {
        if (number < 2) return undefined
        asked.resolve(null)
        return go.promise
      },
    })
    const places = await under.google(server)
    const { search } = await places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist' })
    under.work(places)
    await asked.promise
    await places.cancelSearch(under.database, under.tenant, search.id)
    go.resolve(undefined)
    expect(await until(under, places, search.id, hasEnded)).toMatchObject({
      state: 'cancelled',
      stored: 40,
      requests: 2,
    })
    expect(server.asked).toHaveLength(2)
  })

  test('the same request twelve times at once makes one search and one job; a search without its provider none', async () => {
    const server = await serve({ world: () => [] })
    const places = await under.google(server)
    const key = `once-${kind}`
    const made = await Promise.all(
      Array.from({ length: 12 }, () =>
        places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist', idempotencyKey: key }),
      ),
    )
    expect(new Set(made.map(({ search }) => search.id)).size).toBe(1)
    expect(made.filter(({ created }) => created)).toHaveLength(1)
    await places.cancelSearch(under.database, under.tenant, made[0]!.search.id)
    await expect(
      places.initiatePlacesSearch(under.database, under.tenant, { query: 'doctor', idempotencyKey: key }),
    ).rejects.toMatchObject({ code: 'SEARCH_IDEMPOTENCY_CONFLICT' })
    await expect(
      places.initiatePlacesSearch(under.database, under.tenant, { query: 'dentist', provider: 'openstreetmap' }),
    ).rejects.toMatchObject({ code: 'PROVIDER_UNKNOWN', hint: 'Configured are google.' })
    for (const bad of [{ query: '' }, { query: 'x', lat: 1 }, { query: 'x', radius: 5 }, { query: 'a\0' }] as {
      query: string
    }[]) {
      await expect(places.initiatePlacesSearch(under.database, under.tenant, bad)).rejects.toMatchObject({
        code: 'PLACES_INPUT_INVALID',
      })
    }
  })
})
