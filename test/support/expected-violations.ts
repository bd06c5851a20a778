import type { HazardId } from '@pooler-safe/hazards'

/** What the tests of a file do to the shared pooler on purpose. */
export interface ExpectedViolation {
  /** Path of the test file from the root of the repository. */
  readonly file: string
  readonly hazard: HazardId
  /** Only where the statement at fault, or the summary when none is named, matches. */
  readonly matches?: RegExp
  readonly reason: string
}

/** Each with the reason why; an entry that nothing in its file fits any more fails the run. */
export const expectedViolations: readonly ExpectedViolation[] = []
