import { BatchError } from '../errors/batch-error.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { badOption } from '../options/client-options.ts'
import type { BatchLimits, BatchStatement } from '../session/session.ts'
import { invalidStatement, readTextAndValues } from '../session/read-statement.ts'
import { readStep, sizeOf, type Step, type StepScope } from './step.ts'

const defaultMaxStatements = 10_000
const defaultMaxBytes = 64 * 2 ** 20

const limits = ['timeoutMs', 'signal', 'maxStatements', 'maxBytes'] as const
const chunkLimits = ['timeoutMs', 'signal', 'chunkRows', 'chunkBytes'] as const
const own = ['isolation', 'readOnly', 'deferrable', 'retries', 'statementTimeoutMs', 'lockTimeoutMs'] as const

const known = {
  batch: new Set<string>([...limits, ...own]),
  'batch of a transaction': new Set<string>(limits),
  executeMany: new Set<string>([...chunkLimits, ...own, 'atomic']),
  'executeMany of a transaction': new Set<string>(chunkLimits),
} as const

/** @throws PoolerSafeError POOLER_SAFE_BAD_OPTION */
export function checkBatchOptions(options: object, of: keyof typeof known): void {
  if (typeof options !== 'object' || (options as unknown) === null) throw badOption('options', 'must be an object')
  for (const [key, value] of Object.entries(options)) {
    if (!known[of].has(key)) {
      throw badOption(key, `is not an option of the ${of}`, `Known are ${[...known[of]].join(', ')}.`)
    }
    const counts = key.startsWith('max') || key.startsWith('chunk')
    if (counts && value !== undefined && !(Number.isInteger(value) && (value as number) > 0)) {
      throw badOption(key, 'must be a whole number, 1 or more')
    }
  }
}

/**
 * Judges and serialises the statements of a batch, before a byte of it is sent.
 *
 * @throws BatchError with the phase `client` and the index of the statement
 */
export function readBatch(statements: readonly BatchStatement[], scope: StepScope, options: BatchLimits): Step[] {
  if (!Array.isArray(statements)) throw invalidStatement('A batch is an array of statements.')
  const { maxStatements = defaultMaxStatements, maxBytes = defaultMaxBytes } = options
  if (statements.length > maxStatements) {
    throw tooLarge(`has ${statements.length} statements; the limit is ${maxStatements}`, undefined)
  }
  let bytes = 0
  return statements.map((statement: BatchStatement, index) => {
    const step = readAt(statement, index, scope)
    bytes += sizeOf(step)
    if (bytes > maxBytes) throw tooLarge(`is larger than ${maxBytes} bytes`, index)
    return step
  })
}

function readAt(statement: BatchStatement, index: number, scope: StepScope): Step {
  try {
    const { text, values } = readTextAndValues(statement)
    return readStep(text, values, scope)
  } catch (error) {
    throw new BatchError(error, { phase: 'client', index })
  }
}

function tooLarge(what: string, index: number | undefined): BatchError {
  const cause = new PoolerSafeError('POOLER_SAFE_BATCH_TOO_LARGE', `A batch ${what}.`, {
    outcome: 'not-executed',
    hint: 'Use executeMany() for many rows of one statement, split the batch, or raise maxStatements or maxBytes.',
  })
  return new BatchError(cause, { phase: 'client', index })
}
