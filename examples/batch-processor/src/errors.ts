import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'

/** Every `code` of a {@link BatchError}, with what it means. */
export const batchErrorCodes = {
  BATCH_NOT_FOUND: 'This tenant has no such batch.',
  BATCH_EMPTY: 'No line of the input names a site.',
  BATCH_INPUT_INVALID: 'A parameter cannot be used.',
  BATCH_KIND_UNKNOWN: 'No processor of that name is defined.',
  BATCH_SEALED: 'The batch takes no more items.',
  BATCH_TRANSITION_REFUSED: 'The batch is not in a state from which this is possible.',
  BATCH_IDEMPOTENCY_CONFLICT: 'The key was used for another request.',
  BATCH_TOO_LARGE: 'The input has too many lines.',
  TENANT_UNKNOWN: 'There is no such tenant.',
} as const

export type BatchErrorCode = keyof typeof batchErrorCodes

export class BatchError extends ServiceError {
  override readonly name = 'BatchError'
  declare readonly code: BatchErrorCode

  constructor(code: BatchErrorCode, message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
  }
}

export function batchNotFound(id: string): BatchError {
  return new BatchError('BATCH_NOT_FOUND', `There is no batch ${id}.`)
}

export function invalidInput(message: string, hint?: string): BatchError {
  return new BatchError('BATCH_INPUT_INVALID', message, { hint })
}

export function refused(id: string, state: string, what: string): BatchError {
  return new BatchError('BATCH_TRANSITION_REFUSED', `Batch ${id} is ${state} and cannot be ${what}.`)
}
