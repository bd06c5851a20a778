import { batchJobTypes } from '@pooler-safe/example-batch-processor'
import type { JobTypes } from '@pooler-safe/example-job-service'
import { pageScraperJobTypes } from '@pooler-safe/example-page-scraper'
import { placesJobTypes } from '@pooler-safe/example-places-search'
import { sitemapJobTypes } from '@pooler-safe/example-sitemap'

/** The job types of all services. */
export const platformJobTypes: JobTypes = {
  ...batchJobTypes,
  ...pageScraperJobTypes,
  ...placesJobTypes,
  ...sitemapJobTypes,
}
