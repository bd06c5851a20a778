import type { Decoded } from './decode.ts'
import type { Node, Range } from './estree.ts'

/**
 * What a hole in a text stands for: `param` is a bound value, `raw` is spliced text, `name` a quoted name, `fragment`
 * a piece of SQL that could not be read.
 */
export type HoleKind = 'param' | 'raw' | 'name' | 'fragment'

export interface Hole {
  readonly hole: HoleKind
  readonly node: Node
}

/** A piece of SQL as it is put together: text from the source, or a hole. */
export type Piece = Decoded | Hole

export function isHole(piece: Piece): piece is Hole {
  return 'hole' in piece
}

interface Segment {
  readonly at: number
  readonly end: number
  readonly piece: Piece
}

/** SQL put together from pieces, and the way back from its offsets to the source. */
export class SqlText {
  readonly text: string
  readonly holes: readonly (Hole & { readonly at: number; readonly end: number })[]
  readonly #segments: readonly Segment[]

  /** `fill` gives the text that stands for each hole, after the text before it. */
  constructor(pieces: readonly Piece[], fill: (hole: Hole, index: number, before: string) => string) {
    let text = ''
    const segments: Segment[] = []
    const holes: (Hole & { at: number; end: number })[] = []
    for (const piece of pieces) {
      const at = text.length
      text += isHole(piece) ? fill(piece, holes.length, text) : piece.text
      segments.push({ at, end: text.length, piece })
      if (isHole(piece)) holes.push({ ...piece, at, end: text.length })
    }
    this.text = text
    this.holes = holes
    this.#segments = segments
  }

  /** Where a part of the text stands in the source: up to the end of the piece that it starts in. */
  rangeOf(start: number, end: number): Range {
    const first = this.#segments.find((segment) => start < segment.end) ?? this.#segments.at(-1)
    if (!first) return [0, 0]
    const from = sourceOffset(first, start)
    let to = from
    for (const segment of this.#segments) {
      if (segment.at >= end || segment.end <= start) continue
      const stop = sourceOffset(segment, Math.min(end, segment.end), true)
      // Pieces may come from anywhere in the file: a range that would run backwards ends with its first piece.
      if (stop > to && (isHole(segment.piece) || segment === first || sourceOffset(segment, segment.at) >= to))
        to = stop
      else break
    }
    return [from, Math.max(to, from + 1)]
  }

  /** The source range of a part of the text that is written there word for word, in one piece. */
  writtenAt(start: number, end: number): Range | undefined {
    const segment = this.#segments.find(({ at, end: stop }) => start >= at && end <= stop)
    if (!segment || isHole(segment.piece) || segment.piece.offsets) return undefined
    return [sourceOffset(segment, start), sourceOffset(segment, end)]
  }

  /** Whether a part of the text has a hole in it. */
  hasHole(start: number, end: number): boolean {
    return this.holes.some((hole) => hole.at < end && hole.end > start)
  }
}

function sourceOffset({ at, piece }: Segment, offset: number, isEnd = false): number {
  if (isHole(piece)) return piece.node.range[isEnd ? 1 : 0]
  const index = Math.max(0, offset - at)
  return piece.offsets ? (piece.offsets[index] ?? piece.start) : piece.start + index
}
