import { commonVariables, httpVariables, wholeNumber } from '@pooler-safe/example-foundation'
import { z } from 'zod'

/** What the commands of the API read from their environment. */
export const apiVariables = {
  ...commonVariables,
  ...httpVariables,
  API_HOST: z.string().min(1).default('127.0.0.1').describe('the address to listen on'),
  API_PORT: wholeNumber(0, 65_535).optional().describe('the port to listen on; 0 is one that is free'),
  API_POOL_MAX: wholeNumber(2, 1_000).optional().describe('client connections to the pooler at most'),
  API_WORKER: z.enum(['yes', 'no']).default('yes').describe('whether the process also works on the jobs'),
  API_METRICS_TOKEN: z.string().min(16).optional().describe('what /metrics has to be asked with'),
  API_TENANT: z.string().min(1).max(200).optional().describe('the name of a tenant to make a token for'),
  API_RATE_PER_SECOND: wholeNumber(1, 100_000).optional().describe('requests a second for each token'),
  API_WEBHOOK_SECRET: z.string().min(16).optional().describe('what the keys that sign webhooks are derived from'),
  API_GOOGLE_API_KEY: z.string().min(1).optional().describe('the key of Google Places API (New)'),
} as const
