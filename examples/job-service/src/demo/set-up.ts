import { ensureTenant, openDatabase, silentLogger, type TenantId } from '@pooler-safe/example-foundation'
import type { Database } from 'pooler-safe'
import { JobService, migrateJobService } from '../index.ts'
import { BackendWatch } from './backend-log.ts'
import { DemoError, sentenceOf } from './demo-error.ts'
import { fileJobTypes } from './file-jobs.ts'
import { Deliveries, findFiles, type InputFile } from './input-files.ts'
import type { DemoOptions } from './options.ts'
import { openEndpoint, openUpstream, type Endpoint } from './servers.ts'
import type { View } from './view/terminal.ts'
import { plural } from './view/text.ts'
import { WorkerGroup } from './worker-process-group.ts'

/** The name of this process in `application_name`. */
const clientName = 'demo'

/** Everything that runs, ready to be given jobs. */
export interface Stage {
  readonly postgres: string
  readonly endpoint: Endpoint
  readonly database: Database
  readonly service: JobService
  readonly tenant: TenantId
  readonly workers: WorkerGroup
  readonly files: readonly InputFile[]
  readonly deliveries: Deliveries
  readonly directUrl: string | undefined
}

export interface SetUpOptions {
  readonly options: DemoOptions
  readonly paceMs: number
  readonly view: View
  readonly signal: AbortSignal
  /** What has to be closed afterwards, the last first. */
  readonly stack: AsyncDisposableStack
  readonly onWorkerLost: (sentence: string) => void
}

/** Starts everything, one step after the other, and shows each with the time it took. */
export async function setUp({ options, paceMs, view, signal, stack, onWorkerLost }: SetUpOptions): Promise<Stage> {
  const logger = silentLogger()
  const step = async <T>(name: string, work: () => Promise<T>, describe: (result: T) => string): Promise<T> => {
    signal.throwIfAborted()
    const began = performance.now()
    view.begin(name)
    const result = await work()
    signal.throwIfAborted()
    view.done(name, describe(result), performance.now() - began)
    return result
  }
  const files = await findFiles(options.folder)
  const upstream = await step(
    'PostgreSQL',
    async () => stack.use(await openUpstream(options, signal, (line) => view.begin(line))),
    ({ description }) => description,
  )
  const { directUrl } = upstream
  const endpoint = await step(
    'Pooler',
    async () => stack.use(await openEndpoint(options, upstream)),
    ({ description }) => description,
  )
  const database = stack.use(
    openDatabase({ url: endpoint.url, applicationName: clientName, max: 4, wireGuard: true, logger }),
  )
  await step(
    'Endpoint',
    () => database.verify({ pooled: endpoint.kind === 'none' ? 'direct' : 'transaction' }),
    ({ mode, evidence }) => `${mode} mode: ${evidence.at(-1) ?? ''}`,
  )
  if (directUrl !== undefined) {
    await step(
      'Tables',
      () => migrateJobService(directUrl, logger),
      (ran) => (ran.length === 0 ? 'are up to date' : `made on the direct URL by ${plural(ran.length, 'migration')}`),
    )
  }
  const service = await openService(database)
  stack.defer(() => service.close())
  const tenant = await ensureTenant(database, 'demonstration')
  const deliveries = stack.use(await Deliveries.prepare())
  const workers = await step(
    'Workers',
    async () => stack.use(await WorkerGroup.start(workerOptions(), signal)),
    ({ names, pids }) =>
      `${plural(names.length, 'process', 'processes')} (${pids.join(', ')}), ${plural(options.concurrency, 'job')} at a time each`,
  )
  if (!endpoint.isRecorded) {
    stack.use(new BackendWatch(directUrl ?? endpoint.url, [clientName, ...workers.names], endpoint.log))
  }
  return { postgres: upstream.description, endpoint, database, service, tenant, workers, files, deliveries, directUrl }

  function workerOptions() {
    const { workers: count, concurrency } = options
    return { count, concurrency, paceMs, databaseUrl: endpoint.url, onLost: onWorkerLost }
  }
}

async function openService(database: Database): Promise<JobService> {
  try {
    return await JobService.open({ database, types: fileJobTypes, logger: silentLogger() })
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'DATABASE_NOT_MIGRATED') throw error
    throw new DemoError(`${sentenceOf(error)} Or give --direct-url as well: then it is done on the way.`)
  }
}
