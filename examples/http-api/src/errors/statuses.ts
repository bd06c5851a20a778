import type { BatchErrorCode } from '@pooler-safe/example-batch-processor'
import type { JobErrorCode } from '@pooler-safe/example-job-service'
import type { pageScraperErrorCodes } from '@pooler-safe/example-page-scraper'
import type { PlacesErrorCode } from '@pooler-safe/example-places-search'
import type { SitemapErrorCode } from '@pooler-safe/example-sitemap'
import { apiStatuses, type ApiErrorCode } from './api-error.ts'

type FoundationCode = 'HOST_INVALID' | 'TOKEN_OPTIONS_INVALID' | 'TOKEN_INVALID' | 'SCOPE_MISSING' | 'TENANT_INVALID'
type KnownCode =
  | ApiErrorCode
  | BatchErrorCode
  | FoundationCode
  | JobErrorCode
  | PlacesErrorCode
  | SitemapErrorCode
  | keyof typeof pageScraperErrorCodes

/**
 * The status of every error that a service raises on purpose. What is not here is a fault of ours: 500.
 *
 * A new code of a service is a type error until it has its line.
 */
const statuses: Readonly<Record<KnownCode, number>> = {
  ...apiStatuses,
  // Who asks, and what for
  TOKEN_INVALID: 401,
  TENANT_INVALID: 401,
  TENANT_UNKNOWN: 401,
  SCOPE_MISSING: 403,
  // It is not there, or it is another tenant's: nobody is told which
  JOB_NOT_FOUND: 404,
  BATCH_NOT_FOUND: 404,
  SCAN_NOT_FOUND: 404,
  DOMAIN_NOT_FOUND: 404,
  SITEMAP_SCAN_NOT_FOUND: 404,
  SITEMAP_DOMAIN_NOT_FOUND: 404,
  SEARCH_NOT_FOUND: 404,
  PLACE_NOT_FOUND: 404,
  CHANGE_NOT_FOUND: 404,
  // It is there, and cannot do that now
  JOB_TRANSITION_REFUSED: 409,
  JOB_ATTEMPT_STALE: 409,
  JOB_DUPLICATE: 409,
  BATCH_TRANSITION_REFUSED: 409,
  BATCH_UNFINISHED: 409,
  BATCH_SEALED: 409,
  SCAN_UNFINISHED: 409,
  SCAN_SUPERSEDED: 409,
  SITEMAP_SCANS_NOT_COMPARABLE: 409,
  SEARCH_TRANSITION_REFUSED: 409,
  BATCH_TOO_LARGE: 413,
  // It cannot be used
  JOB_TYPE_UNKNOWN: 422,
  JOB_INPUT_INVALID: 422,
  JOB_PAYLOAD_INVALID: 422,
  JOB_RESULT_INVALID: 422,
  BATCH_EMPTY: 422,
  BATCH_INPUT_INVALID: 422,
  BATCH_KIND_UNKNOWN: 422,
  BATCH_IDEMPOTENCY_CONFLICT: 422,
  SCAN_INPUT_INVALID: 422,
  SITEMAP_INPUT_INVALID: 422,
  PLACES_INPUT_INVALID: 422,
  PROVIDER_UNKNOWN: 422,
  BUDGET_EXCEEDED: 422,
  SEARCH_IDEMPOTENCY_CONFLICT: 422,
  HOST_INVALID: 422,
  TOKEN_OPTIONS_INVALID: 422,
}

export function statusOf(code: string): number | undefined {
  return Object.hasOwn(statuses, code) ? statuses[code as KnownCode] : undefined
}
