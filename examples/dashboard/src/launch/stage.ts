import { createLogger, explain, openDatabase, type TenantId } from '@pooler-safe/example-foundation'
import { startDemoWorld, startPlacesContractServer, type DemoWorld } from '@pooler-safe/example-foundation/demo'
import { fileJobTypes, plural } from '@pooler-safe/example-job-service/demo'
import { migrateApi, requireApiTables } from '@pooler-safe/example-http-api'
import { openPlatform, type Platform } from '@pooler-safe/example-platform'
import type { EndpointReport } from 'pooler-safe'
import { PoolerMonitor } from '../pooler/monitor.ts'
import type { Telemetry } from '../pooler/telemetry.ts'
import { openDataDirectory, type DataDirectory } from './data-directory.ts'
import { openHttpClients } from './http-clients.ts'
import { LaunchError } from './launch-error.ts'
import type { LaunchOptions } from './options.ts'
import { providersFor } from './providers.ts'
import type { Screen } from './screen.ts'
import { ensureSeeded } from './seed.ts'
import { givenEndpoint, openOwnEndpoint, openOwnUpstream, type Endpoint } from './servers.ts'
import { signInKey } from './sign-in-key.ts'
import { serveWeb } from './serve-web.ts'
import { requirePort } from './web-server.ts'
import { WorkerProcesses } from './worker-processes.ts'

const ownName = 'dashboard'
const concurrency = 4

/** Everything that runs, and where to look at it. */
export interface Stage {
  readonly platform: Platform
  readonly tenant: TenantId
  readonly monitor: PoolerMonitor
  readonly workers: WorkerProcesses
  /** With what signs in. */
  readonly link: string
}

export interface SetUpOptions {
  readonly options: LaunchOptions
  readonly screen: Screen
  readonly signal: AbortSignal
  /** What has to be closed afterwards, the last first. */
  readonly stack: AsyncDisposableStack
}

/** Starts everything, one step after the other, and says how each came out. */
export async function setUp({ options, screen, signal, stack }: SetUpOptions): Promise<Stage> {
  const logger = createLogger({ name: ownName, level: 'warn' })
  await requirePort(options.port)
  const isOwnServer = options.databaseUrl === undefined && options.directUrl === undefined
  const directory = isOwnServer ? stack.use(await openDataDirectory(options.dataDir, signal)) : undefined
  const { directUrl, endpoint } = await openServers(options, directory, { screen, signal, stack })
  const report = await openedEndpoint(endpoint, { screen, signal })
  if (directUrl !== undefined) {
    await screen.step(
      'Tables',
      signal,
      () => migrated(directUrl, options),
      (ran) => (ran.length === 0 ? 'are up to date' : `made on the direct URL by ${plural(ran.length, 'migration')}`),
    )
  }
  const demo = options.demo ? await openDemo(directory, { screen, signal, stack }) : undefined
  const clients = stack.use(openHttpClients(demo !== undefined, logger))
  const database = openDatabase({ url: endpoint.url, applicationName: ownName, wireGuard: true, logger })
  stack.defer(() => database.close())
  await requireApiTables(database).catch(explainNotMigrated)
  const platform = stack.use(
    await openPlatform({
      database,
      http: clients.http,
      logger,
      providers: providersFor(clients, demo?.placesUrl),
      types: fileJobTypes,
    }).catch(explainNotMigrated),
  )
  // The page is there before the workers are.
  const told = { byWorkers: (): ReadonlyMap<string, Telemetry> => new Map() }
  const monitor = stack.use(
    new PoolerMonitor({
      database,
      url: endpoint.url,
      description: endpoint.description,
      audit: endpoint.audit,
      others: () => told.byWorkers(),
      report,
    }),
  )
  const { tenant } = await ensureSeeded(platform, demo?.world)
  const key = stack.use(await signInKey(database, tenant, directory))
  const { url } = stack.use(await serveWeb({ platform, monitor, logger, key, port: options.port }))
  const link = `${url}${key.path}`
  screen.link(link)
  const workers = await screen.step(
    'Workers',
    signal,
    async () =>
      stack.use(
        await WorkerProcesses.start(
          {
            count: options.workers,
            concurrency,
            databaseUrl: endpoint.url,
            placesUrl: demo?.placesUrl,
            say: (text) => screen.line(text),
          },
          signal,
        ),
      ),
    ({ pids }) => `${plural(pids.length, 'process', 'processes')} (${pids.join(', ')}), all services in each`,
  )
  told.byWorkers = () => workers.telemetry()
  return { platform, tenant, monitor, workers, link }
}

type Tools = Pick<SetUpOptions, 'screen' | 'signal' | 'stack'>

async function openServers(
  options: LaunchOptions,
  directory: DataDirectory | undefined,
  { screen, signal, stack }: Tools,
): Promise<{ readonly directUrl: string | undefined; readonly endpoint: Endpoint }> {
  const { databaseUrl } = options
  if (databaseUrl !== undefined) {
    const endpoint = givenEndpoint(databaseUrl)
    screen.named('Pooler', endpoint.description)
    return { directUrl: options.directUrl, endpoint }
  }
  const upstream = directory
    ? await screen.step(
        'PostgreSQL',
        signal,
        async () => stack.use(await openOwnUpstream(directory, signal, (line) => screen.named('', line))),
        ({ description }) => description,
      )
    : { directUrl: options.directUrl ?? '' }
  const endpoint = await screen.step(
    'Pooler',
    signal,
    async () => stack.use(await openOwnEndpoint(options, upstream.directUrl)),
    ({ description }) => description,
  )
  return { directUrl: upstream.directUrl, endpoint }
}

/** Finds out what the URL leads to, with a client of its own that is closed at once. */
async function openedEndpoint(
  { url }: Endpoint,
  { screen, signal }: Pick<Tools, 'screen' | 'signal'>,
): Promise<EndpointReport> {
  const logger = createLogger({ name: ownName, level: 'silent' })
  const database = openDatabase({ url, applicationName: ownName, max: 1, logger })
  try {
    return await screen.step(
      'Endpoint',
      signal,
      () => database.verify({ pooled: 'transaction' }),
      ({ mode, evidence: [, seen = ''] }) => `${mode} mode: ${seen}`,
    )
  } finally {
    await database.close()
  }
}

async function migrated(directUrl: string, { databaseUrl, directUrl: given }: LaunchOptions): Promise<string[]> {
  try {
    return await migrateApi(directUrl, createLogger({ name: 'migrate', level: 'warn' }))
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'MIGRATION_NEEDS_DIRECT_URL' || given === undefined) throw error
    const where = databaseUrl === undefined ? '' : ' besides --database-url'
    throw new LaunchError(
      `--direct-url leads to a transaction-mode pooler, and tables cannot be made through one: give the URL of PostgreSQL itself or of a session-mode pooler${where} (Supabase: port 5432).`,
    )
  }
}

/** @throws LaunchError instead of an error that names another command */
function explainNotMigrated(error: unknown): never {
  if ((error as { code?: unknown }).code !== 'DATABASE_NOT_MIGRATED') throw error
  const { message } = error as Error
  throw new LaunchError(
    `${message} Give --direct-url as well, the URL of PostgreSQL itself or of a session-mode pooler (Supabase: port 5432): then it is done on the way.`,
  )
}

interface Demo {
  readonly world: DemoWorld
  readonly placesUrl: string
}

/** The answers of the demo take a moment, so that there is something to watch. */
const demoDelayMs = 120

async function openDemo(directory: DataDirectory | undefined, { screen, signal, stack }: Tools): Promise<Demo> {
  const kept = directory?.kept ?? {}
  const onKeptPort = async <T>(port: number | undefined, start: (port: number) => Promise<T>): Promise<T> => {
    if (port === undefined) return start(0)
    // Somebody else may have it by now: then old links of the demo lead nowhere, and nothing else is lost.
    return start(port).catch(() => start(0))
  }
  return screen
    .step(
      'Demo',
      signal,
      async () => {
        const delayMs = demoDelayMs
        const world = stack.use(await onKeptPort(kept.worldPort, (port) => startDemoWorld({ port, delayMs })))
        const google = stack.use(
          await onKeptPort(kept.placesPort, (port) => startPlacesContractServer({ port, delayMs })),
        )
        directory?.keep({ worldPort: world.port, placesPort: Number(new URL(google.baseUrl).port) })
        return { world, placesUrl: google.baseUrl }
      },
      ({ world }) => `sites of our own writing on port ${world.port}, and a contract server for places`,
    )
    .catch((error: unknown) => {
      throw new LaunchError(`The demo cannot be started: ${explain(error)}`)
    })
}
