import { BatchError } from '../errors/batch-error.ts'
import { toError } from '../errors/to-error.ts'
import { invalidStatement } from '../session/read-statement.ts'
import type { ExecuteManyLimits, ParameterRows } from '../session/session.ts'
import { Rows } from './rows.ts'
import { readStep, type Step, type StepScope } from './step.ts'

const defaultChunkRows = 1_000
const defaultChunkBytes = 4 * 2 ** 20

/** Rows of values that share one Sync. */
export interface Chunk {
  readonly rows: Rows
  /** How many rows came before it. */
  readonly offset: number
}

/** Says how many rows are committed, for the error of a row that cannot be serialised. */
export type Progress = () => number

/**
 * Splits rows into chunks, judging the text once and serialising each chunk before it is sent.
 *
 * @throws BatchError with the phase `client` and the index of the row
 */
export async function* readChunks(
  text: string,
  rows: ParameterRows,
  scope: StepScope,
  { chunkRows = defaultChunkRows, chunkBytes = defaultChunkBytes }: ExecuteManyLimits,
  committed: Progress,
): AsyncGenerator<Chunk, undefined> {
  const model = readModel(text, scope)
  let current = new Rows(model)
  let offset = 0
  const add = (values: unknown): boolean => {
    addRow(current, values, offset, committed)
    return current.count >= chunkRows || current.bytes >= chunkBytes
  }
  const take = (): Chunk => {
    const chunk = { rows: current, offset }
    offset += current.count
    current = new Rows(model)
    return chunk
  }
  if (isAsync(rows)) {
    for await (const values of rows) if (add(values)) yield take()
  } else if (
    typeof (rows as Iterable<unknown> | undefined)?.[Symbol.iterator] === 'function' &&
    typeof rows !== 'string'
  ) {
    for (const values of rows) if (add(values)) yield take()
  } else {
    throw invalidStatement('The rows of executeMany are an iterable of arrays of values.')
  }
  if (current.count > 0) yield take()
}

function isAsync(rows: ParameterRows): rows is AsyncIterable<readonly unknown[]> {
  return typeof (rows as Partial<AsyncIterable<unknown>> | undefined)?.[Symbol.asyncIterator] === 'function'
}

function readModel(text: string, scope: StepScope): Step {
  if (typeof text !== 'string') throw invalidStatement('The statement of executeMany is a text.')
  try {
    return readStep(text, [], scope)
  } catch (error) {
    throw new BatchError(error, { phase: 'client' })
  }
}

function addRow(rows: Rows, values: unknown, offset: number, committed: Progress): void {
  try {
    if (!Array.isArray(values)) throw invalidStatement('A row of executeMany is an array of values.')
    rows.add(values)
  } catch (error) {
    const index = offset + rows.count
    throw new BatchError(toError(error), { phase: 'client', index, committed: committed(), unit: 'Row' })
  }
}
