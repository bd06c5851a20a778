import type { Step } from '../batch/step.ts'
import type { SafeClient } from '../client/safe-client.ts'
import type { SafeQuery } from '../client/safe-query.ts'
import { attachFacts, outcomeOf } from '../errors/facts.ts'
import { OutcomeUnknownError, PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { Settings } from '../settings/settings.ts'
import { beginSteps, checkTransactionOptions } from './begin.ts'
import { checkOut, giveBack, internal, leave } from './client-turn.ts'
import { Limit } from './limit.ts'
import { withRetries } from './retry.ts'
import { run } from './run.ts'
import type { SessionContext } from './session-context.ts'
import type { TransactionOptions } from './session.ts'
import { TransactionHandle } from './transaction-handle.ts'
import type { Transaction } from './transaction.ts'
import type { Unit } from './unit.ts'

/**
 * Runs a unit of work in a transaction of its own, as often as its options allow.
 *
 * One attempt uses one client, on which it is one transaction on one backend. It is never reconnected, and no statement of
 * it is repeated alone: an attempt succeeds as a whole, or the whole unit is tried again.
 */
export async function runTransaction<T>(
  context: SessionContext,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
  settings: Settings | undefined,
): Promise<T> {
  checkTransactionOptions(options)
  context.escapes.check()
  const limit = Limit.of(options)
  const opening = [...beginSteps(options, context.timeouts), ...(settings?.enter() ?? [])]
  try {
    return await withRetries(options.retries ?? 0, limit, () =>
      attemptOnce(context, work, opening, options.isolation, limit),
    )
  } finally {
    limit?.dispose()
  }
}

async function attemptOnce<T>(
  { pool, sequential, roles, escapes }: SessionContext,
  work: (tx: Transaction) => Promise<T>,
  opening: readonly Step[],
  isolation: string | undefined,
  limit: Limit | undefined,
): Promise<T> {
  const client = await checkOut(pool, limit)
  const unit: Unit = {
    client,
    isolation,
    sequential,
    roles,
    opening: [...opening],
    begun: false,
    committed: false,
    endedBy: undefined,
    fatal: undefined,
  }
  let released: unknown
  try {
    const handle = new TransactionHandle(unit, 0)
    const result = await handle.perform((tx) => escapes.run(() => work(tx)), limit)
    // Without a statement there was no transaction, and with `commitWith` there is none any more.
    if (unit.begun && !unit.committed) {
      limit?.check('not-executed')
      await commit(client, limit)
    }
    return result
  } catch (error) {
    released = await leave(client)
    if (unit.committed) throw afterCommit(error)
    throw error
  } finally {
    giveBack(client, released)
  }
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
