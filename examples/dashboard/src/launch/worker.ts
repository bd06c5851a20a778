/**
 * The worker process of `npm start`: `worker.ts NAME`, everything else from its environment. It runs the jobs of all
 * services, tells its parent every second what `pooler-safe` did, and ends when its parent does.
 */
import {
  commonVariables,
  createLogger,
  explain,
  onShutdown,
  openDatabase,
  readConfiguration,
  wholeNumber,
} from '@pooler-safe/example-foundation'
import { fileJobHandlers, fileJobTypes } from '@pooler-safe/example-job-service/demo'
import { openPlatform, startPlatformWorker } from '@pooler-safe/example-platform'
import { z } from 'zod'
import { TelemetryCounter } from '../pooler/telemetry.ts'
import { openHttpClients } from './http-clients.ts'
import { providersFor } from './providers.ts'

const telemetryMs = 1_000
const graceMs = 500

const variables = {
  ...commonVariables,
  WORKER_CONCURRENCY: wholeNumber(1, 1_000).optional().describe('how many jobs run at the same time'),
  WORKER_PLACES_URL: z.url().optional().describe('the demo server of places; there is a demo when it is given'),
  WORKER_WEBHOOK_SECRET: z.string().min(16).optional().describe('what the keys that sign webhooks are derived from'),
} as const

async function start(name: string): Promise<void> {
  const configuration = readConfiguration({ shape: variables, prefix: 'WORKER_' })
  const { WORKER_PLACES_URL: placesUrl } = configuration
  const logger = createLogger({ name, level: configuration.LOG_LEVEL })
  const shutdown = onShutdown({ logger, limitMs: 20_000 })
  // Without it a worker would outlive whoever started it and was killed.
  process.once('disconnect', () => void shutdown.end('the parent process has ended'))
  shutdown.add('leaving the parent process', () => {
    if (process.connected) process.disconnect()
    return Promise.resolve()
  })
  try {
    const telemetry = new TelemetryCounter()
    const clients = openHttpClients(placesUrl !== undefined, logger)
    shutdown.add('closing the HTTP client', async () => clients[Symbol.asyncDispose]())
    const database = openDatabase({ url: configuration.DATABASE_URL, applicationName: name, wireGuard: true, logger })
    shutdown.add('closing the database', () => database.close())
    const platform = await openPlatform({
      database,
      http: clients.http,
      logger,
      providers: providersFor(clients, placesUrl),
      types: fileJobTypes,
      maintainQueue: true,
    })
    shutdown.add('closing the queue', () => platform.close())
    const worker = startPlatformWorker(platform, {
      concurrency: configuration.WORKER_CONCURRENCY,
      pollMs: 200,
      graceMs,
      webhookSecret: configuration.WORKER_WEBHOOK_SECRET,
      handlers: fileJobHandlers(0),
    })
    shutdown.add('stopping the worker', () => worker.stop())
    const timer = setInterval(() => {
      if (process.connected) process.send?.({ telemetry: telemetry.snapshot() })
    }, telemetryMs)
    shutdown.add('stopping the telemetry', () => {
      clearInterval(timer)
      return Promise.resolve()
    })
    process.send?.({ ready: true })
  } catch (error) {
    await shutdown.end('the start failed')
    throw error
  }
}

const [name = 'worker'] = process.argv.slice(2)
try {
  await start(name)
} catch (error) {
  process.stderr.write(`${explain(error)}\n`)
  process.exitCode = 1
  if (process.connected) process.disconnect()
}
