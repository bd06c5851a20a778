import type { HazardId } from '@pooler-safe/hazards'
import type { Range } from './estree.ts'
import type { Operation } from './operation.ts'

/** The rules, by name. */
export const ruleNames = [
  'no-client-only-timeout',
  'no-connect-hook-state',
  'no-hazard-in-body',
  'no-idle-in-tx',
  'no-listen',
  'no-named-statement',
  'no-parallel-in-tx',
  'no-pool-transaction',
  'no-query-outside-tx',
  'no-raw-execute',
  'no-reset-in-finally',
  'no-session-lock',
  'no-session-object',
  'no-session-state',
  'no-startup-parameters',
  'no-unresolved-sql',
  'no-unscoped-local',
  'require-commit-check',
  'require-directive',
  'require-pool-error-handler',
  'require-pooler-config',
] as const

export type RuleName = (typeof ruleNames)[number]

/** A replacement of a part of the source. */
export interface Edit {
  readonly range: Range
  readonly text: string
}

/** A change that the reader has to judge: it may change what the program means. */
export interface Suggestion {
  readonly title: string
  readonly edits: readonly Edit[]
}

/** What a rule may have to say about a place. */
export interface Finding {
  readonly rule: RuleName
  /** Absent where the rule is about the code base, not about a hazard. */
  readonly hazard?: HazardId
  /** The words at fault. */
  readonly subject: string
  readonly range: Range
  readonly operation?: Operation
  /** Whether PostgreSQL's grammar (or the code itself) confirms it; false where only the tokens say so. */
  readonly certain: boolean
  readonly suggestions?: readonly Suggestion[]
  /** A change that is provably safe. */
  readonly fix?: readonly Edit[]
  /** Narrows the finding down for options of its rule. */
  readonly variant?: string
}
