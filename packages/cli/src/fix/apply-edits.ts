import type { Edit } from 'eslint-plugin-pooler-safe/analysis'

/** Edits that belong together: all of them or none. */
export interface Change {
  readonly edits: readonly Edit[]
}

/** The changes that do not get in each other's way, first come first served; the others wait for the next look. */
export function compatible<C extends Change>(changes: readonly C[]): readonly C[] {
  const taken: Edit[] = []
  return changes.filter(({ edits }) => {
    if (edits.some((edit) => taken.some((other) => overlaps(edit, other)))) return false
    taken.push(...edits)
    return true
  })
}

function overlaps({ range: [start, end] }: Edit, { range: [from, to] }: Edit): boolean {
  // Two insertions at one place have no order of their own.
  return start === from || (start < to && from < end)
}

/** The text after the edits. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let result = ''
  let at = 0
  for (const { range, text: replacement } of edits.toSorted(
    (a, b) => a.range[0] - b.range[0] || a.range[1] - b.range[1],
  )) {
    result += text.slice(at, range[0]) + replacement
    at = range[1]
  }
  return result + text.slice(at)
}
