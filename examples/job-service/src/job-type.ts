import { z } from 'zod'
import { invalidInput, JobServiceError } from './errors.ts'

/** A kind of job, known to those who create it and those who run it. */
export interface JobType<Payload = unknown> {
  /** What a payload has to look like; unknown keys are refused by a strict schema. */
  readonly payload: z.ZodType<Payload>
  /** Failed runs until the job fails for good. Default 3. */
  readonly maxAttempts?: number
  /** Pause before the second run, doubled for each further one, with jitter. Default 5. */
  readonly retryDelaySeconds?: number
  /** No pause is longer. Default 900. */
  readonly retryDelayMaxSeconds?: number
  /** How long one run may take. Default 15 minutes, at most 12 hours. */
  readonly timeoutMs?: number
}

export type JobTypes = Readonly<Record<string, JobType>>

/** A job type with every default filled in. */
export interface CheckedJobType extends Required<JobType> {
  readonly name: string
}

const longestRunMs = 12 * 3_600_000

/** @throws JobServiceError JOB_INPUT_INVALID */
export function checkJobTypes(types: JobTypes): ReadonlyMap<string, CheckedJobType> {
  return new Map(Object.entries(types).map(([name, type]) => [name, checkJobType(name, type)]))
}

function checkJobType(name: string, type: JobType): CheckedJobType {
  if (!/^[a-z][a-z0-9._-]{0,62}$/.test(name)) {
    throw invalidInput(
      `"${name}" is not a name of a job type.`,
      'Lower case letters, digits, ".", "_" and "-", such as file.measure.',
    )
  }
  const { payload, maxAttempts = 3, retryDelaySeconds = 5, retryDelayMaxSeconds = 900, timeoutMs = 15 * 60_000 } = type
  const limits = [
    ['maxAttempts', maxAttempts, 1, 100],
    ['retryDelaySeconds', retryDelaySeconds, 0, 86_400],
    ['retryDelayMaxSeconds', retryDelayMaxSeconds, 1, 86_400],
    ['timeoutMs', timeoutMs, 1, longestRunMs],
  ] as const
  for (const [option, value, min, max] of limits) checkWhole(`${name}.${option}`, value, min, max)
  return { name, payload, maxAttempts, retryDelaySeconds, retryDelayMaxSeconds, timeoutMs }
}

/** @throws JobServiceError JOB_INPUT_INVALID */
export function checkWhole(option: string, value: unknown, min: number, max: number): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max) return value as number
  throw invalidInput(`${option} is not a whole number from ${min} to ${max}.`)
}

/**
 * Makes sure that a text can be stored and compared as it is: PostgreSQL takes no NUL character, and half of a surrogate
 * pair would become another character on its way.
 *
 * @throws JobServiceError JOB_INPUT_INVALID
 */
export function checkText(option: string, value: string, maxLength: number): void {
  if (value === '' || value.length > maxLength)
    throw invalidInput(`${option} has to have 1 to ${maxLength} characters.`)
  if (value.includes('\0') || !value.isWellFormed()) {
    throw invalidInput(`${option} contains a NUL character or half of a surrogate pair.`)
  }
}

/** @throws JobServiceError JOB_PAYLOAD_INVALID with every problem */
export function checkPayload(type: CheckedJobType, payload: unknown): unknown {
  const parsed = type.payload.safeParse(payload)
  if (parsed.success) return parsed.data
  throw new JobServiceError(
    'JOB_PAYLOAD_INVALID',
    `The payload of a ${type.name} job cannot be used: ${z.prettifyError(parsed.error).replaceAll(/\s*\n\s*/g, ' ')}`,
  )
}
