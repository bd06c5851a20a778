/** `pnpm migrate`: makes or updates the tables of the job service and its queue, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migrateJobService } from '../migrate.ts'
import { workerVariables } from '../worker/worker-variables.ts'

await runMigrateCommand({ prefix: 'JOBS_', shape: workerVariables, migrate: migrateJobService })
