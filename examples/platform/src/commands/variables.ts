import { batchVariables } from '@pooler-safe/example-batch-processor'
import { placesVariables } from '@pooler-safe/example-places-search'

const { BATCH_WEBHOOK_SECRET } = batchVariables
const { PLACES_GOOGLE_API_KEY, PLACES_GOOGLE_ENDPOINT, PLACES_OVERPASS_URL, PLACES_NOMINATIM_URL } = placesVariables

/** What the worker of all services reads besides the variables of every worker and of the HTTP client. */
export const platformVariables = {
  BATCH_WEBHOOK_SECRET,
  PLACES_GOOGLE_API_KEY,
  PLACES_GOOGLE_ENDPOINT,
  PLACES_OVERPASS_URL,
  PLACES_NOMINATIM_URL,
} as const
