import type { ConnectionTarget, Pooler } from '@pooler-safe/testkit'

type Env = Readonly<Record<string, string | undefined>>
type PoolerAddress = Pick<Pooler, 'url' | 'host' | 'port' | 'user' | 'password' | 'database'>

/** Variables that lead past the pooler, or that poolers refuse at start-up; the child must not have them. */
const taken = ['PGHOSTADDR', 'PGSERVICE', 'PGSERVICEFILE', 'PGSSLMODE', 'PGREQUIRESSL', 'PGCHANNELBINDING']

/** Names of variables that are meant to lead past a pooler: for migrations, for LISTEN. */
const pastPoolers = /(?:^|_)(?:DIRECT|UNPOOLED|NON_POOLING|MIGRATIONS?|MIGRATE|ADMIN|SHADOW)(?:_|$)/i

const loopback = new Set(['', 'localhost', '127.0.0.1', '::1', '[::1]'])

function isSameHost(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase() || (loopback.has(left) && loopback.has(right))
}

/** `postgres://`, and what libraries write before it: `jdbc:postgresql://`, `postgresql+asyncpg://`. */
const urlPattern =
  /^((?:jdbc:)?postgres(?:ql)?(?:\+\w+)?:\/\/)(?:([^@/?#]*)@)?(\[[^\]]*\]|[^:/?#,]*)(?::(\d+))?(\/[^?#]*)?(\?[^#]*)?$/i

/** Parameters about encryption: the pooler on loopback has none. */
const encryption = /^(?:ssl|sslmode|sslrootcert|sslcert|sslkey|channel_binding|requiressl|sslaccept)$/i

/** A URL of the server behind the pooler, led to the pooler; undefined when it is of another server, or no URL. */
function redirect(value: string, server: ConnectionTarget, pooler: PoolerAddress): string | undefined {
  const match = urlPattern.exec(value)
  if (!match) return undefined
  const [, scheme = '', login, host = '', port, path = '', query = ''] = match
  if (!isSameHost(decodeURIComponent(host), server.host) || Number(port ?? 5432) !== server.port) return undefined
  const kept = query
    .slice(1)
    .split('&')
    .filter((pair) => pair !== '' && !encryption.test(pair.split('=')[0] ?? ''))
  // Who logs in where stays the program's own choice.
  const who = login === undefined ? '' : `${login}@`
  return `${scheme}${who}${pooler.host}:${pooler.port}${path}${kept.length === 0 ? '' : `?${kept.join('&')}`}`
}

/** The port that goes with a variable such as `DB_HOST`. */
function portFor(env: Env, hostName: string): string {
  return `${hostName.slice(0, -'HOST'.length)}PORT`
}

/**
 * The environment of the command: every variable that names the server names the pooler instead. `DATABASE_URL` and the
 * `PG*` of libpq always do; others, such as `POSTGRES_URL` or `DB_HOST` with `DB_PORT`, where they named that server, and
 * `more` in any case. Variables that are meant to lead past poolers (`DIRECT_…`, `…_UNPOOLED`, `MIGRATION_…`) stay.
 */
export function environmentFor(
  pooler: PoolerAddress,
  env: Env,
  more: readonly string[],
  server?: ConnectionTarget,
): Readonly<Record<string, string | undefined>> {
  const result: Record<string, string | undefined> = {}
  for (const [name, value] of Object.entries(env)) {
    if (taken.includes(name)) continue
    result[name] = value
    if (value === undefined || server === undefined || pastPoolers.test(name)) continue
    const led = redirect(value, server, pooler)
    if (led !== undefined) result[name] = led
  }
  if (server) redirectHosts(result, env, server, pooler)
  const url = env['DATABASE_URL'] === undefined ? undefined : server && redirect(env['DATABASE_URL'], server, pooler)
  return {
    ...result,
    DATABASE_URL: url ?? pooler.url,
    ...Object.fromEntries(more.map((name) => [name, pooler.url])),
    PGHOST: pooler.host,
    PGPORT: String(pooler.port),
    PGUSER: pooler.user,
    PGPASSWORD: pooler.password,
    PGDATABASE: pooler.database,
  }
}

function redirectHosts(
  result: Record<string, string | undefined>,
  env: Env,
  server: ConnectionTarget,
  pooler: PoolerAddress,
): void {
  for (const [name, host] of Object.entries(env)) {
    if (!name.endsWith('_HOST') || host === undefined || host === '' || pastPoolers.test(name)) continue
    const portName = portFor(env, name)
    const port = env[portName]
    // Without a port only a name that speaks of databases is meant.
    const isDatabase = /(?:^|_)(?:DB|DATABASE|PG|POSTGRES|POSTGRESQL|SQL)_HOST$/.test(name)
    if (port === undefined ? !isDatabase || server.port !== 5432 : Number(port) !== server.port) continue
    if (!isSameHost(host, server.host)) continue
    result[name] = pooler.host
    result[portName] = String(pooler.port)
  }
}
