import type { JobTypes } from '@pooler-safe/example-job-service'
import { z } from 'zod'

/** The name of the job that scans the sitemaps of one site. */
export const sitemapScanJob = 'sitemap.scan'

/** What the job service has to know to run scans. */
export const sitemapJobTypes = {
  [sitemapScanJob]: {
    payload: z.strictObject({ scanId: z.uuid() }),
    maxAttempts: 3,
    retryDelaySeconds: 30,
    timeoutMs: 2 * 3_600_000,
  },
} satisfies JobTypes
