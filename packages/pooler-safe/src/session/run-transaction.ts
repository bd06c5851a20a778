import { toError } from '../errors/to-error.ts'
import type { SafeClient } from '../client/safe-client.ts'
import { SafeQuery } from '../client/safe-query.ts'
import { outcomeOf } from '../errors/facts.ts'
import { OutcomeUnknownError, PoolerSafeError } from '../errors/pooler-safe-error.ts'
import type { SafePool } from '../pool/safe-pool.ts'
import type { TransactionTrace } from '../telemetry/channels.ts'
import { traceTransaction } from '../telemetry/trace.ts'
import { beginText, checkTransactionOptions } from './begin.ts'
import { Limit } from './limit.ts'
import { retryDelayMs, waitToRetry } from './retry.ts'
import type { TransactionOptions, TransactionTimeouts } from './session.ts'
import { sessionError } from './session-error.ts'
import { run, TransactionHandle, type Transaction, type Unit } from './transaction.ts'

/**
 * Runs a unit of work in a transaction of its own, as often as its options allow.
 *
 * One attempt uses one client, on which it is one transaction on one backend. It is never reconnected, and no statement of
 * it is repeated alone: an attempt succeeds as a whole, or the whole unit is tried again.
 */
export function runTransaction<T>(
  pool: SafePool,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
  defaults: TransactionTimeouts,
): Promise<T> {
  return traceTransaction(options, (trace) => runAttempts(pool, work, options, defaults, trace))
}

async function runAttempts<T>(
  pool: SafePool,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
  defaults: TransactionTimeouts,
  trace: TransactionTrace,
): Promise<T> {
  checkTransactionOptions(options)
  const limit = Limit.of(options)
  const begin = beginText(options, defaults)
  const retries = options.retries ?? 0
  try {
    for (let attempt = 0; ; attempt += 1) {
      trace.attempts = attempt + 1
      try {
        return await attemptOnce(pool, work, begin, options.isolation, limit)
      } catch (error) {
        const delayMs = attempt < retries && !limit?.fired ? retryDelayMs(error, attempt) : undefined
        if (delayMs === undefined) throw error
        await waitToRetry(delayMs, limit)
      }
    }
  } finally {
    limit?.dispose()
  }
}

async function attemptOnce<T>(
  pool: SafePool,
  work: (tx: Transaction) => Promise<T>,
  begin: string,
  isolation: string | undefined,
  limit: Limit | undefined,
): Promise<T> {
  const client = await checkOut(pool, limit)
  const unit: Unit = { client, isolation }
  let released: unknown
  try {
    await limited(client, internal(begin), limit)
    const result = await inTransaction(unit, work, limit)
    limit?.check('not-executed')
    await commit(client, limit)
    return result
  } catch (error) {
    released = await leave(client)
    throw error
  } finally {
    giveBack(client, released)
  }
}

async function inTransaction<T>(
  unit: Unit,
  work: (tx: Transaction) => Promise<T>,
  limit: Limit | undefined,
): Promise<T> {
  if (unit.client.status !== 'T') throw notOpened()
  return new TransactionHandle(unit, 0).perform(work, limit)
}

/** Takes a client from the pool. One that comes after the limit fired goes straight back. */
function checkOut(pool: SafePool, limit: Limit | undefined): Promise<SafeClient> {
  return new Promise((resolve, reject) => {
    limit?.onFire(() => {
      if (limit.fired) reject(limit.fired('not-executed'))
    })
    if (limit?.fired) return
    pool.connect((error, client, release) => {
      limit?.onFire(undefined)
      if (limit?.fired) {
        if (client) release()
        return
      }
      if (error) reject(toError(sessionError(error)))
      else resolve(client as unknown as SafeClient)
    })
  })
}

function giveBack(client: SafeClient, error: unknown): void {
  const { release } = client as unknown as { release: (error?: unknown) => void }
  release(error)
}

function internal(text: string): SafeQuery {
  const query = new SafeQuery(text)
  query.scope = 'internal'
  return query
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

/** Leaves a failed transaction. Returns why the client must not go back to the pool, if so. */
async function leave(client: SafeClient): Promise<unknown> {
  await new Promise<void>((resolve) => client.whenQuiet(resolve))
  await client.cancelling
  if (client.isDead || client.status === 'I') return client.evicted
  try {
    await run(client, internal('rollback'))
    return client.evicted
  } catch (error) {
    return error
  }
}

function notOpened(): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_TRANSACTION_LOST', 'BEGIN was confirmed, but no transaction is open.', {
    outcome: 'not-executed',
    hazard: 'commit-outside-tx',
    hint: 'The pooler gave the backend away at once: is it in statement mode?',
  })
}
