/** `pnpm --filter @pooler-safe/example-platform worker`: works on the jobs of all services until a signal comes. Any number may run. */
import { createHttpClient, httpOptions, httpVariables, openDatabase, runService } from '@pooler-safe/example-foundation'
import { shutdownLimitMs, tuningOf, workerVariables } from '@pooler-safe/example-job-service'
import { providersOf } from '@pooler-safe/example-places-search'
import { openPlatform } from '../platform.ts'
import { startPlatformWorker } from '../worker.ts'
import { platformVariables } from './variables.ts'

await runService(
  {
    name: 'platform-worker',
    shape: { ...workerVariables, ...httpVariables, ...platformVariables },
    prefix: 'JOBS_',
    limitMs: shutdownLimitMs,
  },
  async ({ read, logger, shutdown }) => {
    const database = openDatabase({
      url: read.DATABASE_URL,
      applicationName: 'platform-worker',
      max: read.JOBS_POOL_MAX,
      wireGuard: true,
      logger,
    })
    shutdown.add('closing the database', () => database.close())
    const http = createHttpClient({ ...httpOptions(read), logger })
    shutdown.add('closing the HTTP client', () => http.close())
    const providers = providersOf(http, read)
    const platform = await openPlatform({ database, http, logger, providers, maintainQueue: true })
    shutdown.add('closing the services', () => platform.close())
    const worker = startPlatformWorker(platform, { ...tuningOf(read), webhookSecret: read.BATCH_WEBHOOK_SECRET })
    shutdown.add('stopping the worker', () => worker.stop())
    logger.info({ worker: worker.worker.name }, 'ready')
  },
)
