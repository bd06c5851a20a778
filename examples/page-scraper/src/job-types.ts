import type { JobTypes } from '@pooler-safe/example-job-service'
import { z } from 'zod'

/** The job type of a scan. */
export const scanJobType = 'domain.scan'

export const mostPages = 200
export const usualPages = 10

const payload = z.strictObject({ url: z.string().min(1).max(2_000), maxPages: z.number().int().min(1).max(mostPages) })

/** The job types of the page scraper. `maxPages` is a number of pages; how often a scan is tried is the type's business. */
export const pageScraperJobTypes = {
  [scanJobType]: { payload, maxAttempts: 3, retryDelaySeconds: 30, timeoutMs: 10 * 60_000 },
} satisfies JobTypes
