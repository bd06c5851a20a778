/** `pnpm --filter @pooler-safe/example-sitemap migrate`: makes or updates the tables, on DIRECT_DATABASE_URL. */
import { commonVariables, createLogger, explain, readConfiguration } from '@pooler-safe/example-foundation'
import { migrateSitemaps } from '../migrate.ts'

const variables = {
  LOG_LEVEL: commonVariables.LOG_LEVEL,
  DIRECT_DATABASE_URL: commonVariables.DATABASE_URL.describe(
    'the URL of PostgreSQL itself or of a session-mode pooler',
  ),
}

try {
  const { DIRECT_DATABASE_URL, LOG_LEVEL } = readConfiguration({ shape: variables, prefix: 'SITEMAP_' })
  const ran = await migrateSitemaps(DIRECT_DATABASE_URL, createLogger({ name: 'migrate', level: LOG_LEVEL }))
  process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Applied ${ran.join(', ')}.\n`)
} catch (error) {
  process.stderr.write(`migrate: ${explain(error)}\n`)
  process.exitCode = 1
}
