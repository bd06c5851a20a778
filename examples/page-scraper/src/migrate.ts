import { fileURLToPath } from 'node:url'
import { migrate, requireMigrated, type Logger, type MigrationSet } from '@pooler-safe/example-foundation'
import { migrateJobService } from '@pooler-safe/example-job-service'
import type { Session } from 'pooler-safe'

/** What a service that finds no tables tells its user to run. */
export const migrateCommand = 'pnpm --filter @pooler-safe/example-page-scraper migrate'

const pageMigrations: MigrationSet = {
  name: 'page_scraper',
  folder: fileURLToPath(new URL('../migrations', import.meta.url)),
}

/**
 * Makes or updates the tables of the page scraper and of the job service that it stands on, on the direct URL.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migratePageScraper(directUrl: string, logger: Logger): Promise<string[]> {
  const jobs = await migrateJobService(directUrl, logger)
  return [...jobs, ...(await migrate({ directUrl, sets: [pageMigrations], logger }))]
}

/** @throws ServiceError DATABASE_NOT_MIGRATED naming the command */
export function requirePageTables(session: Session): Promise<void> {
  return requireMigrated(session, [pageMigrations], migrateCommand)
}
