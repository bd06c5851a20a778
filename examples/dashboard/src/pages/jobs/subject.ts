import { isId, type TenantId } from '@pooler-safe/example-foundation'
import type { Job } from '@pooler-safe/example-job-service'
import { scanJobType } from '@pooler-safe/example-page-scraper'
import { sitemapScanJob } from '@pooler-safe/example-sitemap'
import type { Platform } from '@pooler-safe/example-platform'

/** The page of what a job works on, if there is one. */
export async function subjectOf(platform: Platform, tenant: TenantId, job: Job): Promise<string | undefined> {
  const { batchId, scanId, searchId } = (job.payload ?? {}) as Readonly<Record<string, unknown>>
  if (isId(batchId)) return `/batches/${batchId}`
  if (isId(searchId)) return `/places/searches/${searchId}`
  if (job.type === sitemapScanJob && isId(scanId)) return `/sitemaps/${scanId}`
  if (job.type !== scanJobType) return undefined
  const { scanId: scan } = await platform.pages.getJobStatus(platform.database, tenant, job.id)
  return scan === undefined ? undefined : `/scans/${scan}`
}
