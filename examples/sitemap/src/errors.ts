import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'

/** Every `code` of a {@link SitemapServiceError}, with what it means. */
export const sitemapErrorCodes = {
  SITEMAP_INPUT_INVALID: 'A parameter cannot be used.',
  SITEMAP_SCAN_NOT_FOUND: 'This tenant has no such scan.',
  SITEMAP_DOMAIN_NOT_FOUND: 'This tenant has never scanned this site.',
  SITEMAP_SCANS_NOT_COMPARABLE: 'The two scans are not of the same site, or not both ended.',
} as const

export type SitemapErrorCode = keyof typeof sitemapErrorCodes

export class SitemapServiceError extends ServiceError {
  override readonly name = 'SitemapServiceError'
  declare readonly code: SitemapErrorCode

  constructor(code: SitemapErrorCode, message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
  }
}

export function invalidInput(message: string, hint?: string): SitemapServiceError {
  return new SitemapServiceError('SITEMAP_INPUT_INVALID', message, { hint })
}

export function scanNotFound(id: string): SitemapServiceError {
  return new SitemapServiceError('SITEMAP_SCAN_NOT_FOUND', `There is no scan ${id.slice(0, 100)}.`)
}

/** Told to a run of a scan, and to nobody else. */
export function scanSuperseded(id: string, attempt: number): ServiceError {
  return new ServiceError('SITEMAP_SCAN_SUPERSEDED', `Attempt ${attempt} does not hold scan ${id} any more.`, {
    hint: 'Drop the result: another run is responsible.',
  })
}

export function domainNotFound(host: string): SitemapServiceError {
  return new SitemapServiceError('SITEMAP_DOMAIN_NOT_FOUND', `${host.slice(0, 200)} has not been scanned.`, {
    hint: 'Scan it first.',
  })
}
