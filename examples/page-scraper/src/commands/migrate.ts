/** `migrate`: makes or updates the tables of the page scraper and the job service, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { workerVariables } from '@pooler-safe/example-job-service'
import { migratePageScraper } from '../migrate.ts'

await runMigrateCommand({ prefix: 'JOBS_', shape: workerVariables, migrate: migratePageScraper })
