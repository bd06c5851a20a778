import { migrateBatchProcessor } from '@pooler-safe/example-batch-processor'
import type { Logger } from '@pooler-safe/example-foundation'
import { migratePageScraper } from '@pooler-safe/example-page-scraper'
import { migratePlaces } from '@pooler-safe/example-places-search'
import { migrateSitemaps } from '@pooler-safe/example-sitemap'

/**
 * Makes or updates the tables of all services, on the direct URL. Answers the migrations that ran.
 *
 * @throws ServiceError MIGRATION_NEEDS_DIRECT_URL, MIGRATION_FAILED
 */
export async function migratePlatform(directUrl: string, logger: Logger): Promise<string[]> {
  const ran: string[] = []
  for (const migrate of [migrateBatchProcessor, migratePageScraper, migrateSitemaps, migratePlaces]) {
    ran.push(...(await migrate(directUrl, logger)))
  }
  return ran
}
