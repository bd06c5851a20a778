import { joined, type Alternatives, type Pieces } from './alternatives.ts'
import { isConditional, isInside, type Node } from './estree.ts'

/** A text that a variable may hold, and the assignments that made it. */
export interface Built {
  readonly pieces: Pieces
  readonly writes: readonly Node[]
}

/** What `text += value` makes of each text so far. */
export function appended(built: readonly Built[], value: Alternatives, write: Node, home: Node): readonly Built[] {
  const isOptional = isConditional(write, home)
  return built.flatMap((item): Built[] => {
    if (item.writes.some((earlier) => isExclusive(earlier, write))) return [item]
    const longer = value.flatMap((more): Built[] => {
      const pieces = joined(item.pieces, more)
      return pieces ? [{ pieces, writes: [...item.writes, write] }] : []
    })
    return isOptional ? [...longer, item] : longer
  })
}

/** Whether two nodes stand in different branches of one `if`. */
function isExclusive(a: Node, b: Node): boolean {
  for (let current: Node | null | undefined = a; current; current = current.parent) {
    const parent: Node | null | undefined = current.parent
    if (parent?.type !== 'IfStatement' || !isInside(b, parent) || isInside(b, current)) continue
    return current !== parent.test && !(parent.test && isInside(b, parent.test))
  }
  return false
}
