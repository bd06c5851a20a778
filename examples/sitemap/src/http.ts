import { FetchError, type FetchErrorCode } from '@pooler-safe/example-foundation'

/** Why there was no answer: what of the error of a fetch is stored. */
export interface FetchFailure {
  readonly code: FetchErrorCode
  readonly message: string
  readonly status: number | undefined
  readonly retryable: boolean
}

/** What is to be stored of an error; undefined when it is not one of a fetch. */
export function fetchFailureOf(error: unknown): FetchFailure | undefined {
  if (!(error instanceof FetchError)) return undefined
  const { code, message, status, retryable } = error
  return { code, message, status, retryable }
}
