import type { PoolerKey } from '../poolers.ts'
import { readUrl } from './read-url.ts'

/** How an endpoint treats its clients, as far as its address tells. */
export type EndpointMode = 'transaction' | 'session' | 'direct' | 'unknown'

/** What the address of an endpoint says about it. Holds no credentials. */
export interface EndpointDescription {
  /** Who runs it, when the host name is known. */
  readonly provider?: Provider
  /** The pooler that answers there. */
  readonly pooler?: PoolerKey
  readonly expectedMode: EndpointMode
  /**
   * `documented`: the provider states that this host and port have this mode. `inferred`: names and ports suggest it.
   * Only a probe knows.
   */
  readonly certainty: 'documented' | 'inferred'
  readonly host?: string
  readonly port: number
  /** The user name is expected to carry a tenant (`user.tenant`) and does not. */
  readonly missingTenant?: true
  /** Where the other mode of the same database is found, in words. */
  readonly otherModes?: string
}

export type Provider =
  'supabase' | 'neon' | 'prisma-postgres' | 'amazon-rds' | 'azure' | 'digitalocean' | 'crunchy-bridge' | 'planetscale'

/** An address taken apart. */
export interface EndpointAddress {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly user?: string | undefined
  readonly parameters?: ReadonlyMap<string, string> | undefined
}

const defaultPort = 5432

/**
 * Says what a connection URL points at: the provider, the pooler and the mode to expect, judged by host name and port
 * alone. Opens no connection and never throws; what cannot be told is `unknown`.
 */
export function describeEndpoint(url: string): EndpointDescription {
  const read = readUrl(url)
  return describeAddress(read && !read.suspicious ? read : {})
}

/** {@link describeEndpoint} for an address that has been taken apart already. */
export function describeAddress(address: EndpointAddress): EndpointDescription {
  const host = address.host?.toLowerCase()
  const port = address.port ?? defaultPort
  const found = host === undefined ? undefined : providerOf(host, port, address)
  return {
    expectedMode: 'unknown',
    certainty: 'inferred',
    ...guess(host, port, address),
    ...found,
    ...(host !== undefined && { host }),
    port,
  }
}

type Description = Omit<EndpointDescription, 'host' | 'port'>

function providerOf(host: string, port: number, address: EndpointAddress): Description | undefined {
  if (isWithin(host, 'pooler.supabase.com')) return supabasePooler(port, address)
  if (/^db\.[a-z0-9]+\.supabase\.(?:co|com|net)$/.test(host)) return supabaseDirect(port)
  if (isWithin(host, 'neon.tech') || isWithin(host, 'neon.build')) return neon(host)
  if (host === 'pooled.db.prisma.io')
    return documented('prisma-postgres', 'transaction', 'the host db.prisma.io is direct', 'pgbouncer')
  if (host === 'db.prisma.io')
    return documented('prisma-postgres', 'direct', 'the host pooled.db.prisma.io is in transaction mode')
  if (isWithin(host, 'rds.amazonaws.com')) {
    return /\.proxy-[a-z0-9]+\./.test(host)
      ? documented('amazon-rds', 'transaction', 'the endpoint of the instance or cluster is direct', 'rds-proxy')
      : documented('amazon-rds', 'direct', 'an RDS Proxy has an endpoint of its own')
  }
  if (isWithin(host, 'postgres.database.azure.com')) return byPort('azure', port, 6432)
  if (isWithin(host, 'db.ondigitalocean.com')) return byPort('digitalocean', port, 25061)
  if (isWithin(host, 'db.postgresbridge.com')) return byPort('crunchy-bridge', port, 5431)
  if (isWithin(host, 'psdb.cloud')) return byPort('planetscale', port, 6432)
  return undefined
}

function supabasePooler(port: number, { user, parameters }: EndpointAddress): Description {
  const named = user?.includes('.') === true || /\breference=/.test(parameters?.get('options') ?? '')
  const tenant = user === undefined || named ? {} : ({ missingTenant: true } as const)
  const modes = 'port 6543 is in transaction mode, port 5432 in session mode'
  if (port === 6543) return { ...documented('supabase', 'transaction', modes, 'supavisor'), ...tenant }
  if (port === defaultPort) return { ...documented('supabase', 'session', modes, 'supavisor'), ...tenant }
  return { provider: 'supabase', pooler: 'supavisor', expectedMode: 'unknown', certainty: 'inferred', ...tenant }
}

function supabaseDirect(port: number): Description {
  const modes = 'port 6543 is in transaction mode, port 5432 is direct'
  if (port === 6543) return documented('supabase', 'transaction', modes, 'pgbouncer')
  return documented('supabase', 'direct', modes)
}

function neon(host: string): Description {
  const modes = 'the host name with "-pooler" after the endpoint id is in transaction mode, the one without is direct'
  const pooled = host.slice(0, host.indexOf('.')).endsWith('-pooler')
  return pooled ? documented('neon', 'transaction', modes, 'neon') : documented('neon', 'direct', modes)
}

/** Providers that put PgBouncer, in transaction mode unless configured otherwise, on a port beside PostgreSQL's. */
function byPort(provider: Provider, port: number, poolerPort: number): Description {
  const pooled = port === poolerPort
  return {
    provider,
    ...(pooled && { pooler: 'pgbouncer' as const }),
    expectedMode: pooled ? 'transaction' : 'direct',
    certainty: pooled ? 'inferred' : 'documented',
    otherModes: `port ${poolerPort} is PgBouncer, by default in transaction mode`,
  }
}

function documented(
  provider: Provider,
  expectedMode: EndpointMode,
  otherModes: string,
  pooler?: PoolerKey,
): Description {
  return { provider, expectedMode, certainty: 'documented', otherModes, ...(pooler && { pooler }) }
}

/** Where the provider is not known, only habits speak: port 6432 is PgBouncer's, 6543 Supavisor's transaction mode. */
function guess(host: string | undefined, port: number, { parameters }: EndpointAddress): Partial<Description> {
  const name = /(pgbouncer|supavisor|odyssey|pgagroal|pgdog|pgcat|pgpool)/.exec(host ?? '')?.[1] as
    PoolerKey | undefined
  const pooler = name ?? (port === 6432 ? 'pgbouncer' : port === 6543 ? 'supavisor' : undefined)
  const transaction = port === 6543 || parameters?.get('pgbouncer') === 'true'
  return { ...(pooler && { pooler }), ...(transaction && { expectedMode: 'transaction' as const }) }
}

function isWithin(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`)
}
