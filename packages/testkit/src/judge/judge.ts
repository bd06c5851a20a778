import { hazard, hazardDocsUrl } from '@pooler-safe/hazards'
import { TestkitError } from '../testkit-error.ts'
import type { AllowedViolation, Finding, UnattributedResidue, Violation } from './violation.ts'

export interface JudgeOptions {
  /** Expected violations, each with its reason. */
  readonly allow?: readonly AllowedViolation[]
  /** Violations that are kept; later ones are only counted. Default 2,000. */
  readonly maxViolations?: number
  readonly onViolation?: ((violation: Violation) => void) | undefined
}

type Kept = { -readonly [K in keyof Violation]: Violation[K] }

/** Collects violations: names each by its catalogue entry, counts repetitions, and knows what is allowed. */
export class Judge {
  readonly #options: JudgeOptions
  readonly #kept: Kept[] = []
  readonly #bySameness = new Map<string, Kept>()
  readonly #unattributed: UnattributedResidue[] = []
  #dropped = 0

  constructor(options: JudgeOptions = {}) {
    for (const { reason, hazard: id } of options.allow ?? []) {
      if (reason.trim() !== '') continue
      throw new TestkitError('invalid-option', `An entry of "allow" for "${id}" has no reason.`, {
        hint: 'Say why it is no problem; it is printed in the report.',
      })
    }
    this.#options = options
  }

  /**
   * Violations in the order of their transactions, allowed ones included; those outside any transaction come first.
   *
   * Audits of two backends end in any order, so the order they were found in would differ from run to run.
   */
  get violations(): readonly Violation[] {
    return this.#kept.toSorted((one, other) => (one.transaction?.id ?? 0) - (other.transaction?.id ?? 0))
  }

  /** How many were not kept because there were too many. */
  get dropped(): number {
    return this.#dropped
  }

  get unattributed(): readonly UnattributedResidue[] {
    return this.#unattributed
  }

  /** Forgets everything that was found so far. */
  clear(): void {
    this.#kept.length = 0
    this.#unattributed.length = 0
    this.#bySameness.clear()
    this.#dropped = 0
  }

  /** Writes a finding down. Answers the violation, or the earlier one that it repeats. */
  charge(finding: Finding): Violation {
    const sameness = samenessOf(finding)
    const before = sameness === undefined ? undefined : this.#bySameness.get(sameness)
    if (before) {
      before.occurrences += 1
      return before
    }
    const entry = hazard(finding.hazard)
    const violation: Kept = {
      id: this.#kept.length + this.#dropped + 1,
      at: Date.now(),
      hazard: finding.hazard,
      severity: entry.severity,
      evidence: finding.evidence,
      summary: finding.summary,
      client: finding.client,
      transaction: finding.transaction,
      sql: finding.sql,
      residue: finding.residue,
      alternative: entry.alternatives[0].note,
      docsUrl: hazardDocsUrl(finding.hazard),
      occurrences: 1,
      allowedBecause: this.#options.allow?.find((allowed) => isAllowed(finding, allowed))?.reason,
    }
    if (this.#kept.length >= (this.#options.maxViolations ?? 2_000)) {
      this.#dropped += 1
    } else {
      this.#kept.push(violation)
      if (sameness !== undefined) this.#bySameness.set(sameness, violation)
    }
    this.#options.onViolation?.(violation)
    return violation
  }

  /** Notes residue that cannot be charged to one transaction. */
  noteUnattributed(found: UnattributedResidue): void {
    if (this.#unattributed.length < (this.#options.maxViolations ?? 2_000)) this.#unattributed.push(found)
  }
}

/** The same client doing the same again is one violation; residue belongs to the transaction that left it. */
function samenessOf({ hazard: id, evidence, client, sql, summary }: Finding): string | undefined {
  return evidence === 'residue' ? undefined : JSON.stringify([id, client.id, sql ?? summary])
}

function isAllowed(finding: Finding, allowed: AllowedViolation): boolean {
  if (allowed.hazard !== finding.hazard) return false
  if (allowed.applicationName !== undefined && allowed.applicationName !== finding.client.applicationName) return false
  if (allowed.residue !== undefined && allowed.residue !== finding.residue?.name) return false
  if (allowed.sql === undefined) return true
  const { sql = '' } = finding
  return typeof allowed.sql === 'string' ? sql.includes(allowed.sql) : sql.search(allowed.sql) !== -1
}
