import type { Range } from './estree.ts'

/** What to take away with a comment: its line, when nothing else stands there, or else the blanks before it. */
export function removalOf(text: string, [start, end]: Range): [number, number] {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1
  const before = text.slice(lineStart, start)
  const rest = /^[ \t]*(?:\r?\n|$)/.exec(text.slice(end))
  if (before.trim() === '' && rest) return [lineStart, end + rest[0].length]
  return rest ? [lineStart + before.trimEnd().length, end] : [start, end]
}
