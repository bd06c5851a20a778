/** `pnpm places "dentist" --near "Graz"`: searches, stores and prints places; see `--help`. */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { openCommandEndpoint } from '@pooler-safe/example-foundation/command'
import { startPlacesContractServer } from '@pooler-safe/example-foundation/demo'
import {
  createHttpClient,
  createLogger,
  ensureTenant,
  explain,
  onShutdown,
  openDatabase,
  readConfiguration,
  wait,
  type HttpClient,
  type Shutdown,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { JobService, Worker } from '@pooler-safe/example-job-service'
import type { Database } from 'pooler-safe'
import { placesJobTypes } from '../jobs.ts'
import { migratePlaces } from '../migrate.ts'
import type { PlaceFilter } from '../place.ts'
import type { PlacesFormat } from '../export-places.ts'
import { PlacesService } from '../service/places-service.ts'
import { googlePlaces } from '../providers/google.ts'
import type { PlacesProvider } from '../providers/provider.ts'
import { placesHandlers } from '../worker/handlers.ts'
import { help, readCommand, UsageError, type Command } from './command-line.ts'
import { providersOf } from './providers.ts'
import { placesVariables } from './variables.ts'

interface Opened {
  readonly places: PlacesService
  readonly database: Database
  readonly tenant: TenantId
}

const say = (line: string): void => void process.stderr.write(`${line}\n`)

async function main(args: readonly string[]): Promise<number> {
  const command = readCommand(args)
  if (command.action === 'help') {
    process.stdout.write(help)
    return 0
  }
  const { demo } = command
  const configuration = readConfiguration({
    shape: { ...placesVariables, DATABASE_URL: placesVariables.DATABASE_URL.optional() },
    prefix: 'PLACES_',
  })
  const logger = createLogger({ name: 'places', level: configuration.LOG_LEVEL })
  const shutdown = onShutdown({ logger })
  try {
    const stack = new AsyncDisposableStack()
    shutdown.add('closing what was opened for the command', () => stack.disposeAsync())
    const endpoint = await openCommandEndpoint(stack, { demo, say })
    if (endpoint.directUrl !== undefined) await migratePlaces(endpoint.directUrl, logger)
    const database = openDatabase({
      url: endpoint.url,
      applicationName: 'places',
      max: configuration.PLACES_POOL_MAX,
      wireGuard: true,
      logger,
    })
    shutdown.add('closing the database', () => database.close())
    const userAgent = configuration.PLACES_USER_AGENT
    const http = stack.use(
      createHttpClient({ logger, allowLoopback: demo, ...(userAgent !== undefined && { userAgent }) }),
    )
    const providers = demo ? [await demoProvider(stack, http)] : providersOf(http, configuration)
    const jobs = await JobService.open({ database, types: placesJobTypes, logger, maintainQueue: true })
    shutdown.add('closing the queue', () => jobs.close())
    const places = await PlacesService.open({ database, jobs, providers, logger })
    const opened = { places, database, tenant: await ensureTenant(database, configuration.PLACES_TENANT) }
    if (command.action !== 'search') return await act(opened, command)
    const { search } = command
    const cost = places.estimateCost(search)
    say(
      `${cost.source}: ${cost.minRequests} to ${cost.maxRequests} requests, at most ${cost.maxCostUsd.toFixed(2)} USD.`,
    )
    if (command.dryRun) return 0
    const handlers = placesHandlers(places)
    const worker = Worker.start({ database, service: jobs, handlers, logger, pollMs: 100, graceMs: 0 })
    shutdown.add('stopping the worker', () => worker.stop())
    return await run(opened, command, shutdown)
  } finally {
    await shutdown.end('done')
  }
}

/** Google's requests and answers, about places that do not exist; the data say so. */
async function demoProvider(stack: AsyncDisposableStack, http: HttpClient): Promise<PlacesProvider> {
  const server = stack.use(await startPlacesContractServer())
  say('The places of the demo do not exist.')
  return googlePlaces({ http, apiKey: server.apiKey, endpoint: server.baseUrl })
}

async function run(
  { places, database, tenant }: Opened,
  { search: wanted, format }: Extract<Command, { readonly action: 'search' }>,
  { signal }: Shutdown,
): Promise<number> {
  const { search } = await places.initiatePlacesSearch(database, tenant, wanted)
  say(`Search ${search.id}`)
  let shown = ''
  for (;;) {
    const now = await places.getPlacesSearch(database, tenant, search.id)
    const why = now.error === null ? '' : ` (${now.errorCode ?? ''}: ${now.error})`
    const line = `${now.state}: ${now.stored} places, ${now.new} new, ${now.requests} requests, ${now.tiles.open} areas open${why}`
    if (line !== shown) say(line)
    shown = line
    if (now.finishedAt) {
      await print({ places, database, tenant }, format, { searchId: search.id })
      return now.state === 'succeeded' ? 0 : 1
    }
    if (!(await wait(300, signal))) return 130
  }
}

async function act(opened: Opened, command: Exclude<Command, { readonly action: 'help' | 'search' }>): Promise<number> {
  const { places, database, tenant } = opened
  switch (command.action) {
    case 'list':
    case 'export':
      await print(opened, command.format, command.status === undefined ? {} : { status: command.status })
      return 0
    case 'mark': {
      const { changeId, changed } = await places.updatePlaceStatus(database, tenant, command.ids, command.status)
      say(`${changed} changed; pnpm places undo ${changeId} takes it back.`)
      return 0
    }
    case 'undo':
      say(`${(await places.undoStatusChange(database, tenant, command.change)).changed} changed back.`)
      return 0
    case 'import': {
      // pnpm runs the command in the folder of the package.
      const file = resolve(process.env['INIT_CWD'] ?? '.', command.file)
      await (await open(file)).close()
      const format = /\.(geo)?json$/i.test(file) ? 'geojson' : 'csv'
      const options = { name: basename(file), format } as const
      const { stored, new: fresh } = await places.importPlacesWithOwnSession(tenant, createReadStream(file), options)
      say(`${stored} places, ${fresh} new.`)
      return 0
    }
  }
}

async function print({ places, database, tenant }: Opened, format: PlacesFormat, filter: PlaceFilter): Promise<void> {
  for await (const part of places.exportPlaces(database, tenant, format, filter)) {
    if (!process.stdout.write(part)) await once(process.stdout, 'drain')
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`places: ${explain(error)}\n`)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
