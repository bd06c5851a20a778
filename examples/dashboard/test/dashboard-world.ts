import { serve, type ServerType } from '@hono/node-server'
import {
  createApiToken,
  createHttpClient,
  ensureTenant,
  openDatabase,
  silentLogger,
  type Logger,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { startDemoWorld, startPlacesContractServer } from '@pooler-safe/example-foundation/demo'
import { googlePlaces } from '@pooler-safe/example-places-search'
import { openPlatform, startPlatformWorker, type Platform } from '@pooler-safe/example-platform'
import type { AddressInfo } from 'node:net'
import { createDashboard, type DashboardOptions } from '../src/index.ts'

type DemoWorld = Awaited<ReturnType<typeof startDemoWorld>>
type ContractServer = Awaited<ReturnType<typeof startPlacesContractServer>>

export interface DashboardWorldOptions extends Partial<Pick<DashboardOptions, 'live' | 'maxFormBytes' | 'panels'>> {
  /** How long the sites take for an answer. Default 0. */
  readonly siteDelayMs?: number
  /** Whether jobs are worked on from the beginning. Default true. */
  readonly works?: boolean
  readonly logger?: Logger
}

/** The dashboard with everything behind it: services, worker, the demo world and the places contract server. */
export interface DashboardWorld extends AsyncDisposable {
  readonly url: string
  readonly platform: Platform
  readonly world: DemoWorld
  readonly google: ContractServer
  readonly tenant: TenantId
  readonly token: string
  /** Requests that reached the dashboard, as `GET /path`. */
  readonly requests: string[]
  /** Makes another tenant with a token. */
  newTenant(name: string, scopes?: readonly string[]): Promise<{ readonly tenant: TenantId; readonly token: string }>
  startWorking(): void
  /** Ends the server and every connection to it; `listen` starts it on the same port again. */
  stopServer(): Promise<void>
  listen(): Promise<void>
}

/** Opens all of it on the URL of a pooler. */
export async function startDashboardWorld(
  pooledUrl: string,
  { siteDelayMs = 0, works = true, logger = silentLogger(), ...dashboard }: DashboardWorldOptions = {},
): Promise<DashboardWorld> {
  await using opening = new AsyncDisposableStack()
  const world = opening.use(await startDemoWorld({ delayMs: siteDelayMs }))
  const google = opening.use(await startPlacesContractServer())
  const http = opening.use(createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0 }))
  const database = openDatabase({ url: pooledUrl, applicationName: 'dashboard', wireGuard: true, logger })
  opening.defer(() => database.close())
  const provider = googlePlaces({ http, apiKey: google.apiKey, endpoint: `${google.baseUrl}/v1/places:searchText` })
  const platform = opening.use(
    await openPlatform({ database, http, logger, providers: [provider], maintainQueue: true }),
  )
  const newTenant: DashboardWorld['newTenant'] = async (name, scopes = ['*']) => {
    const tenant = await ensureTenant(database, name)
    const { token } = await createApiToken(database, { tenant, name: 'tests', scopes })
    return { tenant, token }
  }
  const { tenant, token } = await newTenant('Anna & Söhne')
  const requests: string[] = []
  const app = createDashboard({ platform, logger, live: { pollMs: 100 }, ...dashboard })
  let server: ServerType | undefined
  let port = 0
  const listen = async (): Promise<void> => {
    server = await new Promise<ServerType>((resolve) => {
      const fetch = (request: Request): Response | Promise<Response> => {
        const { pathname, search } = new URL(request.url)
        requests.push(`${request.method} ${pathname}${search}`)
        return app.fetch(request)
      }
      const started: ServerType = serve({ fetch, port, hostname: '127.0.0.1' }, () => resolve(started))
    })
    port = (server.address() as AddressInfo).port
  }
  const stopServer = async (): Promise<void> => {
    const stopping = server
    server = undefined
    if (!stopping) return
    if ('closeAllConnections' in stopping) stopping.closeAllConnections()
    await new Promise((resolve) => stopping.close(resolve))
  }
  await listen()
  opening.defer(stopServer)
  const startWorking = (): void => {
    opened.use(startPlatformWorker(platform, { pollMs: 20, beatMs: 100 }))
  }
  const opened = opening.move()
  if (works) startWorking()
  return {
    get url() {
      return `http://127.0.0.1:${port}`
    },
    platform,
    world,
    google,
    tenant,
    token,
    requests,
    newTenant,
    startWorking,
    stopServer,
    listen,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
