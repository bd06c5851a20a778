import { createHash } from 'node:crypto'
import { badOption } from '../options/client-options.ts'

/** What a lock is called: a name, a tuple of names and numbers, or the 64-bit key itself. */
export type LockKey = string | bigint | readonly (string | number)[]

/**
 * The 64-bit key of an advisory lock.
 *
 * A bigint is the key. A tuple is hashed: the first eight bytes, big-endian and signed, of the SHA-256 of its JSON text in
 * UTF-8; a string is the tuple of itself alone. So SQL and other languages can come to the same key:
 *
 * `('x' || left(encode(sha256('["invoice",7]'), 'hex'), 16))::bit(64)::bigint`
 *
 * Two names collide once in 2^64: what is locked then waits without need, and nothing breaks.
 *
 * @throws PoolerSafeError POOLER_SAFE_BAD_OPTION
 */
export function lockKey(key: LockKey): bigint {
  if (typeof key === 'bigint') {
    if (BigInt.asIntN(64, key) !== key) throw badKey('is a bigint of more than 64 bits')
    return key
  }
  const parts: unknown = typeof key === 'string' ? [key] : key
  if (!Array.isArray(parts) || parts.length === 0 || !parts.every(isPart)) {
    throw badKey('must be a string, a bigint, or an array of strings and whole numbers')
  }
  return createHash('sha256').update(JSON.stringify(parts)).digest().readBigInt64BE(0)
}

/** A lone surrogate has no UTF-8, and a fraction has no single spelling. */
function isPart(part: unknown): boolean {
  return typeof part === 'number' ? Number.isSafeInteger(part) : typeof part === 'string' && part.isWellFormed()
}

function badKey(why: string): Error {
  return badOption('key', why, 'Name what is locked: lock(["invoice", 7], work).')
}
