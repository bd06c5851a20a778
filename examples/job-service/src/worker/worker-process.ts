import {
  commonVariables,
  createLogger,
  explain,
  onShutdown,
  openDatabase,
  readConfiguration,
  wholeNumber,
} from '@pooler-safe/example-foundation'
import type { JobTypes } from '../job-type.ts'
import { JobService } from '../service/job-service.ts'
import type { JobHandlers } from './handler.ts'
import { Worker } from './worker.ts'

/** What a worker process reads from its environment. */
export const workerVariables = {
  ...commonVariables,
  JOBS_CONCURRENCY: wholeNumber(1, 10_000).optional().describe('how many jobs run at the same time'),
  JOBS_POLL_MS: wholeNumber(5, 60_000).optional().describe('the pause between two looks into empty queues'),
  JOBS_LEASE_MS: wholeNumber(300, 3_600_000).optional().describe('how long a silent worker keeps its jobs'),
  JOBS_RECOVER_MS: wholeNumber(20, 3_600_000).optional().describe('the pause between two looks for lost jobs'),
  JOBS_GRACE_MS: wholeNumber(0, 3_600_000).optional().describe('how long runs may go on at shutdown'),
  JOBS_POOL_MAX: wholeNumber(2, 1_000).optional().describe('client connections to the pooler at most'),
  JOBS_KEEP_DAYS: wholeNumber(1, 36_500).optional().describe('after how many days ended jobs are deleted'),
} as const

export interface WorkerProcessOptions {
  /** Name in logs and in `application_name`. */
  readonly name: string
  readonly types: JobTypes
  readonly handlers: JobHandlers
  /** Default `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/**
 * The main function of a worker process: reads the environment, runs jobs until a signal comes, then hands back what is
 * not done and ends. With an IPC channel it says `ready`, and ends when its parent does.
 *
 * A set-up that cannot work is one line on standard error and exit code 1.
 */
export async function runWorkerProcess({ name, types, handlers, variables }: WorkerProcessOptions): Promise<void> {
  try {
    await start({ name, types, handlers, ...(variables ? { variables } : {}) })
  } catch (error) {
    process.stderr.write(`${name}: ${explain(error)}\n`)
    process.exitCode = 1
    if (process.connected) process.disconnect()
  }
}

async function start({ name, types, handlers, variables }: WorkerProcessOptions): Promise<void> {
  const configuration = readConfiguration({
    shape: workerVariables,
    prefix: 'JOBS_',
    ...(variables ? { variables } : {}),
  })
  const logger = createLogger({ name, level: configuration.LOG_LEVEL })
  const { JOBS_GRACE_MS: graceMs, JOBS_KEEP_DAYS: keepDays } = configuration
  const shutdown = onShutdown({ logger, limitMs: (graceMs ?? 10_000) + 20_000 })
  // Without it a worker would outlive whoever started it and was killed.
  process.once('disconnect', () => void shutdown.end('the parent process has ended'))
  shutdown.add('leaving the parent process', () => {
    if (process.connected) process.disconnect()
    return Promise.resolve()
  })
  try {
    const database = openDatabase({
      url: configuration.DATABASE_URL,
      applicationName: name,
      max: configuration.JOBS_POOL_MAX,
      wireGuard: true,
      logger,
    })
    shutdown.add('closing the database', () => database.close())
    const service = await JobService.open({ database, types, logger, maintainQueue: true })
    shutdown.add('closing the queue', () => service.close())
    const worker = Worker.start({
      database,
      service,
      handlers,
      logger,
      concurrency: configuration.JOBS_CONCURRENCY,
      pollMs: configuration.JOBS_POLL_MS,
      leaseMs: configuration.JOBS_LEASE_MS,
      recoverMs: configuration.JOBS_RECOVER_MS,
      graceMs,
      keepFinishedMs: keepDays === undefined ? undefined : keepDays * 86_400_000,
    })
    shutdown.add('stopping the worker', () => worker.stop())
    logger.info({ worker: worker.name }, 'ready')
    process.send?.({ ready: worker.name })
  } catch (error) {
    await shutdown.end('the start failed')
    throw error
  }
}
