/** Serves the API until a signal comes, and works on the jobs in the same process unless API_WORKER is no. */
import {
  createApiToken,
  createHttpClient,
  createMetrics,
  ensureTenant,
  httpOptions,
  openDatabase,
  runService,
} from '@pooler-safe/example-foundation'
import { googlePlaces, openStreetMap } from '@pooler-safe/example-places-search'
import { openPlatform, startPlatformWorker } from '@pooler-safe/example-platform'
import { createApi } from '../api.ts'
import { serveApi } from '../serve.ts'
import { apiVariables } from './variables.ts'

await runService(
  { name: 'serve', shape: apiVariables, prefix: 'API_' },
  async ({ read: configuration, logger, shutdown }) => {
    const url = configuration.DATABASE_URL
    const max = configuration.API_POOL_MAX
    const database = openDatabase({ url, applicationName: 'http-api', max, wireGuard: true, logger })
    shutdown.add('closing the database', () => database.close())
    const http = createHttpClient({ logger, ...httpOptions(configuration) })
    shutdown.add('closing the HTTP client', () => http.close())
    const { API_GOOGLE_API_KEY: apiKey, API_WORKER, API_TENANT, API_WEBHOOK_SECRET: webhookSecret } = configuration
    const providers = [...(apiKey === undefined ? [] : [googlePlaces({ http, apiKey })]), openStreetMap({ http })]
    const works = API_WORKER === 'yes'
    const platform = await openPlatform({ database, http, logger, providers, maintainQueue: works })
    shutdown.add('closing the services', () => platform.close())
    if (works) {
      const worker = startPlatformWorker(platform, { webhookSecret })
      shutdown.add('stopping the worker', () => worker.stop())
    }
    const metrics = createMetrics({ service: 'http-api' })
    metrics.watchPool(database, 'services')
    const perSecond = configuration.API_RATE_PER_SECOND
    const api = createApi({
      platform,
      logger,
      metrics,
      metricsToken: configuration.API_METRICS_TOKEN,
      ...(perSecond === undefined ? {} : { rateLimit: { perSecond, burst: perSecond * 2 } }),
    })
    const { API_HOST: hostname, API_PORT: port = 8_080 } = configuration
    const running = await serveApi(api, { session: database, logger, hostname, port })
    shutdown.add('closing the server', () => running.close())
    process.stdout.write(`The API is at ${running.url}, its reference at ${running.url}/reference\n`)
    if (API_TENANT !== undefined) {
      const tenant = await ensureTenant(database, API_TENANT)
      const { token } = await createApiToken(database, { tenant, name: 'made at the start', scopes: ['*'] })
      process.stdout.write(`A token of ${API_TENANT}, shown this once: ${token}\n`)
    }
  },
)
