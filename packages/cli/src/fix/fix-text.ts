import type { AuditEdit, AuditFinding } from '../audit/report.ts'
import { countSyntaxErrors } from '../audit/parse-module.ts'
import { applyEdits, compatible, type Change } from './apply-edits.ts'

const mostPasses = 10

/** Finds what is wrong with a text. */
export type Look = (text: string) => readonly AuditFinding[]

export interface FixedText {
  readonly text: string
  /** What was cured, in order. */
  readonly applied: readonly AuditFinding[]
  /** What is left, at its place in the new text. */
  readonly left: readonly AuditFinding[]
  /** Set when the cure would not parse: the text is as it was. */
  readonly problem?: string
}

/** The change that a finding asks for. */
export interface FoundChange extends Change {
  readonly finding: AuditFinding
}

/** Applies the safe fixes of all findings until there are none. The result parses if the text did. */
export function fixText(path: string, given: string, look: Look): FixedText {
  let text = given
  const applied: AuditFinding[] = []
  let left = look(text)
  for (let pass = 0; pass < mostPasses; pass += 1) {
    const changes = compatible(left.flatMap((finding) => (finding.fix ? [changeOf(finding, finding.fix)] : [])))
    if (changes.length === 0) break
    text = apply(text, changes)
    applied.push(...changes.map(({ finding }) => finding))
    left = look(text)
  }
  if (text !== given && !parsesAsBefore(path, given, text)) {
    return { text: given, applied: [], left: look(given), problem: 'its fixes would not parse together' }
  }
  return { text, applied, left }
}

/** What the findings propose. */
export function suggestionsOf(findings: readonly AuditFinding[]): readonly FoundChange[] {
  return findings.flatMap((finding) => (finding.suggestion ? [changeOf(finding, finding.suggestion.edits)] : []))
}

/** The text with all proposed changes that go together, for a reader to judge, and which those are. */
export function propose<C extends Change>(
  path: string,
  text: string,
  changes: readonly C[],
): { readonly text: string; readonly taken: readonly C[] } {
  const parses = (some: readonly C[]): boolean => parsesAsBefore(path, text, apply(text, some))
  let taken = compatible(changes)
  if (!parses(taken)) taken = taken.filter((change) => parses([change]))
  if (!parses(taken)) taken = []
  return { text: apply(text, taken), taken }
}

function changeOf(finding: AuditFinding, edits: readonly AuditEdit[]): FoundChange {
  return { finding, edits: edits.map(({ start, end, text }) => ({ range: [start, end], text })) }
}

function apply(text: string, changes: readonly Change[]): string {
  return applyEdits(
    text,
    changes.flatMap(({ edits }) => edits),
  )
}

/** Whether a change brought no mistake that the parser sees. */
export function parsesAsBefore(path: string, before: string, after: string): boolean {
  if (!/\.(?:[cm]?[jt]s|[jt]sx)$/.test(path)) return true
  return countSyntaxErrors(path, after) <= countSyntaxErrors(path, before)
}
