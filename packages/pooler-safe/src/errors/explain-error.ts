import { classifyError } from '@pooler-safe/hazards'
import { attachFacts, factsOf } from './facts.ts'
import { isPoolerSafeError, type Outcome } from './pooler-safe-error.ts'

/** What the client connection knows about the moment an error arrived. */
export interface ErrorMoment {
  /** Bytes of the request had left. */
  readonly sent: boolean
  /** The request ran inside an explicit transaction: what it did is undone with the client connection. */
  readonly insideTransaction: boolean
  /** The request was to commit something. */
  readonly committing: boolean
  /** The server had confirmed a COMMIT of the request. */
  readonly committed: boolean
  /** The server answered with an error that leaves the client connection open. */
  readonly answered: boolean
  /** The request is undone as a whole when it fails: not so `vacuum`, or a procedure that commits. */
  readonly transactional: boolean
}

/** The request never left. */
export const notSent: ErrorMoment = {
  sent: false,
  insideTransaction: false,
  committing: false,
  committed: false,
  answered: false,
  transactional: true,
}

/**
 * Attaches outcome, hazard and hint to an error of the server, the pooler or the socket, and returns it.
 *
 * The classifier knows texts and codes; the moment decides what they cannot know. One lost connection fails several
 * queries with the same object: a query with another outcome gets a copy.
 */
export function explainError<E>(error: E, moment: ErrorMoment): E | Error {
  if (isPoolerSafeError(error)) return error
  const classified = classifyError(error, moment)
  const outcome = outcomeAt(moment, classified.outcome)
  // What was not executed need not be idempotent to be repeated.
  const retry = outcome === 'not-executed' && classified.retry === 'if-idempotent' ? 'backoff' : classified.retry
  const facts = { hazard: classified.hazard, hint: classified.hint, outcome, retry }
  const known = factsOf(error)
  const target = known && known.outcome !== facts.outcome && error instanceof Error ? copyOf(error) : error
  attachFacts(target, facts)
  return target
}

function outcomeAt(moment: ErrorMoment, classified: Outcome): Outcome {
  if (!moment.sent) return 'not-executed'
  if (moment.committed) return moment.answered ? 'unknown' : 'executed'
  if (moment.answered) return moment.transactional ? 'not-executed' : classified
  if (moment.committing) return 'unknown'
  return moment.insideTransaction ? 'not-executed' : classified
}

function copyOf(error: Error): Error {
  const copy = new Error(error.message, { cause: error })
  return Object.assign(copy, error)
}
