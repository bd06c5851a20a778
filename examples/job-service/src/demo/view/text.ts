import { stripVTControlCharacters } from 'node:util'

/** What a colour means; without colours nothing is lost. */
export type Tone = 'plain' | 'strong' | 'faint' | 'good' | 'busy' | 'bad'

/** A piece of a line. */
export interface Span {
  readonly text: string
  readonly tone: Tone
}

export type Line = readonly Span[]

export const span = (text: string, tone: Tone = 'plain'): Span => ({ text, tone })
export const line = (...spans: readonly (Span | string)[]): Line =>
  spans.map((one) => (typeof one === 'string' ? span(one) : one))

const codes: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  faint: '2',
  good: '32',
  busy: '33',
  bad: '31',
}

/** A line as a terminal takes it. */
export function paint(painted: Line, colors: boolean): string {
  const text = painted
    .map(({ text, tone }) =>
      colors && codes[tone] !== '' && text !== '' ? `\x1b[${codes[tone]}m${text}\x1b[0m` : text,
    )
    .join('')
  return colors ? text : text.trimEnd()
}

/** Text from elsewhere, such as the name of a file or an error: on one line, and nothing a terminal would obey. */
export function oneLine(text: string): string {
  // Marks that change the direction of writing would turn the rest of the line around.
  return stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '�')
    .trim()
}

/** How many columns a text takes: letters of East Asia and pictures take two, marks on letters none. */
export function widthOf(text: string): number {
  let width = 0
  for (const character of text) width += columnsOf(character.codePointAt(0) ?? 0, character)
  return width
}

const wide = [
  [0x1100, 0x115f],
  [0x2e80, 0xa4cf],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x1f300, 0x1faff],
  [0x20000, 0x3fffd],
] as const

function columnsOf(code: number, character: string): number {
  if (code < 0x300) return 1
  if (/^[\p{Mn}\p{Me}\p{Cf}]$/u.test(character)) return 0
  return wide.some(([first, last]) => code >= first && code <= last) ? 2 : 1
}

/** The text in at most `width` columns; what is cut off leaves an ellipsis, at the end or in the middle. */
export function fitText(text: string, width: number, cut: 'end' | 'middle' = 'end'): string {
  if (widthOf(text) <= width) return text
  if (width < 1) return ''
  const tail = cut === 'middle' ? lastColumns(text, Math.floor((width - 1) / 2)) : ''
  return `${firstColumns(text, width - 1 - widthOf(tail))}…${tail}`
}

function firstColumns(text: string, width: number): string {
  let taken = ''
  let left = width
  for (const character of text) {
    left -= widthOf(character)
    if (left < 0) break
    taken += character
  }
  return taken
}

function lastColumns(text: string, width: number): string {
  let taken = ''
  let left = width
  for (const character of Array.from(text).reverse()) {
    left -= widthOf(character)
    if (left < 0) break
    taken = character + taken
  }
  return taken
}

/** The line in at most `width` columns. */
export function fitLine(fitted: Line, width: number): Line {
  const result: Span[] = []
  let left = width
  for (const { text, tone } of fitted) {
    const fitting = fitText(text, left)
    if (fitting !== '') result.push({ text: fitting, tone })
    left -= widthOf(text)
    if (left <= 0) break
  }
  return result
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)))
export const padStart = (text: string, width: number): string => ' '.repeat(Math.max(0, width - widthOf(text))) + text

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
  /** This column becomes narrower when the table is too wide. */
  readonly shrinks?: 'end' | 'middle'
}

/** A table with aligned columns, two spaces apart, at most `width` wide where a column may shrink. */
export function table(columns: readonly Column[], rows: readonly (readonly Span[])[], width: number): Line[] {
  const widths = columns.map(({ title }, at) =>
    Math.max(widthOf(title), ...rows.map((row) => widthOf(row[at]?.text ?? ''))),
  )
  const excess = widths.reduce((sum, one) => sum + one + 2, 0) - 2 - width
  const shrinking = columns.findIndex(({ shrinks }) => shrinks !== undefined)
  if (excess > 0 && shrinking >= 0) widths[shrinking] = Math.max(8, (widths[shrinking] ?? 0) - excess)
  const cells = (row: readonly Span[]): Line =>
    fitLine(
      columns.flatMap(({ align, shrinks }, at) => {
        const { text, tone } = row[at] ?? span('')
        const fitted = fitText(text, widths[at] ?? 0, shrinks)
        const padded = align === 'right' ? padStart(fitted, widths[at] ?? 0) : padEnd(fitted, widths[at] ?? 0)
        return at === 0 ? [{ text: padded, tone }] : [span('  '), { text: padded, tone }]
      }),
      width,
    )
  return [cells(columns.map(({ title }) => span(title, 'faint'))), ...rows.map(cells)]
}

/** How far something is: a bar of `width` columns. */
export function bar(done: number, total: number, width: number): Line {
  const share = total > 0 ? Math.min(1, done / total) : 0
  const full = done > 0 ? Math.max(1, Math.floor(share * width)) : 0
  return [span('█'.repeat(full), 'good'), span('░'.repeat(Math.max(0, width - full)), 'faint')]
}

/** Bytes for people: `812 B`, `4.1 KB`, `1.3 GB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`
  for (const [unit, size] of [
    ['KB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    if (bytes < size * 999.5) return `${(bytes / size).toFixed(bytes < size * 9.95 ? 1 : 0)} ${unit}`
  }
  return `${(bytes / 1e12).toFixed(1)} TB`
}

export const formatSeconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
export const formatCount = (count: number): string => count.toLocaleString('en')
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`
