import { analyzeSql, type Command } from '@pooler-safe/hazards'
import { maxParameters, tooManyParameters, wireValue } from '../client/parameters.ts'
import { judgeStep } from '../client/sql-policy.ts'
import type { WireValue } from '../wire/message-writer.ts'

/** One statement of a request, judged and serialised, so that nothing about it can fail before it is sent. */
export interface Step {
  readonly text: string
  readonly values: readonly WireValue[]
  readonly command: Command
  /** Sent by the session itself (BEGIN, settings, COMMIT): its answer is checked and dropped. */
  readonly hidden: boolean
  /** It has its meaning, or stays undone on failure, only inside an explicit transaction block. */
  readonly needsBlock: boolean
  /** Takes the first column of the row that a hidden statement answers with. */
  readonly capture?: (value: string) => void
  /** Says what the failure of a hidden statement means. */
  readonly explain?: (error: unknown) => unknown
}

/** Who issues the statement: a batch of its own, or the holder of a transaction. */
export type StepScope = 'batch' | 'transaction'

/**
 * Judges and serialises one statement.
 *
 * @throws SqlRefusedError for what cannot run inside the transaction it will be part of
 * @throws PoolerSafeError POOLER_SAFE_TOO_MANY_PARAMETERS, POOLER_SAFE_BAD_VALUE
 */
export function readStep(text: string, values: readonly unknown[], scope: StepScope): Step {
  const { refusal, command, needsBlock } = judgeStep(text, scope)
  if (refusal) throw refusal
  return { text, values: prepareValues(values), command, hidden: false, needsBlock }
}

/** A statement of the session itself. Its text is a constant of this package and holds no value. */
export function hiddenStep(text: string, values: readonly WireValue[] = []): Step {
  const command = analyzeSql(text).statements[0]?.command ?? 'other'
  return { text, values, command, hidden: true, needsBlock: false }
}

/** @throws PoolerSafeError POOLER_SAFE_TOO_MANY_PARAMETERS, POOLER_SAFE_BAD_VALUE */
function prepareValues(values: readonly unknown[]): WireValue[] {
  if (values.length > maxParameters) throw tooManyParameters(values.length)
  const prepared = new Array<WireValue>(values.length)
  for (let index = 0; index < values.length; index += 1) prepared[index] = wireValue(values[index], index)
  return prepared
}

/** What the values take on the wire, about: the exact number of bytes for ASCII, less for the rest. */
export function sizeOf({ text, values }: Step): number {
  let bytes = text.length + 32
  for (const value of values) bytes += (value?.length ?? 0) + 6
  return bytes
}
