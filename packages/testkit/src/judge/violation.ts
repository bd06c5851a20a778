import type { HazardId, Severity } from '@pooler-safe/hazards'
import type { Residue, ResidueKind } from '../audit/residue.ts'
import type { RecordedStatement } from '../recording/recording.ts'

/** Who did it: one client connection of a pooler. */
export interface AccusedClient {
  /** Counts the client connections of the pooler, from 1. */
  readonly id: number
  readonly applicationName: string
  /** Where it connected from, as `host:port`. */
  readonly address: string
  readonly user: string
  readonly database: string
}

/**
 * How a violation is known, strongest first.
 *
 * - `residue`: the backend was asked before and after, and something new was there.
 * - `answer`: PostgreSQL or the pooler answered with a message that says so.
 * - `messages`: the client's messages broke a rule, whatever came of it.
 * - `text`: the SQL says so; nothing else could be seen.
 * - `login`: a start-up parameter.
 */
export type ViolationEvidence = 'residue' | 'answer' | 'messages' | 'text' | 'login'

/** One piece of session state, before a transaction and after it. */
export interface ResidueChange {
  readonly kind: ResidueKind
  readonly name: string
  /** Its value before; undefined when there was nothing. */
  readonly before: string | undefined
  readonly after: string
}

/** The transaction a violation is charged to. */
export interface AccusedTransaction {
  /** Counts all transactions of the pooler, from 1: the id in the recording. */
  readonly id: number
  /** Counts the transactions of the client, from 1. */
  readonly number: number
  readonly backendPid: number
  /** What the client asked for in it, as far as it was kept. */
  readonly statements: readonly RecordedStatement[]
}

/** Something a client did that breaks, leaks or loses data behind a transaction-mode pooler. */
export interface Violation {
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly hazard: HazardId
  readonly severity: Severity
  readonly evidence: ViolationEvidence
  /** What was seen, in one sentence. */
  readonly summary: string
  readonly client: AccusedClient
  /** Undefined for what happened outside any transaction, such as during log-in. */
  readonly transaction: AccusedTransaction | undefined
  /** The statement at fault, where one can be named. */
  readonly sql: string | undefined
  /** What changed on the backend; only for `residue`. */
  readonly residue: ResidueChange | undefined
  /** What to write instead, from the catalogue. */
  readonly alternative: string
  /** The page of the hazard. */
  readonly docsUrl: string
  /** How often the same client did the same; residue is counted per transaction and always 1. */
  readonly occurrences: number
  /** Why it is allowed, when the allow-list has it. */
  readonly allowedBecause: string | undefined
}

/** A violation before the judge has written it down. */
export interface Finding {
  readonly hazard: HazardId
  readonly evidence: ViolationEvidence
  readonly summary: string
  readonly client: AccusedClient
  readonly transaction?: AccusedTransaction | undefined
  readonly sql?: string | undefined
  readonly residue?: ResidueChange | undefined
}

/** Violations that are expected, each with its reason. All given conditions must hold. */
export interface AllowedViolation {
  readonly hazard: HazardId
  /** Only when the statement at fault contains this, or matches. */
  readonly sql?: string | RegExp
  readonly applicationName?: string
  /** Name of the setting, object, channel, … that was left. */
  readonly residue?: string
  /** Why it is no problem here. Must not be empty. */
  readonly reason: string
}

/** Residue that nobody can be charged with for certain: it was left between two sampled audits. */
export interface UnattributedResidue {
  readonly at: number
  readonly backendPid: number
  readonly residue: Residue
  /** Ids of the transactions of which one left it; the oldest are missing when there were many. */
  readonly candidates: readonly number[]
}
