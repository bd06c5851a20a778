/**
 * `pnpm --filter @pooler-safe/example-batch-processor worker`: works on batches until a signal comes, then hands back what is
 * not done. Any number of them may run. Reads the JOBS_… variables of every worker as well.
 */
import { createHttpClient, openDatabase, runService } from '@pooler-safe/example-foundation'
import { shutdownLimitMs, tuningOf, tuningVariables } from '@pooler-safe/example-job-service'
import { startBatchWorker } from '../worker/batch-worker.ts'
import { batchVariables } from './variables.ts'

await runService(
  {
    name: 'batch-worker',
    shape: { ...batchVariables, ...tuningVariables },
    prefix: 'BATCH_',
    limitMs: shutdownLimitMs,
  },
  async ({ read: configuration, logger, shutdown }) => {
    const database = openDatabase({
      url: configuration.DATABASE_URL,
      applicationName: 'batch-worker',
      max: configuration.BATCH_POOL_MAX,
      wireGuard: true,
      logger,
    })
    shutdown.add('closing the database', () => database.close())
    const http = createHttpClient({
      logger,
      ...(configuration.BATCH_USER_AGENT !== undefined && { userAgent: configuration.BATCH_USER_AGENT }),
    })
    shutdown.add('closing the HTTP client', () => http.close())
    const worker = await startBatchWorker({
      ...tuningOf(configuration),
      ...(configuration.BATCH_CONCURRENCY !== undefined && { concurrency: configuration.BATCH_CONCURRENCY }),
      database,
      http,
      logger,
      webhookSecret: configuration.BATCH_WEBHOOK_SECRET,
    })
    shutdown.add('stopping the worker', () => worker.stop())
    logger.info({ worker: worker.worker.name }, 'ready')
  },
)
