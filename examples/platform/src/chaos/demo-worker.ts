/** A worker process of the chaos run: works on the jobs of all services in the demo world until it is told to stop, or killed. */
import { createHttpClient, createLogger, openDatabase } from '@pooler-safe/example-foundation'
import { resolveDemoHost } from '@pooler-safe/example-foundation/demo'
import { openPlatform } from '../platform.ts'
import { startPlatformWorker } from '../worker.ts'

/** Short, so that the work of a killed worker is taken over while the run lasts. */
const leaseMs = 1_500

const logger = createLogger({ name: 'chaos-worker', level: 'error' })
const database = openDatabase({
  url: process.env['DATABASE_URL'] ?? '',
  applicationName: 'chaos-worker',
  max: 4,
  wireGuard: true,
  logger,
})
const http = createHttpClient({ allowLoopback: true, resolve: resolveDemoHost, perHostDelayMs: 0, logger })
const platform = await openPlatform({ database, http, logger, providers: [], maintainQueue: true })
const worker = startPlatformWorker(platform, {
  pollMs: 50,
  leaseMs,
  recoverMs: 200,
  sweepMs: 1_000,
  batchTuning: { leaseMs, lookMs: 50 },
})
const stop = async (): Promise<void> => {
  await worker.stop()
  await platform.close()
  await http.close()
  await database.close()
  if (process.connected) process.disconnect()
}
process.once('message', () => void stop())
// Without it a worker would outlive whoever started it.
process.once('disconnect', () => void stop().then(() => process.exit()))
process.send?.('ready')
