import type { Change } from '../apply-edits.ts'

/** A rewriting that may change what the code means, for a person to judge. */
export interface Proposal extends Change {
  readonly line: number
  readonly title: string
  readonly reason: string
}
