import { isOutcomeUnknown, isPoolerSafeError, sqlStateOf } from 'pooler-safe'

/** What pooler-safe says when the database or the pooler is not there, or has no time. */
const away = new Set<string>([
  'POOLER_SAFE_CONNECTION_LOST',
  'POOLER_SAFE_CONNECT_FAILED',
  'POOLER_SAFE_CHECKOUT_TIMEOUT',
  'POOLER_SAFE_TRANSACTION_LOST',
  'POOLER_SAFE_COMMIT_ROLLED_BACK',
  'POOLER_SAFE_LOCK_TIMEOUT',
  'POOLER_SAFE_TIMEOUT',
  'POOLER_SAFE_CLOSED',
])

/** Connection, resources, locks, intervention, system, conflicts of transactions: the same request may succeed later. */
const passing = /^(08|53|57|58|40|55P03|26000)/

/**
 * Whether a request failed because of something that passes.
 *
 * `unknown`: what it did may have taken effect.
 */
export function whyUnavailable(error: unknown): 'away' | 'unknown' | undefined {
  if (isOutcomeUnknown(error)) return 'unknown'
  for (let current = error, depth = 0; current instanceof Error && depth < 8; depth += 1) {
    if (isPoolerSafeError(current) && away.has(current.code)) return 'away'
    const { code } = current as { code?: unknown }
    if (code === 'ECONNREFUSED' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ETIMEDOUT') return 'away'
    current = current.cause
  }
  return passing.test(sqlStateOf(error) ?? '') ? 'away' : undefined
}
