import {
  createHttpClient,
  createLogger,
  explain,
  httpOptions,
  httpVariables,
  onShutdown,
  openDatabase,
  readConfiguration,
  type HttpClient,
} from '@pooler-safe/example-foundation'
import type { JobTypes } from '../job-type.ts'
import { JobService } from '../service/job-service.ts'
import type { JobHandlers } from './handler.ts'
import { shutdownLimitMs, tuningOf, workerVariables } from './worker-variables.ts'
import { Worker } from './worker.ts'

export interface WorkerProcessOptions {
  /** Name in logs and in `application_name`. */
  readonly name: string
  readonly types: JobTypes
  /** A function is given a client for the public web, which the HTTP_… variables set. */
  readonly handlers: JobHandlers | ((http: HttpClient) => JobHandlers)
  /** Default `process.env`. */
  readonly variables?: Readonly<Record<string, string | undefined>>
}

/**
 * The main function of a worker process: reads the environment, runs jobs until a signal comes, then hands back what is
 * not done and ends. With an IPC channel it says `ready`, and ends when its parent does.
 *
 * A set-up that cannot work is one line on standard error and exit code 1.
 */
export async function runWorkerProcess(options: WorkerProcessOptions): Promise<void> {
  try {
    await start(options)
  } catch (error) {
    process.stderr.write(`${options.name}: ${explain(error)}\n`)
    process.exitCode = 1
    if (process.connected) process.disconnect()
  }
}

async function start({ name, types, handlers: given, variables }: WorkerProcessOptions): Promise<void> {
  const configuration = readConfiguration({
    shape: { ...workerVariables, ...httpVariables },
    prefix: 'JOBS_',
    ...(variables ? { variables } : {}),
  })
  const logger = createLogger({ name, level: configuration.LOG_LEVEL })
  const shutdown = onShutdown({ logger, limitMs: shutdownLimitMs(configuration) })
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
    let handlers: JobHandlers
    if (typeof given === 'function') {
      const http = createHttpClient({ ...httpOptions(configuration), logger })
      shutdown.add('closing the HTTP client', () => http.close())
      handlers = given(http)
    } else {
      handlers = given
    }
    const service = await JobService.open({ database, types, logger, maintainQueue: true })
    shutdown.add('closing the queue', () => service.close())
    const worker = Worker.start({ ...tuningOf(configuration), database, service, handlers, logger })
    shutdown.add('stopping the worker', () => worker.stop())
    logger.info({ worker: worker.name }, 'ready')
    process.send?.({ ready: worker.name })
  } catch (error) {
    await shutdown.end('the start failed')
    throw error
  }
}
