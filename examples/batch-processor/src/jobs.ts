import type { JobType } from '@pooler-safe/example-job-service'
import { z } from 'zod'

export const processJob = 'batch.process'
export const webhookJob = 'batch.webhook'

/** After this a run of a batch makes room for the next one. */
export const longestRunMs = 3_600_000

/** The job types of the batch processor, to be given to the job service. */
export const batchJobTypes = {
  [processJob]: {
    payload: z.strictObject({ batchId: z.uuid() }),
    // A run that ends badly says nothing about the batch: what fails are items, and they have attempts of their own.
    maxAttempts: 100,
    retryDelaySeconds: 1,
    retryDelayMaxSeconds: 3,
    timeoutMs: longestRunMs * 2,
  } satisfies JobType<{ batchId: string }>,
  [webhookJob]: {
    payload: z.strictObject({ batchId: z.uuid(), round: z.int().min(1) }),
    maxAttempts: 8,
    retryDelaySeconds: 5,
    retryDelayMaxSeconds: 900,
    timeoutMs: 60_000,
  } satisfies JobType<{ batchId: string; round: number }>,
}
