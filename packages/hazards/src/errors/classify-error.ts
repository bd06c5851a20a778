import type { ErrorClassification, ErrorContext, Outcome, Retry } from './classification.ts'
import { clientRules } from './client-rules.ts'
import { poolerRules } from './pooler-rules.ts'
import { type ErrorFacts, readError } from './read-error.ts'
import type { ErrorRule } from './rule.ts'
import { noticeRules, serverClasses, serverRules, sharedClasses } from './server-rules.ts'

const maxDepth = 8

/**
 * Says what an error means for the unit of work that it ended: whether it was executed, who made the error, whether and
 * how the unit may be run again, and which hazard of the catalogue it is a symptom of.
 *
 * Accepts anything that was thrown or received: errors and notices of `pg`, `postgres` and Prisma, system errors of
 * Node, `AggregateError`, wrappers with a `cause`, log lines. Never throws. What is not known is `unknown`, never
 * `not-executed`. SQLSTATEs that poolers use for their own errors (08P01, XX000, 58000, 08006) decide nothing without
 * a text that is known or the proof that PostgreSQL wrote them.
 *
 * An error that carries an `outcome` of its own (as the errors of pooler-safe do) keeps it.
 */
export function classifyError(error: unknown, context: ErrorContext = {}): ErrorClassification {
  const found = classifyChain(error, context, new Set()) ?? unrecognised
  return applyContext(found, context)
}

/** A classification on its way through the chain; `settled` ones come from the wrapper and are not changed any more. */
interface Found extends ErrorClassification {
  readonly settled?: true
  readonly unlessCommitting?: true
}

const unrecognised: Found = {
  outcome: 'unknown',
  retry: 'if-idempotent',
  origin: 'unknown',
  condition: 'unrecognised',
  hint: 'Nothing is known about this error. Find out whether the unit was committed before repeating it.',
  fatal: false,
}

function classifyChain(error: unknown, context: ErrorContext, seen: Set<unknown>): Found | undefined {
  if (seen.size >= maxDepth || seen.has(error)) return undefined
  seen.add(error)
  const facts = readError(error)
  const own = classifyFacts(facts)
  if (own && facts.outcome === undefined) return own

  let inner: Found | undefined
  for (const cause of facts.causes) {
    inner = classifyChain(cause, context, seen)
    if (inner) break
  }
  if (!inner && facts.siblings.length > 0) {
    const each = facts.siblings.map((sibling) => classifyChain(sibling, context, new Set(seen)) ?? unrecognised)
    inner = each.reduce(worse)
  }
  if (facts.outcome === undefined) return inner
  return settle({ ...(own ?? inner ?? unrecognised), ...(facts.hazard && { hazard: facts.hazard }) }, facts.outcome)
}

function classifyFacts(facts: ErrorFacts): Found | undefined {
  const code = facts.code
  const sqlState = code !== undefined && isSqlState(code) ? code : undefined
  const rule = findRule(facts, sqlState)
  if (rule) return fromRule(rule, facts, sqlState)
  if (sqlState === undefined) return undefined
  return fromClass(facts, sqlState)
}

function findRule(facts: ErrorFacts, sqlState: string | undefined): ErrorRule | undefined {
  if (facts.severity === 'notice') return noticeRules.find((rule) => fits(rule, facts, sqlState))
  return (
    poolerRules.find((rule) => (!facts.fromServer || rule.origin === 'pgpool') && fits(rule, facts, sqlState)) ??
    serverRules.find((rule) => fits(rule, facts, sqlState)) ??
    clientRules.find((rule) => fits(rule, facts, sqlState))
  )
}

function fits(rule: ErrorRule, facts: ErrorFacts, sqlState: string | undefined): boolean {
  if (rule.onlyFromServer && !facts.fromServer && sqlState !== undefined) return false
  if (rule.syscalls && !rule.syscalls.includes(facts.syscall ?? '')) return false
  if (rule.pattern && !rule.pattern.test(facts.message)) return false
  if (!rule.codes) return true
  // A code of somebody else's making (a wrapper's) does not speak against a text that is known.
  if (rule.pattern && sqlState === undefined) return true
  return rule.codes.includes(facts.code ?? '')
}

function fromRule(rule: ErrorRule, facts: ErrorFacts, sqlState: string | undefined): Found {
  const panic = facts.severity === 'panic'
  return {
    outcome: panic ? 'unknown' : rule.outcome,
    retry: panic ? 'if-idempotent' : rule.retry,
    origin: rule.origin,
    condition: rule.condition,
    ...(sqlState !== undefined && { sqlState }),
    ...(rule.hazard !== undefined && { hazard: rule.hazard }),
    hint: rule.hint,
    fatal: rule.fatal ?? isFatal(facts),
    ...(rule.unlessCommitting && { unlessCommitting: true }),
  }
}

/** What the class of a SQLSTATE says. A fatal error ends the transaction somewhere; only at login is it known where. */
function fromClass(facts: ErrorFacts, sqlState: string): Found | undefined {
  if (facts.severity === 'notice') {
    return {
      outcome: 'unknown',
      retry: 'never',
      origin: 'server',
      condition: 'notice',
      sqlState,
      hint: 'A message of the server on the way; the answer to the statement is still to come.',
      fatal: false,
    }
  }
  const name = sqlState.slice(0, 2)
  const known = serverClasses[name]
  const shared = sharedClasses[name]
  if (!known && !shared) return undefined
  const described = known ?? (facts.fromServer ? shared : undefined)
  const origin = known || facts.fromServer ? 'server' : 'pooler'
  const atLogin = name === '28' || name === '3D'
  const proven = described !== undefined && facts.severity !== 'panic' && (facts.severity !== 'fatal' || atLogin)
  if (!proven || lostConnection.has(sqlState)) {
    return {
      outcome: 'unknown',
      retry: 'if-idempotent',
      origin,
      condition: origin === 'pooler' ? 'pooler-error' : 'ended-by-server',
      sqlState,
      hazard: origin === 'pooler' ? 'overloaded-sqlstate' : 'ambiguous-commit',
      hint: 'The text of this error is not known, and its code means different things from different senders. Find out whether the unit was committed before repeating it.',
      fatal: isFatal(facts) || lostConnection.has(sqlState),
    }
  }
  const { outcome, retry, condition, hint } = described
  return { outcome, retry, origin, condition, sqlState, hint, fatal: isFatal(facts) }
}

/** SQLSTATEs that say the connection or the answer was lost. */
const lostConnection = new Set(['08000', '08001', '08003', '08006', '08007', '40003'])

function applyContext(found: Found, context: ErrorContext): ErrorClassification {
  const { settled, unlessCommitting, ...classification } = found
  if (settled) return classification
  if (context.sent === false && classification.outcome !== 'not-executed') return relent(classification, 'not-executed')
  if (context.committing && context.sent !== false && unlessCommitting) {
    return relent({ ...classification, hazard: 'ambiguous-commit' }, 'unknown')
  }
  const rolledBack = classification.origin === 'server' && classification.outcome === 'not-executed'
  if (context.transactional === false && context.sent !== false && rolledBack) return relent(classification, 'unknown')
  return classification
}

/** Replaces the outcome and keeps the retry advice consistent with it. */
function relent(classification: ErrorClassification, outcome: Outcome): ErrorClassification {
  return { ...classification, outcome, retry: retryFor(classification.retry, outcome) }
}

function retryFor(retry: Retry, outcome: Outcome): Retry {
  if (retry === 'never') return 'never'
  if (outcome === 'unknown') return 'if-idempotent'
  if (outcome === 'executed') return 'never'
  return retry === 'if-idempotent' ? 'backoff' : retry
}

function settle(found: Found, outcome: Outcome): Found {
  return { ...found, outcome, retry: retryFor(found.retry, outcome), settled: true }
}

const outcomeRank: Readonly<Record<Outcome, number>> = { 'not-executed': 0, executed: 1, unknown: 2 }
const retryRank: Readonly<Record<Retry, number>> = { now: 0, backoff: 1, 'if-idempotent': 2, never: 3 }

function worse(a: Found, b: Found): Found {
  const order = outcomeRank[a.outcome] - outcomeRank[b.outcome] || retryRank[a.retry] - retryRank[b.retry]
  return { ...(order >= 0 ? a : b), fatal: a.fatal || b.fatal }
}

function isFatal(facts: ErrorFacts): boolean {
  return facts.severity === 'fatal' || facts.severity === 'panic'
}

function isSqlState(code: string): boolean {
  return (
    /^[0-9A-Z]{5}$/.test(code) &&
    (code.slice(0, 2) in serverClasses || code.slice(0, 2) in sharedClasses || warnings.test(code))
  )
}

/** Success, warning and no-data classes: only notices have them. */
const warnings = /^0[0-2]/
