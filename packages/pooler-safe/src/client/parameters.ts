import { PoolerSafeError } from '../errors/pooler-safe-error.ts'

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

/** A value could not be serialised; `index` is negative when it is not known which. */
export function badParameter(index: number, error: unknown): PoolerSafeError {
  const which = index < 0 ? 'A parameter' : `Parameter $${index + 1}`
  const reason = error instanceof Error ? error.message : String(error)
  return new PoolerSafeError('POOLER_SAFE_BAD_VALUE', `${which} could not be serialised: ${reason}`, {
    outcome: 'not-executed',
    hint: 'Convert the value to a string, number, Buffer, array or plain object before passing it.',
    cause: error,
  })
}
