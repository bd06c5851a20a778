import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { WireValue } from '../wire/message-writer.ts'
import { pgUtils } from './pg-internals.ts'

/** The most parameters that one Bind can carry: the protocol counts them in an Int16. */
export const maxParameters = 65_535

export function tooManyParameters(count: number): PoolerSafeError {
  return new PoolerSafeError(
    'POOLER_SAFE_TOO_MANY_PARAMETERS',
    `${count} parameters were given; one statement can carry ${maxParameters}.`,
    {
      outcome: 'not-executed',
      hint: 'Pass arrays and unnest() them, or split the work into several statements.',
    },
  )
}

/**
 * What pg makes of a value.
 *
 * @throws PoolerSafeError POOLER_SAFE_BAD_VALUE
 */
export function wireValue(value: unknown, index: number): WireValue {
  // The usual cases, without a call.
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (value === null || value === undefined) return null
  try {
    return pgUtils.prepareValue(value) ?? null
  } catch (error) {
    throw badParameter(index, error)
  }
}

export function badParameter(index: number, error: unknown): PoolerSafeError {
  const which = `Parameter $${index + 1}`
  const reason = error instanceof Error ? error.message : String(error)
  return new PoolerSafeError('POOLER_SAFE_BAD_VALUE', `${which} could not be serialised: ${reason}`, {
    outcome: 'not-executed',
    hint: 'Convert the value to a string, number, Buffer, array or plain object before passing it.',
    cause: error,
  })
}
