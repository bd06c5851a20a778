/** `migrate`: makes or updates the tables of the page scraper and the job service, on DIRECT_DATABASE_URL. */
import { commonVariables, createLogger, explain, readConfiguration } from '@pooler-safe/example-foundation'
import { workerVariables } from '@pooler-safe/example-job-service'
import { migratePageScraper } from '../migrate.ts'

const variables = {
  ...workerVariables,
  DATABASE_URL: commonVariables.DATABASE_URL.optional(),
  DIRECT_DATABASE_URL: commonVariables.DATABASE_URL.describe(
    'the URL of PostgreSQL itself or of a session-mode pooler',
  ),
}

try {
  const { DIRECT_DATABASE_URL, LOG_LEVEL } = readConfiguration({ shape: variables, prefix: 'JOBS_' })
  const ran = await migratePageScraper(DIRECT_DATABASE_URL, createLogger({ name: 'migrate', level: LOG_LEVEL }))
  process.stdout.write(ran.length === 0 ? 'The database is up to date.\n' : `Applied ${ran.join(', ')}.\n`)
} catch (error) {
  process.stderr.write(`migrate: ${explain(error)}\n`)
  process.exitCode = 1
}
