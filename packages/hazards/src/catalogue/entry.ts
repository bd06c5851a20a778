import type { HazardCode, HazardGroup, HazardId, Severity } from '../hazard.ts'
import type { PoolerKey } from '../poolers.ts'
import type { SqlContext } from '../sql/analysis.ts'

/** A pooler whose behaviour the catalogue knows something about; `any` stands for every transaction-mode pooler. */
export type PoolerName = PoolerKey | 'any'

/** What the victim sees, or does not see. `ignored`: accepted without effect. `refused`: rejected with an error. */
export type BehaviourOutcome = 'safe' | 'error' | 'leak' | 'wrong' | 'hang' | 'ignored' | 'refused' | 'unknown'

/**
 * How a claim is known, strongest first: measured against the real thing, read in its source, stated by its vendor,
 * reported by a user, or concluded from the others.
 */
export type Evidence = 'measured' | 'source' | 'documented' | 'reported' | 'inferred'

/** What can notice the hazard: analysis of SQL or TypeScript, the messages either way, a probe, a check of options. */
export type Detector = 'sql-text' | 'typescript' | 'wire' | 'reply' | 'probe' | 'config' | 'runtime'

/** An error or notice that the hazard shows itself by. Others may share it: a symptom is a lead, not a proof. */
export interface Symptom {
  /** Source of a regular expression for the message text. */
  readonly pattern: string
  readonly sqlState?: string
}

/** What one pooler makes of the hazard. */
export interface PoolerBehaviour {
  readonly pooler: PoolerName
  /** The versions or settings that the claim is about; those with default settings when absent. */
  readonly versions?: string
  readonly outcome: BehaviourOutcome
  readonly note?: string
  readonly evidence: Evidence
}

/** What to write instead. The first sentence of a hazard's first note is its hint in error messages. */
export interface Alternative {
  readonly language: 'sql' | 'ts'
  readonly bad?: string
  readonly good?: string
  readonly note: string
  /** Where the SQL of `bad` and `good` runs, when not alone in autocommit. */
  readonly context?: SqlContext
}

/** What the catalogue says about one hazard, apart from its names. */
export interface HazardText {
  readonly title: string
  readonly severity: Severity
  /** What happens, in one to three sentences. */
  readonly summary: string
  readonly symptoms: readonly Symptom[]
  readonly behaviour: readonly PoolerBehaviour[]
  readonly alternatives: readonly [Alternative, ...Alternative[]]
  /** Issues, advisories and versions where it was seen. */
  readonly evidence: readonly string[]
  readonly detectedBy: readonly Detector[]
}

/** One way in which a program breaks behind a transaction-mode pooler. */
export interface Hazard extends HazardText {
  readonly code: HazardCode
  readonly id: HazardId
  readonly group: HazardGroup
}

/** The entries of one group: the compiler sees to it that none is missing. */
export type HazardGroupText<Group extends HazardGroup> = Readonly<
  Record<Extract<HazardCode, `${Group}${number}`>, HazardText>
>
