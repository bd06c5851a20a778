import type { ConvertedFile } from './codemod/convert-pools.ts'
import type { EditableFile } from './editable-file.ts'
import { parsesAsBefore, type FixedText } from './fix-text.ts'

/** What is to become of a file. */
export interface PlannedFile {
  readonly source: EditableFile
  readonly name: string
  readonly fixed: FixedText
  /** What the codemod did, one line each. */
  readonly conversions: readonly string[]
  /** Why the file stays as it is, or part of what was meant for it was not done. */
  readonly problem?: string
}

/** First the codemod, then the fixes. What does not parse is left away. */
export function planFile(
  source: EditableFile,
  name: string,
  converted: ConvertedFile | undefined,
  fix: (text: string) => FixedText,
): PlannedFile {
  const { text } = source
  const wanted = converted?.text ?? text
  const isSound = wanted === text || parsesAsBefore(source.path, text, wanted)
  const fixed = fix(isSound ? wanted : text)
  const problem = isSound ? fixed.problem : 'the result of the codemod would not parse'
  return {
    source,
    name,
    fixed,
    conversions: isSound ? (converted?.done ?? []) : [],
    ...(problem !== undefined && { problem }),
  }
}
