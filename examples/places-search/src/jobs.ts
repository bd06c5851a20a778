import type { JobType } from '@pooler-safe/example-job-service'
import { z } from 'zod'

export const searchJob = 'places.search'

/** The job types of the places search, to be given to the job service. */
export const placesJobTypes = {
  [searchJob]: {
    payload: z.strictObject({ searchId: z.uuid() }),
    // A quota comes back: the pauses grow to a quarter of an hour.
    maxAttempts: 12,
    retryDelaySeconds: 5,
    retryDelayMaxSeconds: 900,
    timeoutMs: 2 * 3_600_000,
  } satisfies JobType<{ searchId: string }>,
}
