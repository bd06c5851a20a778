import { setTimeout as delay } from 'node:timers/promises'
import { factsOf, sqlStateOf, type ErrorFacts } from '../errors/facts.ts'
import type { Limit } from './limit.ts'
import type { RetryBudget } from './retry-budget.ts'

/** Failures that the server undid completely and that another attempt is the documented cure for. */
const serializationFailures: ReadonlySet<string> = new Set(['40001', '40P01'])

const conflictBaseMs = 10
const outageBaseMs = 250
const longestDelayMs = 5_000

/**
 * How long to wait before running a failed unit again, or `undefined` if it must not be.
 *
 * Only what left nothing behind is repeated, and only when it may go better: full jitter keeps many clients from coming
 * back at the same moment.
 */
export function retryDelayMs(error: unknown, attempt: number, random: () => number = Math.random): number | undefined {
  if (mayHaveBeenExecuted(error)) return undefined
  const base = retryBaseMs(error)
  return base === undefined ? undefined : random() * Math.min(longestDelayMs, base * 2 ** attempt)
}

function retryBaseMs(error: unknown): number | undefined {
  if (serializationFailures.has(sqlStateOf(error) ?? '')) return conflictBaseMs
  switch (retryAdvice(error)) {
    case 'now':
      return conflictBaseMs
    case 'backoff':
      return outageBaseMs
    default:
      return undefined
  }
}

/** Also when a callback wrapped the error in one of its own. */
function mayHaveBeenExecuted(error: unknown): boolean {
  return causes(error).some((one) => {
    const outcome = factsOf(one)?.outcome
    return outcome === 'unknown' || outcome === 'executed'
  })
}

/** What is known about repeating an error, or the error that caused it. */
function retryAdvice(error: unknown): ErrorFacts['retry'] {
  for (const one of causes(error)) {
    const advice = factsOf(one)?.retry
    if (advice) return advice
  }
  return undefined
}

/** An error and those behind it. */
function causes(error: unknown): Error[] {
  const found: Error[] = []
  for (let current = error; current instanceof Error && found.length < 8; current = current.cause) found.push(current)
  return found
}

/** The server did not refuse the unit: it was not there. */
function isOutage(error: unknown): boolean {
  return retryBaseMs(error) === outageBaseMs
}

/** How often a unit may be run again, and what keeps it from that. */
export interface Retries {
  readonly retries: number | undefined
  readonly limit: Limit | undefined
  readonly budget: RetryBudget
}

/** Runs a whole unit, and again while its failures allow it. */
export async function withRetries<T>({ retries = 0, limit, budget }: Retries, unit: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const result = await unit()
      budget.putBack()
      return result
    } catch (error) {
      const delayMs = attempt < retries && !limit?.fired ? retryDelayMs(error, attempt) : undefined
      if (delayMs === undefined || (isOutage(error) && !budget.take())) throw error
      await waitToRetry(delayMs, limit)
    }
  }
}

/** Waits, unless the limit fires first. */
async function waitToRetry(delayMs: number, limit: Limit | undefined): Promise<void> {
  const controller = new AbortController()
  limit?.onFire(() => controller.abort())
  try {
    await delay(delayMs, undefined, { signal: controller.signal })
  } catch {
    limit?.check('not-executed')
  } finally {
    limit?.onFire(undefined)
  }
}
