import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'

/** Every `code` of a {@link PageScraperError}, with what it means. */
export const pageScraperErrorCodes = {
  SCAN_INPUT_INVALID: 'A parameter cannot be used.',
  SCAN_NOT_FOUND: 'This tenant has no such scan.',
  SCAN_UNFINISHED: 'The scan has found nothing that could be compared.',
  SCAN_SUPERSEDED: 'Another run works on the scan by now; what this one found was dropped.',
  DOMAIN_NOT_FOUND: 'This tenant has no such site.',
} as const

export class PageScraperError extends ServiceError {
  override readonly name = 'PageScraperError'
  declare readonly code: keyof typeof pageScraperErrorCodes

  constructor(code: keyof typeof pageScraperErrorCodes, message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
  }
}

export function scanInputInvalid(message: string, hint?: string): PageScraperError {
  return new PageScraperError('SCAN_INPUT_INVALID', message, { hint })
}

export function scanNotFound(what: string): PageScraperError {
  return new PageScraperError('SCAN_NOT_FOUND', `There is no scan ${what.slice(0, 100)}.`)
}
