import type { Finding, Suggestion } from './finding.ts'
import type { Receivers } from './receivers.ts'
import type { Names } from './scope.ts'
import type { Settings } from './settings.ts'
import type { StaticSql } from './static-sql.ts'

/** What the findings about code (not SQL) need to know. */
export interface CodeFacts {
  readonly source: string
  readonly names: Names
  readonly sql: StaticSql
  readonly receivers: Receivers
  readonly settings: Settings
  readonly engine: string
  /** Whether the file holds tests. */
  isTest(): boolean
}

/** A finding that the code itself confirms. */
export function finding(
  rule: Finding['rule'],
  hazard: NonNullable<Finding['hazard']>,
  subject: string,
  range: Finding['range'],
  suggestions: readonly Suggestion[] = [],
): Finding {
  return { rule, hazard, subject, range, certain: true, ...(suggestions.length > 0 ? { suggestions } : {}) }
}
