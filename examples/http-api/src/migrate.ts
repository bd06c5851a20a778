import { fileURLToPath } from 'node:url'
import { migrate, requireMigrated, type Logger, type MigrationSet } from '@pooler-safe/example-foundation'
import { migratePlatform } from '@pooler-safe/example-platform'
import type { Session } from 'pooler-safe'

/** What a process that finds no tables tells its user to run. */
export const migrateCommand = 'pnpm --filter @pooler-safe/example-http-api migrate'

const set: MigrationSet = {
  name: 'http_api',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/**
 * Makes or updates the tables of the API and of all services, on the direct URL. Answers the migrations that ran.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migrateApi(directUrl: string, logger: Logger): Promise<string[]> {
  const ran = await migratePlatform(directUrl, logger)
  return [...ran, ...(await migrate({ directUrl, sets: [set], logger }))]
}

/** @throws ServiceError DATABASE_NOT_MIGRATED naming the command */
export function requireApiTables(session: Session): Promise<void> {
  return requireMigrated(session, [set], migrateCommand)
}
