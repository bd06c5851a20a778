import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  auditThroughPooler,
  findPgBouncer,
  startPgBouncer,
  startPooler,
  startPostgres,
  TestkitError,
  type BackendAudit,
  type PostgresServer,
} from '@pooler-safe/testkit'
import type { DataDirectory } from './data-directory.ts'
import { LaunchError } from './launch-error.ts'
import type { LaunchOptions } from './options.ts'

/** What the services connect to. */
export interface Endpoint extends AsyncDisposable {
  /** What it is and how it is set. */
  readonly description: string
  readonly kind: 'pgbouncer' | 'rotating' | 'given'
  readonly url: string
  /** Backends that it opens at most, where that is known. */
  readonly poolSize: number | undefined
  /** Asks every backend what was left on it, where the pooler itself can tell; undefined: ask through it. */
  readonly audit: (() => Promise<BackendAudit[]>) | undefined
}

/** The PostgreSQL that the data live in. */
export interface Upstream extends AsyncDisposable {
  readonly description: string
  readonly directUrl: string
}

const poolSize = 6

const sources: Readonly<Record<PostgresServer['source'], string>> = {
  url: 'the given one',
  local: 'installed here',
  embedded: 'from npm',
  container: 'in a container',
}

/** A PostgreSQL whose data survive. @throws LaunchError */
export async function openOwnUpstream(
  directory: DataDirectory,
  signal: AbortSignal,
  onProgress: (line: string) => void,
): Promise<Upstream> {
  const server = await startPostgres({ dataDir: directory.cluster, signal, onProgress }).catch((error: unknown) => {
    if (!(error instanceof TestkitError)) throw error
    if (error.code === 'data-directory') {
      throw new LaunchError(`${firstLine(error)} Give another directory with --data-dir.`)
    }
    const major = clusterMajor(directory.cluster)
    if (error.code === 'postgres-not-found' && major !== undefined) {
      throw new LaunchError(
        `${directory.cluster} was made by PostgreSQL ${major}, which was not found here: install it, or give another directory with --data-dir.`,
      )
    }
    if (error.code === 'postgres-start-failed') throw new LaunchError(startFailure(error))
    throw error
  })
  return {
    description: `PostgreSQL ${server.version}, ${sources[server.source]}, data in ${directory.cluster}`,
    directUrl: server.url,
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function clusterMajor(cluster: string): string | undefined {
  try {
    return readFileSync(join(cluster, 'PG_VERSION'), 'utf8').trim()
  } catch {
    return undefined
  }
}

const firstLine = (error: Error): string => error.message.split('\n', 1)[0] ?? ''

/** PostgreSQL's log says why: its last FATAL line, else its last one. */
function startFailure(error: Error): string {
  const [said = '', ...log] = error.message.split('\n').filter(Boolean)
  const why = log.findLast((line) => line.includes('FATAL')) ?? log.at(-1) ?? ''
  return `${said.replace(/:$/, '')}: ${why.replace(/^.*?(FATAL|ERROR):\s*/, '')}`
}

/** A pooler in front of `directUrl`. */
export async function openOwnEndpoint({ pooler }: LaunchOptions, directUrl: string): Promise<Endpoint> {
  const kind = pooler ?? (findPgBouncer() === undefined ? 'rotating' : 'pgbouncer')
  return kind === 'rotating' ? rotatingEndpoint(directUrl) : pgBouncerEndpoint(directUrl)
}

async function rotatingEndpoint(upstream: string): Promise<Endpoint> {
  const pooler = await startPooler({ upstream, poolSize })
  return {
    description: `the rotating pooler of this repository on port ${pooler.port}, transaction mode, ${poolSize} backends (PgBouncer is used when it is installed)`,
    kind: 'rotating',
    url: pooler.url,
    poolSize,
    audit: () => pooler.audit(),
    [Symbol.asyncDispose]: () => pooler.stop({ drainMs: 200 }),
  }
}

async function pgBouncerEndpoint(upstream: string): Promise<Endpoint> {
  // Left to itself an idle PgBouncer hands out the same backend again and again.
  const bouncer = await startPgBouncer({ upstream, poolSize, config: { server_round_robin: 1 } })
  return {
    description: `PgBouncer ${bouncer.version} on port ${bouncer.port}, transaction mode, ${poolSize} backends`,
    kind: 'pgbouncer',
    url: bouncer.url,
    poolSize,
    audit: () => auditThroughPooler(bouncer.url, poolSize),
    [Symbol.asyncDispose]: () => bouncer.stop(),
  }
}

export function givenEndpoint(url: string): Endpoint {
  return {
    description: 'the given one',
    kind: 'given',
    url,
    poolSize: undefined,
    audit: undefined,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}
