import type { Logger } from '@pooler-safe/example-foundation'
import { JobService, Worker, type JobTypes, type WorkerTuning } from '@pooler-safe/example-job-service'
import type { Database } from 'pooler-safe'
import { homePageProcessor } from '../home-page.ts'
import type { PageClient } from '../http.ts'
import { batchJobTypes } from '../jobs.ts'
import type { ItemProcessors } from '../processor.ts'
import { BatchProcessor } from '../service/batch-processor.ts'
import { batchHandlers, type BatchHandlersOptions } from './handlers.ts'
import { recoverUnworkedBatches } from './recover-unworked.ts'

export interface BatchWorkerOptions extends WorkerTuning {
  readonly database: Database
  readonly http: PageClient
  readonly logger: Logger
  /** Further processors, or another `home-page`. */
  readonly processors?: ItemProcessors
  readonly webhookSecret?: string | undefined
  readonly tuning?: BatchHandlersOptions['tuning']
  /** Pause between two looks for batches without a job. Default 10,000. */
  readonly sweepMs?: number
}

/** Everything that works on batches in one process. */
export interface BatchWorker extends AsyncDisposable {
  readonly jobs: JobService
  readonly processor: BatchProcessor
  readonly worker: Worker
  /** Hands back what is not done. The database stays open. */
  stop(): Promise<void>
}

/** The processors of a process: those that were given, and `home-page`. */
export function processorsWith(http: PageClient, processors: ItemProcessors = {}): ItemProcessors {
  return { 'home-page': homePageProcessor(http), ...processors }
}

/** Opens the services, and starts a worker and the look for batches that nobody works on. */
export async function startBatchWorker(options: BatchWorkerOptions): Promise<BatchWorker> {
  const { database, http, logger, processors, webhookSecret, tuning, sweepMs = 10_000, ...workerTuning } = options
  const types: JobTypes = batchJobTypes
  const jobs = await JobService.open({ database, types, logger, maintainQueue: true })
  try {
    const processor = await BatchProcessor.open({
      database,
      jobs,
      processors: processorsWith(http, processors),
      logger,
    })
    const handlers = batchHandlers({ processor, http, webhookSecret, ...(tuning ? { tuning } : {}) })
    const worker = Worker.start({ ...workerTuning, database, service: jobs, handlers, logger })
    const stopping = new AbortController()
    const sweeping = recoverUnworkedBatches(processor, { everyMs: sweepMs, logger, signal: stopping.signal })
    let ending: Promise<void> | undefined
    const end = async (): Promise<void> => {
      stopping.abort()
      await sweeping
      await worker.stop()
      await jobs.close()
    }
    const stop = (): Promise<void> => (ending ??= end())
    return { jobs, processor, worker, stop, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await jobs.close()
    throw error
  }
}
