import { z } from 'zod'
import type { JobTypes } from '@pooler-safe/example-job-service'

/** The job type of the `jobs` benchmark. */
export const trivialTypes = { trivial: { payload: z.strictObject({ n: z.number() }) } } satisfies JobTypes
