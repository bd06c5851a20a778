import { commonVariables, wholeNumber } from '@pooler-safe/example-foundation'
import { z } from 'zod'

/** What the commands of the batch processor read from their environment. */
export const batchVariables = {
  ...commonVariables,
  LOG_LEVEL: commonVariables.LOG_LEVEL.default('warn'),
  BATCH_TENANT: z.string().min(1).max(200).default('default').describe('the name of the tenant'),
  BATCH_CONCURRENCY: wholeNumber(1, 1_000).optional().describe('how many batches a worker works on at the same time'),
  BATCH_POOL_MAX: wholeNumber(2, 1_000).optional().describe('client connections to the pooler at most'),
  BATCH_WEBHOOK_SECRET: z.string().min(16).optional().describe('what the keys that sign webhooks are derived from'),
  BATCH_USER_AGENT: z.string().min(3).optional().describe('who asks the sites'),
} as const
