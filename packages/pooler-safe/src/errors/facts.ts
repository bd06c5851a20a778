import type { HazardId } from '@pooler-safe/hazards'
import { isPoolerSafeError, type Outcome } from './pooler-safe-error.ts'

/** What is known about an error that is not ours: it keeps its class, and carries this under a hidden key. */
export interface ErrorFacts {
  readonly outcome: Outcome
  readonly hazard?: HazardId | undefined
  readonly hint?: string | undefined
  readonly retry?: 'now' | 'backoff' | 'if-idempotent' | 'never' | undefined
}

/** Registered, so that two copies of this package read each other's facts. */
const key = Symbol.for('pooler-safe.facts')

interface Carrier {
  [key]?: ErrorFacts
}

/** Attaches facts to an error that has none yet: the one who saw it first knows best. */
export function attachFacts(error: unknown, facts: ErrorFacts): void {
  if (typeof error !== 'object' || error === null || isPoolerSafeError(error) || key in error) return
  if (!Object.isExtensible(error)) return
  Object.defineProperty(error, key, { value: facts, enumerable: false })
}

/** What is known about an error, or nothing. */
export function factsOf(error: unknown): ErrorFacts | undefined {
  if (isPoolerSafeError(error)) return error
  if (typeof error !== 'object' || error === null) return undefined
  return (error as Carrier)[key]
}

/**
 * Says whether the statement or transaction behind an error took effect.
 *
 * Answers for pooler-safe's own errors and for those of PostgreSQL and `pg` that came through it; `undefined` for others.
 */
export function outcomeOf(error: unknown): Outcome | undefined {
  return factsOf(error)?.outcome
}

/** The hazard of the catalogue behind an error, if it is one. */
export function hazardOf(error: unknown): HazardId | undefined {
  return factsOf(error)?.hazard
}

/** What to do about an error, if something is known. */
export function hintOf(error: unknown): string | undefined {
  return factsOf(error)?.hint
}

/**
 * True when the work may or may not have taken effect. Such work must not be repeated unless it is idempotent.
 *
 * @example
 * ```ts
 * if (isOutcomeUnknown(error)) throw error // It may have been executed: look before you repeat it.
 * ```
 */
export function isOutcomeUnknown(error: unknown): boolean {
  return outcomeOf(error) === 'unknown'
}

/**
 * The SQLSTATE of an error: its own, or that of the PostgreSQL error that caused it.
 *
 * Node's codes (`ECONNREFUSED`) and pooler-safe's are not SQLSTATEs.
 */
export function sqlStateOf(error: unknown): string | undefined {
  for (let current = error, depth = 0; depth < 8; depth += 1) {
    if (typeof current !== 'object' || current === null) return undefined
    const { code, cause, severity } = current as { code?: unknown; cause?: unknown; severity?: unknown }
    if (typeof severity === 'string' && typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code)) return code
    current = cause
  }
  return undefined
}
