import type { ConvertedFile } from './codemod/convert-pools.ts'
import { propose, suggestionsOf } from './fix-text.ts'
import type { PlannedFile } from './planned-file.ts'
import { unifiedPatch } from './unified-patch.ts'

/** What was or would be done to a file, a line for each change. */
export function describeWritten({ name, fixed, conversions }: PlannedFile, verb: string): string {
  return [
    ...conversions.map((what) => `${name}: ${verb}: ${what}\n`),
    ...fixed.applied.map(({ line, rule, subject }) => `${name}:${String(line)}: ${verb}: ${rule} (${subject})\n`),
  ].join('')
}

/** The fixes of a file as a patch, for a run that writes nothing. */
export function patchOfFixes(file: PlannedFile): string {
  const { fixed, name, source, conversions } = file
  return unifiedPatch({
    name,
    before: source.mark + source.text,
    after: source.mark + fixed.text,
    remarks: [
      ...conversions,
      ...fixed.applied.map(({ line, rule, subject }) => `fix: ${name}:${String(line)} ${rule} (${subject})`),
    ],
  })
}

export interface SuggestedPatch {
  readonly patch: string
  /** How many changes the patch proposes. */
  readonly count: number
  /** What a person has to do by hand. */
  readonly remarks: readonly string[]
}

/** What a reader has to judge, as a patch on top of the fixes. */
export function patchOfSuggestions(
  { fixed, name, source }: PlannedFile,
  converted: ConvertedFile | undefined,
): SuggestedPatch {
  const proposals = converted?.proposals ?? []
  const changes = [
    ...suggestionsOf(fixed.left).map(({ edits, finding }) => ({
      edits,
      remark: `${name}:${String(finding.line)} ${finding.rule}: ${finding.message}${finding.suggestion?.title ? ` Proposed: ${finding.suggestion.title}.` : ''}`,
    })),
    ...proposals.map(({ edits, line, title, reason }) => ({
      edits,
      remark: `${name}:${String(line)} ${title}: not done because ${reason}.`,
    })),
  ]
  const { text, taken } = propose(source.path, fixed.text, changes)
  const isShown = source.isUtf8
  const patch = isShown
    ? unifiedPatch({
        name,
        before: source.mark + fixed.text,
        after: source.mark + text,
        remarks: taken.map(({ remark }) => remark),
      })
    : ''
  const untold =
    proposals.length === 0 ? [] : changes.slice(-proposals.length).filter((one) => !isShown || !taken.includes(one))
  return {
    patch,
    count: isShown ? taken.length : 0,
    remarks: [...(converted?.remarks ?? []), ...untold.map(({ remark }) => remark)],
  }
}

interface Left {
  readonly isDry: boolean
  readonly written: number
  readonly left: number
  readonly reviewed: number
  readonly remarks: readonly string[]
}

/** The last lines: what is left for a person. */
export function describeLeft({ isDry, written, left, reviewed, remarks }: Left): string {
  const lines = remarks.map((remark) => `note: ${remark}`)
  lines.push(
    written === 0 ? 'Nothing to fix.' : `${plural(written, 'file')} ${isDry ? 'would be changed' : 'changed'}.`,
  )
  if (reviewed > 0)
    lines.push(`${plural(reviewed, 'change')} in the patch may change what the code means: review each.`)
  if (left > 0) lines.push(`${plural(left, 'finding')} left; pooler-safe audit shows them.`)
  return `${lines.join('\n')}\n`
}

function plural(number: number, noun: string): string {
  return `${String(number)} ${noun}${number === 1 ? '' : 's'}`
}
