import { BatchError } from '../errors/batch-error.ts'
import { sqlStateOf } from '../errors/facts.ts'
import { PoolerSafeError } from '../errors/pooler-safe-error.ts'
import { checkMilliseconds } from '../session/limit.ts'
import type { Session, TransactionOptions } from '../session/session.ts'
import type { Transaction } from '../session/transaction.ts'
import { lockKey, type LockKey } from './lock-key.ts'

/** Options of `lock`: those of a transaction, and how long to wait for the lock. */
export interface LockOptions extends TransactionOptions {
  /** How long to wait for the lock, in milliseconds. Default: as `lockTimeoutMs`, or for ever. */
  readonly waitMs?: number
}

/** What `tryLock` returns. */
export type TryLockResult<T> = { readonly locked: true; readonly result: T } | { readonly locked: false }

const lockText = 'select pg_catalog.pg_advisory_xact_lock($1::bigint)'
const tryLockText = 'select pg_catalog.pg_try_advisory_xact_lock($1::bigint) as locked'

/** The wait is limited by a setting that is put back behind it, in the same round trip. */
const limitWaitText = `select set_config('pooler_safe.lock_timeout', current_setting('lock_timeout'), true), set_config('lock_timeout', $1, true)`
const restoreText = `select set_config('lock_timeout', current_setting('pooler_safe.lock_timeout'), true)`

/** Runs `work` in a transaction of the session that holds the lock before `work` starts. */
export function lock<T>(
  session: Session,
  key: LockKey,
  work: (tx: Transaction) => Promise<T>,
  { waitMs, ...options }: LockOptions,
): Promise<T> {
  const id = String(lockKey(key))
  if (waitMs !== undefined) checkMilliseconds('waitMs', waitMs)
  return session.transaction(async (tx) => {
    await acquire(tx, id, waitMs)
    return await work(tx)
  }, options)
}

/** As {@link lock}, without `work` when somebody else holds the lock. */
export function tryLock<T>(
  session: Session,
  key: LockKey,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<TryLockResult<T>> {
  const id = String(lockKey(key))
  return session.transaction(async (tx): Promise<TryLockResult<T>> => {
    const { rows } = await tx.query<{ locked: boolean }>(tryLockText, [id])
    if (!rows[0]?.locked) return { locked: false }
    return { locked: true, result: await work(tx) }
  }, options)
}

async function acquire(tx: Transaction, id: string, waitMs: number | undefined): Promise<void> {
  const take = { text: lockText, values: [id] }
  try {
    if (waitMs === undefined) await tx.query(take)
    else await tx.batch([{ text: limitWaitText, values: [String(waitMs)] }, take, restoreText])
  } catch (error) {
    throw sqlStateOf(error) === '55P03' ? notInTime(error) : error
  }
}

function notInTime(error: unknown): PoolerSafeError {
  return new PoolerSafeError('POOLER_SAFE_LOCK_TIMEOUT', 'Somebody else holds the lock, and did not let go in time.', {
    outcome: 'not-executed',
    hint: 'Wait longer with waitMs, or use tryLock() to go on without it.',
    cause: error instanceof BatchError ? error.cause : error,
  })
}
