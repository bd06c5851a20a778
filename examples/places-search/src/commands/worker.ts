/** `pnpm --filter @pooler-safe/example-places-search worker`: runs searches until a signal comes. Any number may run. Reads the JOBS_… variables of every worker as well. */
import { createHttpClient, openDatabase, runService } from '@pooler-safe/example-foundation'
import { JobService, shutdownLimitMs, tuningOf, tuningVariables, Worker } from '@pooler-safe/example-job-service'
import { placesJobTypes } from '../jobs.ts'
import { PlacesService } from '../service/places-service.ts'
import { placesHandlers } from '../worker/handlers.ts'
import { providersOf } from './providers.ts'
import { placesVariables } from './variables.ts'

await runService(
  {
    name: 'places-worker',
    shape: { ...placesVariables, ...tuningVariables },
    prefix: 'PLACES_',
    limitMs: shutdownLimitMs,
  },
  async ({ read, logger, shutdown }) => {
    const { DATABASE_URL: url, PLACES_POOL_MAX: max, PLACES_USER_AGENT: userAgent } = read
    const database = openDatabase({ url, applicationName: 'places-worker', max, wireGuard: true, logger })
    shutdown.add('closing the database', () => database.close())
    const http = createHttpClient({ logger, ...(userAgent !== undefined && { userAgent }) })
    shutdown.add('closing the HTTP client', () => http.close())
    const jobs = await JobService.open({ database, types: placesJobTypes, logger, maintainQueue: true })
    shutdown.add('closing the queue', () => jobs.close())
    const places = await PlacesService.open({ database, jobs, providers: providersOf(http, read), logger })
    const handlers = placesHandlers(places)
    const worker = Worker.start({ ...tuningOf(read), database, service: jobs, handlers, logger })
    shutdown.add('stopping the worker', () => worker.stop())
    logger.info({ worker: worker.name }, 'ready')
  },
)
