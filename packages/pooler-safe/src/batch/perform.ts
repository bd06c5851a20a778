import type { ResultInternals } from '../client/pg-internals.ts'
import type { SafeClient } from '../client/safe-client.ts'
import { outcomeOf } from '../errors/facts.ts'
import { isDatabaseError, sessionError } from '../session/session-error.ts'
import type { Rows } from './rows.ts'
import { SafeBatch } from './safe-batch.ts'
import type { Step } from './step.ts'

/** What became of a request of several statements. */
export interface Answer {
  /** Why it failed, if it did. */
  readonly error: unknown
  /**
   * The statement that the error belongs to: their number when all had completed, `undefined` when the answer was lost, so
   * that nothing can be said about any of them.
   */
  readonly failedStep: number | undefined
  /** Statements that were executed and whose answer could not be decoded, by their place. */
  readonly undecoded: ReadonlyMap<number, unknown>
  /** Results of the completed statements that are not hidden. */
  readonly results: readonly ResultInternals[]
}

export interface PerformOptions {
  /** One statement per round trip, for poolers that lose the client connection when a batch fails in the middle. */
  readonly sequential: boolean
  /** The rows that the steps are, if they are rows of one statement. Their results are one. */
  readonly rows?: Rows | undefined
  /** Told about each request before it is sent, so that it can be interrupted. */
  readonly onStart?: ((batch: SafeBatch) => void) | undefined
}

/** Runs statements on a client in order and stops at the first that fails. Never rejects. */
export function perform(client: SafeClient, steps: readonly Step[], options: PerformOptions): Promise<Answer> {
  return options.sequential && steps.length > 1
    ? performOneByOne(client, steps, options)
    : send(client, new SafeBatch(steps, options.rows), options)
}

function send(client: SafeClient, batch: SafeBatch, { onStart }: PerformOptions): Promise<Answer> {
  return new Promise((resolve) => {
    batch.callback = (error) => {
      const { undecoded, results } = batch
      const confirmed = error && outcomeOf(error) === 'executed' && batch.completedSteps === batch.steps.length
      // COMMIT was confirmed before the client connection was lost: what follows it says nothing.
      if (!error || confirmed) resolve({ error: undefined, failedStep: undefined, undecoded, results })
      else {
        const failedStep = batch.answered || !batch.sent ? batch.failedStep : undefined
        const failure = sessionError(error)
        const { explain } = batch.steps[failedStep ?? -1] ?? {}
        const explained = explain && isDatabaseError(failure) ? explain(failure) : failure
        resolve({ error: explained, failedStep, undecoded, results })
      }
    }
    onStart?.(batch)
    client.execute(batch)
  })
}

async function performOneByOne(client: SafeClient, steps: readonly Step[], options: PerformOptions): Promise<Answer> {
  const undecoded = new Map<number, unknown>()
  const results: ResultInternals[] = []
  const { rows } = options
  let row = 0
  for (const [index, step] of steps.entries()) {
    const alone = step === rows?.model ? rows.at(row++) : undefined
    const answer = await send(client, new SafeBatch([step], alone), options)
    for (const error of answer.undecoded.values()) undecoded.set(index, error)
    collect(results, answer.results, rows !== undefined)
    if (answer.error) {
      const failedStep = answer.failedStep === undefined ? undefined : index
      return { error: answer.error, failedStep, undecoded, results }
    }
  }
  return { error: undefined, failedStep: undefined, undecoded, results }
}

function collect(results: ResultInternals[], added: readonly ResultInternals[], merge: boolean): void {
  const [first] = results
  if (!merge || !first) {
    results.push(...added)
    return
  }
  for (const { rows, rowCount } of added) {
    for (const row of rows) first.addRow(row)
    if (rowCount !== null) first.rowCount = (first.rowCount ?? 0) + rowCount
  }
}
