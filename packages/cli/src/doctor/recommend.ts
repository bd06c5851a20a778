import type { SessionFacts } from './diagnosis.ts'

/** Exact settings of each driver for what was found. */
export function recommend({
  mode,
  namedStatements,
  startup,
}: SessionFacts): Readonly<Record<string, readonly string[]>> {
  if (mode === 'statement') {
    return { every: ['This endpoint has no transactions: use one in transaction mode.'] }
  }
  if (mode === 'direct' || mode === 'session') {
    return {
      'pooler-safe': [`createDatabase({ url: <a transaction-mode URL>, directUrl: <this one> })`],
      every: [
        'Session state works here. Keep it for migrations, LISTEN and dumps: each client connection holds a backend.',
      ],
    }
  }
  const needsUnnamed = namedStatements !== 'translated'
  const noParameters = Object.entries(startup)
    .filter(([, answer]) => answer !== 'applied')
    .map(([name]) => name)
  const parameters = noParameters.length === 0 ? [] : [`leave out ${noParameters.join(', ')}`]
  return {
    'pooler-safe': ['createDatabase({ url: <this one>, directUrl: <the direct URL> })'],
    pg: [
      'new Pool({ connectionString, max: 10, connectionTimeoutMillis: 5_000, keepAlive: true }), no `name` in queries',
      ...parameters,
    ],
    'postgres.js': [
      `postgres(url, { prepare: ${needsUnnamed ? 'false' : 'true'}, fetch_types: false })`,
      ...parameters,
    ],
    Prisma: [needsUnnamed ? 'add ?pgbouncer=true to url, and set directUrl' : 'set directUrl for migrations'],
    'psycopg 3': [needsUnnamed ? 'connect(..., prepare_threshold=None)' : 'no change'],
    asyncpg: [needsUnnamed ? 'create_pool(..., statement_cache_size=0)' : 'no change'],
    pgJDBC: [needsUnnamed ? 'prepareThreshold=0' : 'no change'],
    pgx: [needsUnnamed ? 'default_query_exec_mode=exec' : 'no change'],
  }
}
