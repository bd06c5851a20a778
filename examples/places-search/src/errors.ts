import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'

/** Every `code` of a {@link PlacesError}, with what it means. */
export const placesErrorCodes = {
  SEARCH_NOT_FOUND: 'This tenant has no such search.',
  PLACE_NOT_FOUND: 'This tenant has no such place.',
  CHANGE_NOT_FOUND: 'This tenant has no such change.',
  PLACES_INPUT_INVALID: 'A parameter cannot be used.',
  PROVIDER_UNKNOWN: 'No provider of that name is configured.',
  BUDGET_EXCEEDED: 'The search may cost more than allowed.',
  SEARCH_TRANSITION_REFUSED: 'The search is not in a state from which this is possible.',
  SEARCH_IDEMPOTENCY_CONFLICT: 'The key was used for another request.',
  TENANT_UNKNOWN: 'There is no such tenant.',
} as const

export type PlacesErrorCode = keyof typeof placesErrorCodes

export class PlacesError extends ServiceError {
  override readonly name = 'PlacesError'
  declare readonly code: PlacesErrorCode

  constructor(code: PlacesErrorCode, message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
  }
}

/** Why a provider gave no page. */
export type ProviderErrorCode = 'denied' | 'quota' | 'request_refused' | 'unavailable' | 'bad_answer'

/** A provider gave no page. `quota` and `unavailable` pass; the others do not. */
export class ProviderError extends ServiceError {
  override readonly name = 'ProviderError'
  declare readonly code: ProviderErrorCode
  readonly retryAfterMs: number | undefined

  constructor(
    code: ProviderErrorCode,
    message: string,
    { retryAfterMs, ...details }: ServiceErrorDetails & { readonly retryAfterMs?: number | undefined } = {},
  ) {
    super(code, message, details)
    this.retryAfterMs = retryAfterMs
  }

  get retryable(): boolean {
    return this.code === 'quota' || this.code === 'unavailable'
  }
}

export function searchNotFound(id: string): PlacesError {
  return new PlacesError('SEARCH_NOT_FOUND', `There is no search ${id}.`)
}

export function invalidInput(message: string, hint?: string): PlacesError {
  return new PlacesError('PLACES_INPUT_INVALID', message, { hint })
}
