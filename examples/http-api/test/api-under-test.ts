import {
  createApiToken,
  createHttpClient,
  createLogger,
  ensureTenant,
  openDatabase,
  silentLogger,
  type Logger,
  type TenantId,
} from '@pooler-safe/example-foundation'
import { startDemoWorld, startPlacesContractServer } from '@pooler-safe/example-foundation/demo'
import { googlePlaces } from '@pooler-safe/example-places-search'
import { openPlatform, type Platform } from '@pooler-safe/example-platform'
import { useTestDatabase, type TestDatabase } from '@pooler-safe/tests/support'
import type { Database } from 'pooler-safe'
import { afterAll, beforeAll } from 'vitest'
import { z } from 'zod'
import { createApi, migrateApi, serveApi, type ApiOptions, type OpenApi, type RunningApi } from '../src/index.ts'
import { watchedPlatform } from './watched-platform.ts'

export const testLogger: Logger =
  process.env['LOG_LEVEL'] === undefined ? silentLogger() : createLogger({ name: 'test', level: 'debug' })

/** A migrated database for the file. */
export function useApiDatabase(): TestDatabase {
  return useTestDatabase({
    template: 'http-api',
    prepare: async (directUrl) => {
      await migrateApi(directUrl, testLogger)
    },
  })
}

export type Call = (path: string, init?: RequestInit & { readonly json?: unknown }) => Promise<Response>

/** The API on a port of its own, with two tenants. */
export interface ApiUnderTest {
  readonly database: Database
  readonly platform: Platform
  /** Methods of the services that requests have called, such as `jobs.createJob`. */
  readonly called: ReadonlySet<string>
  readonly world: Awaited<ReturnType<typeof startDemoWorld>>
  readonly api: OpenApi
  readonly url: string
  readonly tenant: TenantId
  readonly otherTenant: TenantId
  readonly token: string
  readonly otherToken: string
  /** Asks as the tenant, or as who has another token. */
  readonly call: Call
  readonly as: (token: string) => Call
  close(): Promise<void>
}

/** A job type that is not one of the services'. */
const echo = { payload: z.strictObject({ text: z.string() }), maxAttempts: 1 }

export async function openApiUnderTest(url: string, options: Partial<ApiOptions> = {}): Promise<ApiUnderTest> {
  const stack = new AsyncDisposableStack()
  const world = stack.use(await startDemoWorld())
  const google = stack.use(await startPlacesContractServer())
  const http = stack.use(createHttpClient({ allowLoopback: true, resolve: world.resolve, perHostDelayMs: 0 }))
  const database = openDatabase({ url, applicationName: 'http-api', max: 6, wireGuard: true, logger: testLogger })
  stack.defer(() => database.close())
  const endpoint = `${google.baseUrl}/v1/places:searchText`
  const provider = googlePlaces({ http, apiKey: google.apiKey, endpoint })
  const platform = stack.use(
    await openPlatform({ database, http, logger: testLogger, providers: [provider], types: { 'test.echo': echo } }),
  )
  const rateLimit = { burst: 100_000, perSecond: 100_000 }
  const called = new Set<string>()
  const api = createApi({ platform: watchedPlatform(platform, called), logger: testLogger, rateLimit, ...options })
  const running: RunningApi = stack.use(await serveApi(api, { session: database, logger: testLogger, graceMs: 500 }))
  const tenant = await ensureTenant(database, 'first')
  const otherTenant = await ensureTenant(database, 'second')
  const tokenOf = async (of: TenantId): Promise<string> =>
    (await createApiToken(database, { tenant: of, name: 'test', scopes: ['*'] })).token
  const [token, otherToken] = [await tokenOf(tenant), await tokenOf(otherTenant)]
  const as =
    (bearer: string): Call =>
    (path, { json, ...init } = {}) =>
      fetch(`${running.url}${path}`, {
        ...init,
        ...(json === undefined ? {} : { method: init.method ?? 'POST', body: JSON.stringify(json) }),
        headers: {
          authorization: `Bearer ${bearer}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(init.headers as Record<string, string>),
        },
      })
  return {
    database,
    platform,
    called,
    world,
    api,
    url: running.url,
    tenant,
    otherTenant,
    token,
    otherToken,
    call: as(token),
    as,
    close: () => stack.disposeAsync(),
  }
}

/** The API for the tests of a file or block. */
export function useApi(url: () => string, options: Partial<ApiOptions> = {}): { readonly current: ApiUnderTest } {
  let opened: ApiUnderTest | undefined
  beforeAll(async () => {
    opened = await openApiUnderTest(url(), options)
  })
  afterAll(() => opened?.close())
  return {
    get current() {
      if (!opened) throw new Error('The API is open from beforeAll on.')
      return opened
    },
  }
}

export interface ProblemBody {
  readonly status: number
  readonly code: string
  readonly detail: string
  readonly hint?: string
  readonly requestId: string
  readonly errors?: readonly { readonly field: string; readonly message: string }[]
}

export async function problem(response: Response): Promise<ProblemBody> {
  return (await response.json()) as ProblemBody
}
