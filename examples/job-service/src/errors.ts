import { ServiceError, type ServiceErrorDetails } from '@pooler-safe/example-foundation'
import type { BatchState, JobState } from './state-machine.ts'

/** Every `code` of a {@link JobServiceError}, with what it means. */
export const jobErrorCodes = {
  JOB_NOT_FOUND: 'This tenant has no such job.',
  JOB_TRANSITION_REFUSED: 'The job is not in a state from which this is possible.',
  JOB_ATTEMPT_STALE: 'Another run holds the job by now.',
  JOB_DUPLICATE: 'A live job with the same key is there already.',
  JOB_TYPE_UNKNOWN: 'No job type of that name is defined.',
  JOB_INPUT_INVALID: 'A parameter cannot be used.',
  JOB_PAYLOAD_INVALID: 'The payload is not what the job type takes.',
  JOB_RESULT_INVALID: 'The result cannot be stored as JSON.',
  BATCH_NOT_FOUND: 'This tenant has no such batch.',
  BATCH_TRANSITION_REFUSED: 'The batch is not in a state from which this is possible.',
  BATCH_UNFINISHED: 'Jobs of the batch are still queued or running.',
  TENANT_UNKNOWN: 'There is no such tenant.',
} as const

export type JobErrorCode = keyof typeof jobErrorCodes

export class JobServiceError extends ServiceError {
  override readonly name: string = 'JobServiceError'
  declare readonly code: JobErrorCode

  constructor(code: JobErrorCode, message: string, details: ServiceErrorDetails = {}) {
    super(code, message, details)
  }
}

/** A transition was asked for that the job, as it is now, cannot make. Nothing was changed. */
export class TransitionRefusedError extends JobServiceError {
  override readonly name = 'TransitionRefusedError'
  readonly jobId: string
  /** The state that was asked for. */
  readonly to: JobState
  /** The state the job is in. */
  readonly state: JobState
  /** The attempt that the job is at. */
  readonly attempt: number
  /** The attempt that the caller holds, if the caller named one. */
  readonly expectedAttempt: number | undefined

  constructor(
    job: { readonly id: string; readonly state: JobState; readonly attempt: number },
    to: JobState,
    expectedAttempt?: number,
  ) {
    const stale = expectedAttempt !== undefined && expectedAttempt !== job.attempt
    super(
      stale ? 'JOB_ATTEMPT_STALE' : 'JOB_TRANSITION_REFUSED',
      stale
        ? `Job ${job.id} is at attempt ${job.attempt} (${job.state}): attempt ${expectedAttempt} cannot make it ${to}.`
        : `Job ${job.id} is ${job.state} and cannot become ${to}.`,
      {
        hint: stale
          ? 'The job was taken from this worker. Drop the result: another run is responsible.'
          : 'Read the job again and decide anew.',
      },
    )
    this.jobId = job.id
    this.to = to
    this.state = job.state
    this.attempt = job.attempt
    this.expectedAttempt = expectedAttempt
  }
}

export function jobNotFound(what: string): JobServiceError {
  return new JobServiceError('JOB_NOT_FOUND', `There is no job ${what}.`)
}

export function batchNotFound(id: string): JobServiceError {
  return new JobServiceError('BATCH_NOT_FOUND', `There is no batch ${id}.`)
}

export function batchRefused(id: string, state: BatchState, to: BatchState): JobServiceError {
  return new JobServiceError('BATCH_TRANSITION_REFUSED', `Batch ${id} is ${state} and cannot become ${to}.`)
}

export function invalidInput(message: string, hint?: string): JobServiceError {
  return new JobServiceError('JOB_INPUT_INVALID', message, { hint })
}

/**
 * Thrown by a handler when another run could not end otherwise: the job fails for good and goes to the dead letters,
 * whatever attempts are left.
 */
export class PermanentJobError extends ServiceError {
  override readonly name = 'PermanentJobError'
}
