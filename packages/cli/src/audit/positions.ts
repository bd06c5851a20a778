import type { Excerpt, Place } from './report.ts'

const longestExcerpt = 180

/** Finds lines and columns of one text. */
export class Positions {
  readonly #text: string
  readonly #starts: number[] = [0]

  constructor(text: string) {
    this.#text = text
    const lineEnd = /\r\n|[\n\r\u2028\u2029]/g
    for (let match = lineEnd.exec(text); match; match = lineEnd.exec(text)) this.#starts.push(lineEnd.lastIndex)
  }

  /** Line and column of an offset, both from 1. */
  at(offset: number): { readonly line: number; readonly column: number } {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 }
  }

  place(file: string, [start, end]: readonly [number, number]): Place {
    const from = this.at(start)
    const to = this.at(Math.max(end, start))
    return { file, line: from.line, column: from.column, endLine: to.line, endColumn: to.column }
  }

  /** The text of a line, without its end. */
  line(number: number): string {
    const start = this.#starts[number - 1] ?? this.#text.length
    return this.#text.slice(start, this.#starts[number] ?? this.#text.length).replace(/[\n\r\u2028\u2029]+$/, '')
  }

  /** The line that a place starts on, cut to what a reader can take in. */
  excerpt({ line, column, endLine, endColumn }: Omit<Place, 'file'>): Excerpt {
    const text = this.line(line)
    const end = endLine === line ? endColumn : text.length + 1
    const length = Math.max(1, Math.min(end, text.length + 1) - column)
    if (text.length <= longestExcerpt) return { text, column, length }
    const from = Math.max(0, Math.min(column - 1 - 40, text.length - longestExcerpt))
    const cut = text.slice(from, from + longestExcerpt)
    const head = from > 0 ? '…' : ''
    const tail = from + longestExcerpt < text.length ? '…' : ''
    const at = column - from + head.length
    return {
      text: `${head}${cut}${tail}`,
      column: at,
      length: Math.max(1, Math.min(length, cut.length + 1 - (column - from))),
    }
  }
}
