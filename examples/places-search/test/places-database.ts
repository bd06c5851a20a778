import { createLogger, ensureTenant, silentLogger, type Logger, type TenantId } from '@pooler-safe/example-foundation'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import { createDatabase, type Database } from 'pooler-safe'
import { afterAll, afterEach, beforeAll } from 'vitest'
import {
  googlePlaces,
  migratePlaces,
  placesHandlers,
  placesJobTypes,
  PlacesService,
  type PlacesProvider,
  type PlacesSearch,
} from '../src/index.ts'
import { apiKey, type ContractServer } from './contract-server.ts'

/** A migrated database for the file. */
export function usePlacesDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'places-search',
    prepare: async (directUrl) => {
      await migratePlaces(directUrl, silentLogger())
    },
  })
}

export interface PlacesUnderTest {
  readonly database: Database
  readonly jobs: JobService
  readonly tenant: TenantId
  readonly otherTenant: TenantId
  /** The service on these providers. */
  open(providers: readonly PlacesProvider[], logger?: Logger): Promise<PlacesService>
  /** The service on Google's contract server. */
  google(server: ContractServer, logger?: Logger): Promise<PlacesService>
  /** Starts a worker that is stopped after the test. */
  work(places: PlacesService, logger?: Logger): Worker
}

export function usePlaces(url: () => string): PlacesUnderTest {
  let opened: Pick<PlacesUnderTest, 'database' | 'jobs' | 'tenant' | 'otherTenant'> | undefined
  const workers: Worker[] = []
  beforeAll(async () => {
    const database = createDatabase({ url: url(), max: 6, applicationName: 'places', wireGuard: true })
    // The pauses of production are no part of what is tested.
    const search = { ...placesJobTypes['places.search'], retryDelaySeconds: 0, retryDelayMaxSeconds: 1, maxAttempts: 3 }
    const jobs = await JobService.open({ database, types: { 'places.search': search }, logger: silentLogger() })
    const tenant = await ensureTenant(database, 'first')
    const otherTenant = await ensureTenant(database, 'second')
    opened = { database, jobs, tenant, otherTenant }
  })
  afterEach(async () => {
    await Promise.all(workers.splice(0).map((worker) => worker.stop()))
  })
  afterAll(async () => {
    await opened?.jobs.close()
    await opened?.database.close()
  })
  const ready = () => {
    if (!opened) throw new Error('The service can be opened from beforeAll on.')
    return opened
  }
  const open: PlacesUnderTest['open'] = (providers, logger = silentLogger()) =>
    PlacesService.open({ database: ready().database, jobs: ready().jobs, providers, logger })
  return {
    get database() {
      return ready().database
    },
    get jobs() {
      return ready().jobs
    },
    get tenant() {
      return ready().tenant
    },
    get otherTenant() {
      return ready().otherTenant
    },
    open,
    google: ({ client, origin }, logger) => open([googlePlaces({ http: client, apiKey, endpoint: origin })], logger),
    work: (places, logger = silentLogger()) => {
      const { database, jobs } = ready()
      const tuning = { pollMs: 20, beatMs: 50, recoverMs: 100, graceMs: 0, abandonMs: 200, leaseMs: 2_000 }
      const worker = Worker.start({ database, service: jobs, handlers: placesHandlers(places), logger, ...tuning })
      workers.push(worker)
      return worker
    },
  }
}

/** Reads the search until it is as wanted. */
export async function until(
  under: PlacesUnderTest,
  places: PlacesService,
  id: string,
  wanted: (search: PlacesSearch) => boolean,
  ms = 15_000,
): Promise<PlacesSearch> {
  const end = Date.now() + ms
  for (;;) {
    const search = await places.getPlacesSearch(under.database, under.tenant, id)
    if (wanted(search)) return search
    if (Date.now() > end) throw new Error(`Search ${id} is still ${search.state}: ${JSON.stringify(search)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export const hasEnded = ({ finishedAt }: PlacesSearch): boolean => finishedAt !== null

export function memoryLogger(): { readonly logger: Logger; readonly text: () => string } {
  let text = ''
  const logger = createLogger({
    name: 'test',
    level: 'trace',
    stream: {
      write: (line: string) => {
        text += line
      },
    },
  })
  return { logger, text: () => text }
}
