import type { Piece } from './sql-text.ts'

/** One way in which a text may be put together. */
export type Pieces = readonly Piece[]

/** Every way in which a text may be put together; at least one. */
export type Alternatives = readonly Pieces[]

/** More alternatives than this are not told apart. */
export const mostAlternatives = 8

/** Longer texts are bulk data. */
const mostPieces = 400

export function limit(alternatives: Alternatives): Alternatives {
  return alternatives.length <= mostAlternatives ? alternatives : alternatives.slice(0, mostAlternatives)
}

/** What the conditions that a text is made under have answered. */
export const assumed = new WeakMap<Pieces, ReadonlyMap<string, boolean>>()

/** One text after another, unless they need different answers to one condition. */
export function joined(left: Pieces, right: Pieces): Pieces | undefined {
  const before = assumed.get(left)
  const after = assumed.get(right)
  if (before && after && [...after].some(([key, answer]) => before.has(key) && before.get(key) !== answer)) {
    return undefined
  }
  const pieces = left.length < mostPieces ? [...left, ...right] : left
  if (before ?? after) assumed.set(pieces, new Map([...(before ?? []), ...(after ?? [])]))
  return pieces
}

/** Every combination, up to the limit; beyond it every alternative of a part is in one at least. */
export function combine(parts: readonly Alternatives[]): Alternatives {
  let combined: Alternatives = [[]]
  for (const part of parts) {
    const [only] = part
    if (part.length === 1 && only && !assumed.has(only)) {
      // Long sums of plain parts: no copies.
      if (combined.every((pieces) => pieces.length < mostPieces)) for (const pieces of combined) append(pieces, only)
      continue
    }
    const pairs = combined.flatMap((pieces) =>
      part.map((choice) => joined(pieces, choice)).filter((pair) => pair !== undefined),
    )
    combined = pairs.length <= mostAlternatives ? pairs : thinned(combined, part)
    if (combined.length === 0) return part
  }
  return combined
}

function append(pieces: Pieces, more: Pieces): void {
  ;(pieces as Piece[]).push(...more)
}

/** As many texts as there are alternatives on the longer side. */
function thinned(combined: Alternatives, part: Alternatives): Alternatives {
  return Array.from({ length: Math.max(combined.length, part.length) }, (_, index) => {
    const pieces = combined[index % combined.length] ?? []
    for (let turn = 0; turn < part.length; turn += 1) {
      const pair = joined(pieces, part[(index + turn) % part.length] ?? [])
      if (pair) return pair
    }
    return [...pieces]
  })
}
