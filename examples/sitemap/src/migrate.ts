import { fileURLToPath } from 'node:url'
import { migrate, requireMigrated, type Logger, type MigrationSet } from '@pooler-safe/example-foundation'
import { migrateJobService } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'

/** What a service that finds no tables tells its user to run. */
export const migrateCommand = 'pnpm --filter @pooler-safe/example-sitemap migrate'

const sitemapMigrations: MigrationSet = {
  name: 'sitemap',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/**
 * Makes or updates the tables of this service and of the job service it stands on, on the direct URL.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migrateSitemaps(directUrl: string, logger: Logger): Promise<string[]> {
  const ran = await migrateJobService(directUrl, logger)
  return [...ran, ...(await migrate({ directUrl, sets: [sitemapMigrations], logger }))]
}

/** @throws ServiceError DATABASE_NOT_MIGRATED naming the command */
export function requireSitemapTables(session: Session): Promise<void> {
  return requireMigrated(session, [sitemapMigrations], migrateCommand)
}
