/** `pnpm migrate`: makes or updates the tables of the batch processor and of the job service, on DIRECT_DATABASE_URL. */
import { runMigrateCommand } from '@pooler-safe/example-foundation'
import { migrateBatchProcessor } from '../migrate.ts'
import { batchVariables } from './variables.ts'

await runMigrateCommand({ prefix: 'BATCH_', shape: batchVariables, migrate: migrateBatchProcessor })
