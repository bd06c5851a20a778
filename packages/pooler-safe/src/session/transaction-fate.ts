import { setTimeout as delay } from 'node:timers/promises'
import { hiddenStep, readStep, type Step } from '../batch/step.ts'
import { attachFacts } from '../errors/facts.ts'
import { runBatch } from './run-batch.ts'
import type { SessionContext } from './session-context.ts'

/** How often, and how long after the one before, a transaction that is still in progress is asked for again. */
const attempts = 20
const pauseMs = 250

/** Finds out what became of a transaction whose answer to COMMIT was lost. Needs PostgreSQL 13. */
export class TransactionFate {
  #id: string | undefined

  /** Learns the id of the transaction, in the round trip of its first statement. */
  readonly step: Step = {
    ...hiddenStep('select pg_catalog.pg_current_xact_id()::text'),
    capture: (id) => (this.#id = id),
  }

  /** Asks on another client connection; `undefined` when it cannot be known. */
  async ask(context: SessionContext): Promise<'committed' | 'aborted' | undefined> {
    if (this.#id === undefined) return undefined
    const step = readStep('select pg_catalog.pg_xact_status($1::text::xid8) as status', [this.#id], 'transaction')
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const status = await this.#status(context, step)
      if (status === 'committed' || status === 'aborted') return status
      await delay(pauseMs)
    }
    return undefined
  }

  async #status(context: SessionContext, step: Step): Promise<unknown> {
    const limited = { options: {}, settings: undefined, limit: undefined }
    const answer = await runBatch(context, [step], limited).catch(() => undefined)
    return (answer?.results[0]?.rows[0] as { status?: unknown } | undefined)?.status
  }
}

/**
 * The lost answer as the cause of what is now known: repeating the unit may go better.
 *
 * It is told in words. An error of unknown outcome among the causes would forbid the repetition.
 */
export function notExecuted(lost: unknown): Error {
  const reason = lost instanceof Error && lost.cause instanceof Error ? `: ${lost.cause.message}` : '.'
  const known = new Error(`The answer to COMMIT was lost${reason}`)
  attachFacts(known, { outcome: 'not-executed', retry: 'backoff' })
  return known
}
