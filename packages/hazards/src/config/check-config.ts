import { describeAddress, type EndpointDescription } from './endpoint.ts'
import type {
  ConfigDriver,
  ConfigEntry,
  ConfigFinding,
  ConfigPooler,
  ConfigProfile,
  ConfigRule,
  ConfigSubject,
} from './profile.ts'
import { readUrl } from './read-url.ts'
import { poolRules } from './rules-pool.ts'
import { postgresJsRules } from './rules-postgres-js.ts'
import { startupRules } from './rules-startup.ts'
import { tlsRules } from './rules-tls.ts'
import { urlRules } from './rules-url.ts'

const rules: readonly ConfigRule[] = [urlRules, startupRules, tlsRules, poolRules, postgresJsRules]

/**
 * Checks connection options or a connection URL for what a transaction-mode pooler makes of them: parameters that it
 * refuses, drops or hands to strangers, flags that the driver does not know, TLS that verifies nobody, pool settings
 * that hurt, the port of another mode.
 *
 * Reads the values as the driver would (under `pg`, parameters of the URL override the object; under postgres.js the
 * object wins). Opens no connection, reads no environment, never throws. Messages name keys and never values.
 *
 * An object without options that a pool wants set (a connect timeout, keep-alive) is reported as well; a URL alone says
 * nothing about them.
 */
export function checkConfig(
  config: string | Readonly<Record<string, unknown>>,
  profile: ConfigProfile = {},
): readonly ConfigFinding[] {
  const subject = readSubject(config, profile)
  // Nothing else is read from a URL that cannot be trusted: what looks like a name in it may be part of a password.
  if (subject.unreadableUrl || subject.suspiciousUrl) return [...urlRules(subject)]
  return rules.flatMap((rule) => [...rule(subject)])
}

function readSubject(config: unknown, profile: ConfigProfile): ConfigSubject {
  const driver = profile.driver ?? 'pg'
  const object =
    typeof config === 'object' && config !== null ? (config as Readonly<Record<string, unknown>>) : undefined
  const text = object
    ? firstText(object, ['connectionString', 'url', 'databaseUrl'])
    : typeof config === 'string'
      ? config
      : ''
  const url = text === undefined ? undefined : readUrl(text)
  const isSocket = text !== undefined && /^(?:\/|socket:)/i.test(text)
  const urlParameters = url?.parameters ?? new Map<string, string>()
  const entries = new Map<string, ConfigEntry>()
  const fromObject = Object.entries(object ?? {}).map(([key, value]) => [key, { value, where: 'options' }] as const)
  const fromUrl = [...urlParameters].map(([key, value]) => [key, { value, where: 'url' }] as const)
  for (const [key, entry] of driver === 'pg' ? [...fromObject, ...fromUrl] : [...fromUrl, ...fromObject]) {
    entries.set(key, entry)
  }
  const inUrl = {
    host: url?.host ?? (isSocket ? text : undefined),
    port: url?.port,
    user: url?.user,
  }
  const inObject = {
    host: firstText(object ?? {}, ['hostname', 'host']),
    port: toPort(object?.['port']),
    user: firstText(object ?? {}, ['user', 'username']),
  }
  const [first, second] = driver === 'postgres.js' ? [inObject, inUrl] : [inUrl, inObject]
  const endpoint = describeAddress({
    host: first.host ?? second.host,
    port: first.port ?? second.port,
    user: first.user ?? second.user,
    parameters: urlParameters,
  })
  return {
    driver,
    pooler: profile.pooler ?? poolerAt(endpoint),
    purpose: profile.purpose ?? 'application',
    endpoint,
    addressIn: (first.host === undefined ? second : first) === inUrl && inUrl.host !== undefined ? 'url' : 'options',
    entries,
    urlParameters,
    ...(object && { object }),
    ...(text !== undefined &&
      !isSocket &&
      (!url || !isPostgres(url.protocol, driver)) && { unreadableUrl: true as const }),
    ...(url?.suspicious && { suspiciousUrl: true as const }),
  }
}

/** Drivers take any protocol; whoever writes another one means another program. */
function isPostgres(protocol: string, driver: ConfigDriver): boolean {
  return /^postgres(?:ql)?$/.test(protocol) || (driver === 'prisma' && /^prisma(?:\+postgres)?$/.test(protocol))
}

/** The profile that an address speaks for. Managed PgBouncers are of a version nobody tells. */
function poolerAt(endpoint: EndpointDescription): ConfigPooler {
  if (endpoint.expectedMode === 'direct') return 'direct'
  switch (endpoint.pooler) {
    case 'supavisor':
    case 'odyssey':
    case 'pgagroal':
    case 'pgdog':
    case 'neon':
      return endpoint.pooler
    case 'pgbouncer':
      return 'pgbouncer-1.25'
    default:
      return 'unknown'
  }
}

function firstText(object: Readonly<Record<string, unknown>>, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = object[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

function toPort(value: unknown): number | undefined {
  const port = Number(value)
  return value !== undefined && Number.isInteger(port) && port > 0 ? port : undefined
}
