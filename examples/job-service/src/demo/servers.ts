import {
  findPgBouncer,
  startPgBouncer,
  startPooler,
  startPostgres,
  auditThroughPooler,
  type BackendAudit,
  type PostgresServer,
} from '@pooler-safe/testkit'
import { createDatabase } from 'pooler-safe'
import { auditGivenPooler } from './audit-given-pooler.ts'
import { BackendLog } from './backend-log.ts'
import type { DemoOptions, PoolerKind } from './options.ts'

/** The PostgreSQL that the jobs live in. */
export interface Upstream extends AsyncDisposable {
  readonly description: string
  readonly directUrl: string | undefined
}

/** What the service and its workers connect to. */
export interface Endpoint extends AsyncDisposable {
  /** What it is and how it is set. */
  readonly description: string
  /** What it is, in a sentence. */
  readonly name: string
  readonly kind: PoolerKind | 'given'
  readonly url: string
  readonly log: BackendLog
  /** Whether `log` is filled by itself. */
  readonly isRecorded: boolean
  /** Asks every backend what was left on it. Undefined where nobody shares backends. */
  audit(): Promise<BackendAudit[] | undefined>
}

const poolSize = 4

const sources: Readonly<Record<PostgresServer['source'], string>> = {
  url: 'the given one',
  local: 'installed here, new and empty',
  embedded: 'from npm, new and empty',
  container: 'in a container, new and empty',
}

/** The given PostgreSQL, or a new one that is deleted afterwards. */
export async function openUpstream(
  { databaseUrl, directUrl }: DemoOptions,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Upstream> {
  if (databaseUrl !== undefined) {
    return {
      description: await versionAt(directUrl ?? databaseUrl),
      directUrl,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    }
  }
  const server = await startPostgres({ url: directUrl, signal, onProgress })
  return {
    description: `PostgreSQL ${server.version}, ${sources[server.source]}`,
    directUrl: server.url,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

async function versionAt(url: string): Promise<string> {
  const silent = (): void => undefined
  const database = createDatabase({ url, max: 1, connectionTimeoutMs: 15_000, onError: silent, onWarning: silent })
  try {
    const { rows } = await database.query<{ version: string }>(`select current_setting('server_version') as version`)
    return `PostgreSQL ${rows[0]?.version.split(' ', 1).join('') ?? ''}, the given one`
  } finally {
    await database.close()
  }
}

/** The given pooler, or one that is started in front of `directUrl`. */
export async function openEndpoint(
  { databaseUrl, pooler, port }: DemoOptions,
  { directUrl }: Upstream,
): Promise<Endpoint> {
  if (databaseUrl !== undefined || directUrl === undefined) return givenEndpoint(databaseUrl ?? '')
  switch (pooler ?? (findPgBouncer() === undefined ? 'rotating' : 'pgbouncer')) {
    case 'rotating':
      return rotatingEndpoint(directUrl, port)
    case 'pgbouncer':
      return pgBouncerEndpoint(directUrl, port)
    case 'none':
      return {
        description: 'none: every client connection has a backend of its own',
        name: 'no pooler',
        kind: 'none',
        url: directUrl,
        log: new BackendLog('sightings'),
        isRecorded: false,
        audit: () => Promise.resolve(undefined),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }
  }
}

function givenEndpoint(url: string): Endpoint {
  return {
    description: 'the given one',
    name: 'the given pooler',
    kind: 'given',
    url,
    log: new BackendLog('sightings'),
    isRecorded: false,
    audit: () => auditGivenPooler(url, poolSize),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function rotatingEndpoint(upstream: string, port: number | undefined): Promise<Endpoint> {
  const log = new BackendLog('transactions')
  const pooler = await startPooler({ upstream, poolSize, onEvent: log.hear, ...(port === undefined ? {} : { port }) })
  return {
    description: `rotating pooler on port ${pooler.port}, ${poolSize} transactions at once, seed ${pooler.seed}`,
    name: 'the rotating pooler',
    kind: 'rotating',
    url: pooler.url,
    log,
    isRecorded: true,
    audit: () => pooler.audit(),
    [Symbol.asyncDispose]: () => pooler.stop({ drainMs: 200 }),
  }
}

async function pgBouncerEndpoint(upstream: string, port: number | undefined): Promise<Endpoint> {
  // Left to itself an idle PgBouncer hands out the same backend again and again.
  const config = { server_round_robin: 1 }
  const bouncer = await startPgBouncer({ upstream, poolSize, config, ...(port === undefined ? {} : { port }) })
  return {
    description: `PgBouncer ${bouncer.version} on port ${bouncer.port}, transaction mode, ${poolSize} backends`,
    name: `PgBouncer ${bouncer.version}`,
    kind: 'pgbouncer',
    url: bouncer.url,
    log: new BackendLog('sightings'),
    isRecorded: false,
    audit: () => auditThroughPooler(bouncer.url, poolSize),
    [Symbol.asyncDispose]: () => bouncer.stop(),
  }
}
