import { expect, it } from 'vitest'
import { analyzeUncached } from '../../src/sql/analyze.ts'
import type { SqlReason } from '../../src/sql/analysis.ts'

/**
 * A fact about one text: the text with « » around the words that a reason points at, then verdict and hazard of each
 * reason, in order. Without reasons the text is safe.
 */
export type Fact = readonly [marked: string, ...reasons: string[]]

/** The text of a fact without its marks. */
export function unmarked(marked: string): string {
  return marked.replace(/[«»]/g, '')
}

/** A text with « » around the words that reasons point at. Reasons on the same words share their marks. */
export function marked(text: string, reasons: readonly Pick<SqlReason, 'start' | 'end'>[]): string {
  const spans = new Map(reasons.map(({ start, end }) => [`${start} ${end}`, { start, end }]))
  let shown = ''
  for (let i = 0; i <= text.length; i += 1) {
    for (const { start, end } of spans.values()) if (end === i && start < i) shown += '»'
    for (const { start } of spans.values()) if (start === i) shown += '«'
    shown += text.charAt(i)
  }
  return shown
}

/** Tests that the token level finds exactly the reasons of each fact, at their places. */
export function facts(rows: readonly Fact[]): void {
  it.each(rows.map((row) => ({ row, name: row[0].replaceAll('\n', '⏎') })))('$name', ({ row }) => {
    const [text, ...expected] = row
    const { statements } = analyzeUncached(unmarked(text))
    const reasons = statements.flatMap((statement) => statement.reasons)
    expect(reasons.map(({ verdict, hazard }) => `${verdict} ${hazard}`)).toEqual(expected)
    expect(marked(unmarked(text), reasons)).toBe(text)
  })
}
