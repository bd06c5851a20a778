import { z } from 'zod'
import type { JobTypes } from '../src/index.ts'

/** Job types that the tests of this folder share. */
export const testTypes = {
  trivial: { payload: z.strictObject({ n: z.number() }), retryDelaySeconds: 0, retryDelayMaxSeconds: 1 },
  other: { payload: z.unknown(), retryDelaySeconds: 0, retryDelayMaxSeconds: 1 },
  once: { payload: z.unknown(), maxAttempts: 1 },
  short: { payload: z.unknown(), timeoutMs: 300, retryDelaySeconds: 0, retryDelayMaxSeconds: 1 },
} satisfies JobTypes
