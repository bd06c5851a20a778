import { fileURLToPath } from 'node:url'
import { migrate, requireMigrated, type Logger, type MigrationSet } from '@pooler-safe/example-foundation'
import { migrateJobService, requireJobTables } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'

/** What a process that finds no tables tells its user to run. */
export const migrateCommand = 'pnpm --filter @pooler-safe/example-batch-processor migrate'

const set: MigrationSet = {
  name: 'batch_processor',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/**
 * Makes or updates the tables of the batch processor and of what it stands on, on the direct URL.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migrateBatchProcessor(directUrl: string, logger: Logger): Promise<string[]> {
  const ran = await migrateJobService(directUrl, logger)
  return [...ran, ...(await migrate({ directUrl, sets: [set], logger }))]
}

/** @throws ServiceError DATABASE_NOT_MIGRATED naming the command */
export async function requireBatchTables(session: Session): Promise<void> {
  await requireJobTables(session)
  await requireMigrated(session, [set], migrateCommand)
}
