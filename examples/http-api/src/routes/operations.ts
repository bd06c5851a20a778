import type { Operation } from '../http/operation.ts'
import { batchOperations } from './batches.ts'
import { eventOperations } from './events.ts'
import { jobBatchOperations } from './job-batches.ts'
import { jobOperations } from './jobs.ts'
import { placesOperations } from './places.ts'
import { scanOperations } from './scans.ts'
import { sitemapOperations } from './sitemaps.ts'
import { tokenOperations } from './tokens.ts'

/** Everything that can be asked of the API. */
export const operations: readonly Operation[] = [
  ...jobOperations,
  ...jobBatchOperations,
  ...batchOperations,
  ...scanOperations,
  ...sitemapOperations,
  ...placesOperations,
  ...tokenOperations,
  ...eventOperations,
]
