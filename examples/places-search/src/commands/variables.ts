import { commonVariables, wholeNumber } from '@pooler-safe/example-foundation'
import { z } from 'zod'

/** What the commands of the places search read from their environment. */
export const placesVariables = {
  ...commonVariables,
  LOG_LEVEL: commonVariables.LOG_LEVEL.default('warn'),
  PLACES_TENANT: z.string().min(1).max(200).default('default').describe('the name of the tenant'),
  PLACES_GOOGLE_API_KEY: z.string().min(1).optional().describe('the key of Google Places API (New)'),
  PLACES_GOOGLE_ENDPOINT: z.url().optional().describe('a contract server instead of Google'),
  PLACES_OVERPASS_URL: z.url().optional().describe('an Overpass server of your own'),
  PLACES_NOMINATIM_URL: z.url().optional().describe('a Nominatim server of your own'),
  PLACES_POOL_MAX: wholeNumber(2, 1_000).optional().describe('client connections to the pooler at most'),
  PLACES_USER_AGENT: z.string().min(3).optional().describe('who asks; OpenStreetMap wants to know'),
} as const
