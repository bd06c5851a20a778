import { perform, type Answer } from '../batch/perform.ts'
import type { Rows } from '../batch/rows.ts'
import { hiddenStep, type Step } from '../batch/step.ts'
import type { Settings } from '../settings/settings.ts'
import { beginSteps, timeoutSteps } from './begin.ts'
import { checkOut, giveBack, leave } from './client-turn.ts'
import type { Limit } from './limit.ts'
import type { SessionContext } from './session-context.ts'
import type { TransactionOptions } from './session.ts'

/** How a batch runs that is a transaction of its own. */
export interface BatchRun {
  readonly options: TransactionOptions
  readonly settings: Settings | undefined
  readonly limit: Limit | undefined
  /** The rows that the steps are, if they are rows of one statement. */
  readonly rows?: Rows | undefined
}

/** What became of it, with `failedStep` counted from the caller's first statement. */
export interface BatchAnswer extends Answer {
  readonly at: number | undefined
  readonly isUndecoded: boolean
}

/**
 * Runs statements as one transaction in one round trip, on a client of its own.
 *
 * Under one Sync they are an implicit transaction; BEGIN and COMMIT are added where a transaction block is needed, and COMMIT
 * is verified like any other.
 */
export async function runBatch(
  { pool, timeouts, escapes }: SessionContext,
  steps: readonly Step[],
  { options, settings, limit, rows }: BatchRun,
): Promise<BatchAnswer> {
  escapes.check()
  const explicit = needsBlock(steps, options)
  const lead = [
    ...(explicit ? beginSteps(options, timeouts) : timeoutSteps(options, timeouts)),
    ...(settings?.enter() ?? []),
  ]
  const all = [...lead, ...steps, ...(explicit ? [hiddenStep('commit')] : [])]
  const client = await checkOut(pool, limit)
  let released: unknown
  try {
    const answer = await perform(client, all, {
      sequential: false,
      rows,
      onStart: (batch) =>
        limit?.onFire(() => {
          if (limit.fired) client.interrupt(batch, limit.fired)
        }),
    })
    limit?.onFire(undefined)
    if (answer.error !== undefined) released = await leave(client)
    return located(answer, lead.length)
  } finally {
    giveBack(client, released)
  }
}

function needsBlock(steps: readonly Step[], { isolation, readOnly, deferrable }: TransactionOptions): boolean {
  if (isolation !== undefined || readOnly !== undefined || deferrable !== undefined) return true
  return steps.some((step) => step.needsBlock)
}

function located(answer: Answer, lead: number): BatchAnswer {
  const { error, failedStep, undecoded } = answer
  if (error !== undefined) {
    return { ...answer, at: failedStep === undefined ? undefined : failedStep - lead, isUndecoded: false }
  }
  for (const [step, reason] of undecoded) return { ...answer, error: reason, at: step - lead, isUndecoded: true }
  return { ...answer, at: undefined, isUndecoded: false }
}
