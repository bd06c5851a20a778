import type { Provider } from './endpoint.ts'
import type { ConfigFinding, ConfigSubject } from './profile.ts'
import { isPooled } from './profile.ts'
import { mayBePassword } from './read-url.ts'

/** URL parameters that `pg` itself reads; it copies all others into its options, where nobody looks at them. */
const readByPg = new Set([
  'user',
  'password',
  'host',
  'port',
  'database',
  'ssl',
  'sslmode',
  'sslcert',
  'sslkey',
  'sslrootcert',
  'sslnegotiation',
  'uselibpqcompat',
  'options',
  'replication',
  'application_name',
  'fallback_application_name',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
  'query_timeout',
  'client_encoding',
  'db',
  'encoding',
])

/** Parameters of other drivers, with what to do instead under `pg`. */
const folklore: Readonly<Record<string, string>> = {
  pgbouncer: 'it is a flag of Prisma up to version 6. Unnamed statements, which pg sends by default, need no flag',
  prepare: 'it is an option of postgres.js. Do not give queries a name',
  prepared_statements: 'it is an option of other drivers. Do not give queries a name',
  statement_cache_size: 'it is an option of asyncpg and Prisma. pg has no statement cache',
  prepared_statement_cache_size: 'it is an option of SQLAlchemy with asyncpg. pg has no statement cache',
  prepareThreshold: 'it is an option of pgJDBC. Do not give queries a name',
  default_query_exec_mode: 'it is an option of pgx. Do not give queries a name',
  max_pipeline: 'it is an option of postgres.js. pg does not pipeline unless told to',
  connection_limit: 'it is an option of Prisma. Use `max` in the options of the pool',
  pool_timeout: 'it is an option of Prisma. Use `connectionTimeoutMillis` in the options of the pool',
  connect_timeout: 'use `connectionTimeoutMillis` in the options',
  socket_timeout: 'it is an option of Prisma. Use `query_timeout`, with a shorter statement_timeout per transaction',
  schema: 'it is an option of Prisma. Qualify the names of tables',
  currentSchema: 'it is an option of pgJDBC. Qualify the names of tables',
  search_path: 'qualify the names of tables, or use SET LOCAL search_path in the transaction',
  target_session_attrs: 'pg connects to the first host that answers. Check pg_is_in_recovery() where it matters',
}

/** Options of the pool and the socket that `pg` takes from its options object and never from the URL. */
const objectOnly = new Set([
  'max',
  'min',
  'maxUses',
  'maxLifetimeSeconds',
  'idleTimeoutMillis',
  'connectionTimeoutMillis',
  'keepAlive',
  'keepAliveInitialDelayMillis',
  'allowExitOnIdle',
  'pipeline',
  'binary',
  'enableChannelBinding',
])

/** Providers whose modes have host names of their own, not ports. */
const byHost: ReadonlySet<string | undefined> = new Set<Provider>(['neon', 'prisma-postgres', 'amazon-rds'])

/** Parameters of the URL that do not do what they look like, and the address itself. */
export function* urlRules(subject: ConfigSubject): Generator<ConfigFinding> {
  yield* addressFindings(subject)
  if (subject.unreadableUrl || subject.suspiciousUrl) return
  if (subject.driver === 'pg') yield* ignoredByPg(subject)
  if (subject.driver === 'prisma') yield* prismaFindings(subject)
}

function* ignoredByPg({ urlParameters, object }: ConfigSubject): Generator<ConfigFinding> {
  for (const key of urlParameters.keys()) {
    const where = 'url' as const
    if (key === 'channel_binding') {
      if (object?.['enableChannelBinding'] === true) continue
      yield {
        hazard: 'scram-channel-binding',
        key,
        where,
        severity: 'wrong',
        message:
          'pg ignores channel_binding in the URL: nothing is bound. Set enableChannelBinding in the options for direct connections; a pooler that ends TLS cannot offer it.',
        certainty: 'source',
      }
      continue
    }
    if (key === 'ssl' && urlParameters.get('ssl') === 'false') {
      yield {
        hazard: 'url-flag-folklore',
        key,
        where,
        severity: 'wrong',
        message: 'pg takes ssl=false for a text, which turns TLS on. Write sslmode=disable, or sslmode=verify-full.',
        certainty: 'source',
      }
      continue
    }
    if (readByPg.has(key)) continue
    const reason = objectOnly.has(key) ? 'pg reads it from the options object only' : folklore[key]
    // A raw `&` in a password makes a parameter out of the rest of it.
    const named = reason !== undefined || !mayBePassword(urlParameters, key)
    yield {
      hazard: 'url-flag-folklore',
      key: named ? key : 'password',
      where,
      severity: 'wrong',
      message: named
        ? `pg ignores "${key}" in the URL: ${reason ?? 'no code reads it'}.`
        : 'pg ignores a parameter after "password": percent-encode special characters of the password (& is %26).',
      certainty: 'source',
    }
  }
}

function* addressFindings(subject: ConfigSubject): Generator<ConfigFinding> {
  const { endpoint, purpose } = subject
  const address = { key: 'connectionString', where: 'url' } as const
  if (subject.unreadableUrl) {
    yield {
      ...address,
      hazard: 'wrong-port',
      severity: 'error',
      message:
        'This is not a connection URL. Write postgres://user:password@host:port/database, with special characters of the password percent-encoded.',
      certainty: 'inferred',
    }
    return
  }
  if (subject.suspiciousUrl) {
    yield {
      ...address,
      hazard: 'tenant-routing',
      severity: 'error',
      message:
        'The URL holds a "#", an "@" behind the host, or a parameter without a value: percent-encode special characters of the password (# is %23, / is %2F, ? is %3F, @ is %40, & is %26).',
      certainty: 'inferred',
    }
    return
  }
  const where = subject.addressIn
  const key = byHost.has(endpoint.provider) ? 'host' : 'port'
  if (endpoint.missingTenant) {
    yield {
      key: 'user',
      where,
      hazard: 'tenant-routing',
      severity: 'error',
      message: 'Supavisor finds the project by the user name: write it as user.project-ref.',
      certainty: 'documented',
    }
  }
  const elsewhere = endpoint.otherModes === undefined ? '' : ` At this provider ${endpoint.otherModes}.`
  if (purpose === 'application' && endpoint.expectedMode === 'session') {
    yield {
      key,
      where,
      hazard: 'wrong-port',
      severity: 'error',
      message: `This endpoint is in session mode: every client connection holds a backend, and the pool is soon full.${elsewhere}`,
      certainty: endpoint.certainty,
    }
  }
  if (purpose === 'session' && endpoint.expectedMode === 'transaction') {
    yield {
      key,
      where,
      hazard: 'wrong-port',
      severity: 'error',
      message: `This endpoint is in transaction mode; migrations, LISTEN and session locks need a direct or session-mode URL.${elsewhere}`,
      certainty: endpoint.certainty,
    }
  }
}

function* prismaFindings(subject: ConfigSubject): Generator<ConfigFinding> {
  const { urlParameters } = subject
  const flag = urlParameters.get('pgbouncer') === 'true'
  if (flag) {
    yield {
      hazard: 'url-flag-folklore',
      key: 'pgbouncer',
      where: 'url',
      severity: 'wrong',
      message:
        'With driver adapters (Prisma 7) this flag does nothing; remove it. With the engine of Prisma up to 6 it sends DEALLOCATE ALL in every transaction, which hurts other clients of poolers that track statements.',
      certainty: 'source',
    }
  } else if (
    subject.purpose === 'application' &&
    isPooled(subject) &&
    subject.endpoint.expectedMode === 'transaction'
  ) {
    yield {
      hazard: 'named-parse',
      key: 'connectionString',
      where: 'url',
      severity: 'error',
      message:
        'The engine of Prisma up to 6 names its prepared statements, which a transaction-mode pooler without statement tracking does not survive. Use a driver adapter (@prisma/adapter-pg).',
      certainty: 'reported',
    }
  }
  if (urlParameters.has('statement_cache_size')) {
    yield {
      hazard: 'url-flag-folklore',
      key: 'statement_cache_size',
      where: 'url',
      severity: 'wrong',
      message: 'With driver adapters (Prisma 7) this parameter does nothing; remove it.',
      certainty: 'source',
    }
  }
}
