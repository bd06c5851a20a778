import type { Evidence } from '../catalogue/entry.ts'
import type { HazardId, Severity } from '../hazard.ts'
import type { EndpointDescription } from './endpoint.ts'

/** The pooler that the options are for. `unknown` assumes any of them. */
export const configPoolers = [
  'pgbouncer-1.18',
  'pgbouncer-1.25',
  'supavisor',
  'odyssey',
  'pgagroal',
  'pgdog',
  'neon',
  'direct',
  'unknown',
] as const
export type ConfigPooler = (typeof configPoolers)[number]

/** The driver that reads the options; each reads the same URL differently. */
export type ConfigDriver = 'pg' | 'postgres.js' | 'prisma'

/** What the options are for. What is left out is concluded from the address, or assumed to be the common case. */
export interface ConfigProfile {
  readonly pooler?: ConfigPooler
  /** Default: `pg`. */
  readonly driver?: ConfigDriver
  /**
   * `application`: queries of requests and jobs, which belong on a transaction-mode endpoint. `session`: migrations,
   * LISTEN, dumps, which need a session of their own. Default: `application`.
   */
  readonly purpose?: 'application' | 'session'
}

/** One thing wrong, or not what it seems, in connection options. Never holds a value of the options. */
export interface ConfigFinding {
  readonly hazard: HazardId
  /** The option or URL parameter, as written; `connectionString`, `host`, `port` or `user` for parts of the address. */
  readonly key: string
  /** Where the option stands. */
  readonly where: 'options' | 'url'
  readonly severity: Severity
  /** What happens, and what to do instead. */
  readonly message: string
  /** How the claim is known for the pooler and the driver at hand. */
  readonly certainty: Evidence
}

/** One option with its place. */
export interface ConfigEntry {
  readonly value: unknown
  readonly where: 'options' | 'url'
}

/** Everything that the rules look at. */
export interface ConfigSubject {
  readonly driver: ConfigDriver
  readonly pooler: ConfigPooler
  readonly purpose: 'application' | 'session'
  readonly endpoint: EndpointDescription
  /** Where host, port and user stand. */
  readonly addressIn: 'options' | 'url'
  /** Options as the driver will see them after the URL and the object have been merged. */
  readonly entries: ReadonlyMap<string, ConfigEntry>
  /** The keys of the object, which the pool reads without looking at the URL; absent when only a URL was given. */
  readonly object?: Readonly<Record<string, unknown>>
  readonly urlParameters: ReadonlyMap<string, string>
  /** Set when a URL was given that cannot be read. */
  readonly unreadableUrl?: true
  readonly suspiciousUrl?: true
}

/** A family of checks over the same options. */
export type ConfigRule = (subject: ConfigSubject) => Iterable<ConfigFinding>

/** Poolers that hand a backend to another client after each transaction, as far as the profile knows. */
export function isPooled({ pooler, endpoint }: ConfigSubject): boolean {
  return pooler !== 'direct' && endpoint.expectedMode !== 'session'
}
