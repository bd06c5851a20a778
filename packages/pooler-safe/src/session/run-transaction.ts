import type { Step } from '../batch/step.ts'
import type { SafeClient } from '../client/safe-client.ts'
import type { Interruption, SafeQuery } from '../client/safe-query.ts'
import { attachFacts, outcomeOf } from '../errors/facts.ts'
import { OutcomeUnknownError, PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { Settings } from '../settings/settings.ts'
import type { TransactionTrace } from '../telemetry/channels.ts'
import { traceTransaction } from '../telemetry/trace.ts'
import { beginSteps, checkTransactionOptions } from './begin.ts'
import { checkOut, giveBack, internal, leave } from './client-turn.ts'
import { IdleBudget } from './idle-budget.ts'
import { Limit } from './limit.ts'
import { withRetries } from './retry.ts'
import { run } from './run.ts'
import type { SessionContext } from './session-context.ts'
import type { TransactionOptions } from './session.ts'
import { notExecuted, TransactionFate } from './transaction-fate.ts'
import { TransactionHandle } from './transaction-handle.ts'
import type { TransactionSession } from './transaction-session.ts'
import type { Unit } from './unit.ts'

/**
 * Runs a unit of work in a transaction of its own, as often as its options allow.
 *
 * One attempt uses one client, on which it is one transaction on one backend. It is never reconnected, and no statement of
 * it is repeated alone: an attempt succeeds as a whole, or the whole unit is tried again.
 */
export function runTransaction<T>(
  context: SessionContext,
  work: (tx: TransactionSession) => Promise<T>,
  options: TransactionOptions,
  settings: Settings | undefined,
): Promise<T> {
  return traceTransaction(options, (trace) => runAttempts(context, work, options, settings, trace))
}

async function runAttempts<T>(
  context: SessionContext,
  work: (tx: TransactionSession) => Promise<T>,
  options: TransactionOptions,
  settings: Settings | undefined,
  trace: TransactionTrace,
): Promise<T> {
  checkTransactionOptions(options)
  context.escapes.check()
  await context.decide?.()
  const canEnd = options.onIdle === 'abort' || context.escapes.endsTransactions
  const limit = canEnd ? Limit.always(options) : Limit.of(options)
  const opening = [...beginSteps(options, context.timeouts), ...(settings?.enter() ?? [])]
  try {
    return await withRetries({ retries: options.retries, limit, budget: context.retryBudget }, () => {
      trace.attempts += 1
      return attempt(context, work, opening, options, limit)
    })
  } finally {
    limit?.dispose()
  }
}

/** One attempt, and what became of it when the answer to its COMMIT was lost. */
async function attempt<T>(
  context: SessionContext,
  work: (tx: TransactionSession) => Promise<T>,
  opening: readonly Step[],
  options: TransactionOptions,
  limit: Limit | undefined,
): Promise<T> {
  if (!options.confirm) return attemptOnce(context, work, opening, options, limit)
  const fate = new TransactionFate()
  const pending: T[] = []
  try {
    // Behind BEGIN, and before settings take rights away.
    return await attemptOnce(context, work, opening.toSpliced(1, 0, fate.step), options, limit, (result) => {
      pending.push(result)
    })
  } catch (error) {
    if (outcomeOf(error) !== 'unknown' || pending.length === 0) throw error
    const status = await fate.ask(context)
    if (status === 'committed') return pending[0] as T
    throw status === 'aborted' ? rolledBack(error) : error
  }
}

function rolledBack(error: unknown): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_CONNECTION_LOST', 'COMMIT did not arrive: the transaction was rolled back.', {
    outcome: 'not-executed',
    hint: 'Nothing was executed, so the unit can be run again; retries do that.',
    cause: notExecuted(error),
  })
}

async function attemptOnce<T>(
  context: SessionContext,
  work: (tx: TransactionSession) => Promise<T>,
  opening: readonly Step[],
  options: TransactionOptions,
  limit: Limit | undefined,
  committing?: (result: T) => void,
): Promise<T> {
  const { pool, sequential, roles, escapes } = context
  const client = await checkOut(pool, limit)
  const unit: Unit = {
    client,
    isolation: options.isolation,
    sequential,
    idle: idleBudget(context, options, limit),
    roles,
    opening: [...opening],
    begun: false,
    cursors: 0,
    committed: false,
    endedBy: undefined,
    fatal: undefined,
  }
  let released: unknown
  try {
    const handle = new TransactionHandle(unit, 0)
    const surrounding = { hasEnded: () => handle.hasEnded, end: (reason: Interruption) => limit?.fire(reason) }
    const result = await handle.perform((tx) => escapes.run(() => work(tx), surrounding), limit)
    // Without a statement there was no transaction, and with `commitWith` there is none any more.
    if (unit.begun && !unit.committed) {
      unit.idle?.stop()
      limit?.check('not-executed')
      committing?.(result)
      await commit(client, limit)
    }
    return result
  } catch (error) {
    released = await leave(client)
    if (unit.committed) throw afterCommit(error)
    throw error
  } finally {
    unit.idle?.stop()
    giveBack(client, released)
  }
}

function idleBudget(
  { idleBudgetMs: usual, onWarning }: SessionContext,
  { idleBudgetMs = usual, onIdle = 'report' }: TransactionOptions,
  limit: Limit | undefined,
): IdleBudget | undefined {
  if (idleBudgetMs === undefined) return undefined
  return new IdleBudget(idleBudgetMs, (error) => {
    if (onIdle === 'abort') limit?.fire(error)
    else onWarning(error('not-executed'))
  })
}

/** What a callback throws behind its own COMMIT undoes nothing, and must not make anybody repeat the unit. */
function afterCommit(error: unknown): unknown {
  if (outcomeOf(error) === undefined) {
    attachFacts(error, { outcome: 'executed' })
    return error
  }
  return new PoolerSafeError('POOLER_SAFE_TRANSACTION_ENDED', 'The callback failed after it had committed.', {
    outcome: 'executed',
    hint: 'Nothing was undone. Do what can fail before commitWith().',
    cause: error,
  })
}

async function limited(client: SafeClient, query: SafeQuery, limit: Limit | undefined): Promise<void> {
  limit?.onFire(() => {
    if (limit.fired) client.interrupt(query, limit.fired)
  })
  try {
    await run(client, query)
  } finally {
    limit?.onFire(undefined)
  }
}

/**
 * Commits, and resolves only if PostgreSQL said so.
 *
 * Whether the answer was ROLLBACK, an error, or never came, is what the error says.
 */
async function commit(client: SafeClient, limit: Limit | undefined): Promise<void> {
  try {
    await limited(client, internal('commit'), limit)
  } catch (error) {
    // COMMIT was confirmed before the client connection was lost.
    if (outcomeOf(error) === 'executed') return
    if (outcomeOf(error) !== 'unknown') throw error
    throw new OutcomeUnknownError(
      'The answer to COMMIT was lost: the transaction may or may not have been committed.',
      {
        hazard: 'ambiguous-commit',
        hint: 'Find out through an idempotency key before repeating it. It was not retried.',
        cause: error instanceof OutcomeUnknownError ? error.cause : error,
      },
    )
  }
}
